#include "event/audit.h"

bool audit_decoder(struct slice decoder)
{
    return slice_starts(decoder, SLICE("auditd"));
}

bool audit_key(const struct event *event, struct audit_key *out)
{
    if (!audit_decoder(event->decoder))
        return false;
    out->node = event_value(event, SLICE("node"));
    out->time = event_value(event, SLICE("audit_time"));
    out->serial = event_value(event, SLICE("audit_id"));
    return out->time.len && out->serial.len;
}

bool audit_key_equal(const struct audit_key *a, const struct audit_key *b)
{
    return slice_equal(a->serial, b->serial) && slice_equal(a->time, b->time) &&
           slice_equal(a->node, b->node);
}

struct slice audit_stamp(struct slice line)
{
    struct slice mark = SLICE("msg=audit("), head = slice_cut(line, 0, 1024);
    size_t at = slice_find(head, mark);
    if (at == head.len)
        return SLICE_NONE;
    struct slice rest = slice_after(head, at + mark.len);
    size_t end = slice_find_byte(rest, ')');
    return end < rest.len ? slice_cut(rest, 0, end) : SLICE_NONE;
}

bool audit_join(const struct event *const *records, uint32_t count, struct arena *arena,
                struct event *out)
{
    size_t fields = 0, bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        fields += records[i]->field_count;
        bytes += records[i]->raw.len + 1;
    }
    struct event_field *all = arena_array(arena, fields + 1, sizeof *all);
    char *raw = arena_alloc(arena, bytes + 1);
    if (!all || !raw || fields > UINT32_MAX)
        return false;
    *out = *records[0];
    out->fields = all;
    out->field_count = 0;
    out->raw = slice_from(raw, bytes ? bytes - 1 : 0);
    for (uint32_t i = 0; i < count; i++) {
        const struct event *r = records[i];
        if (r->field_count)
            memcpy(all + out->field_count, r->fields, r->field_count * sizeof *all);
        out->field_count += r->field_count;
        if (r->raw.len)
            memcpy(raw, r->raw.data, r->raw.len);
        raw += r->raw.len;
        *raw++ = '\n';
    }
    return true;
}
