/* Records of Linux auditd, joined to events. */
#include "decoders.h"
#include "event/audit.h"

static struct event record(const char *raw, struct arena *arena)
{
    struct event event = { .raw = slice_of(raw), .received = 1 };
    decoder_decode(own_decoders(), &event, arena, NULL);
    return event;
}

#define RECORD(type) "type=" type " msg=audit(1795480262.123:456): "
static const char *const syscall_record =
    RECORD("SYSCALL") "arch=c000003e syscall=59 success=yes a0=55d0 pid=2 auid=1000 uid=0 comm=\"sh\" "
    "exe=\"/usr/bin/dash\" key=\"shadow\"";
static const char *const execve_record = RECORD("EXECVE") "argc=2 a0=\"cat\" a1=\"/etc/shadow\"";
static const char *const other_record = "type=CWD msg=audit(1795480262.123:457): cwd=\"/root\"";

TEST("records share an event by time, serial and machine")
{
    ARENA_AUTO arena;
    struct audit_key a, b, c, d;
    arena_init(&arena, 0);
    struct event first = record(syscall_record, &arena), second = record(execve_record, &arena);
    struct event third = record(other_record, &arena);
    struct event far = record("node=db1 type=CWD msg=audit(1795480262.123:456): cwd=\"/\"", &arena);
    CHECK(audit_key(&first, &a) && audit_key(&second, &b) && audit_key(&third, &c));
    CHECK(audit_key(&far, &d));
    CHECK(audit_key_equal(&a, &b));
    CHECK(!audit_key_equal(&a, &c));
    CHECK(!audit_key_equal(&a, &d));
}

TEST("a line that auditd did not write has no key and no stamp")
{
    ARENA_AUTO arena;
    struct audit_key key;
    arena_init(&arena, 0);
    struct event event = record("Nov 24 07:31:02 srv sshd[1]: Accepted password for an", &arena);
    CHECK(!audit_key(&event, &key));
    CHECK(!audit_stamp(event.raw).len);
    CHECK(!audit_stamp(SLICE("msg=audit(17954")).len);
    CHECK_SLICE(audit_stamp(slice_of(other_record)), "1795480262.123:457");
}

TEST("a joined event has every record's fields, in their order, and all raw lines")
{
    ARENA_AUTO arena;
    struct event joined;
    arena_init(&arena, 0);
    struct event first = record(syscall_record, &arena), second = record(execve_record, &arena);
    const struct event *records[] = { &first, &second };
    CHECK(audit_join(records, 2, &arena, &joined));
    CHECK_INT(joined.field_count, first.field_count + second.field_count);
    CHECK_INT(joined.time, first.time);
    CHECK_SLICE(event_value(&joined, SLICE("key")), "shadow");
    CHECK_SLICE(event_value(&joined, SLICE("a1")), "/etc/shadow");
    CHECK_INT(joined.raw.len, first.raw.len + 1 + second.raw.len);
    unsigned types = 0;
    for (uint32_t i = 0; i < joined.field_count; i++)
        types += slice_is(joined.fields[i].name, "type");
    CHECK_INT(types, 2);
}
