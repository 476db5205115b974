#include "event/relayed.h"

#define MAGIC "HDR1"
#define FLAG_CUT 1u
#define FLAG_SYSLOG 2u
#define FLAG_FIELDS 4u
#define FLAG_DATE 8u

void relayed_begin(struct buffer *out)
{
    buffer_add(out, SLICE(MAGIC));
}

static unsigned flags_of(const struct relayed *record, const struct w3c_header *before)
{
    return (record->cut ? FLAG_CUT : 0) | (record->syslog ? FLAG_SYSLOG : 0) |
           (slice_equal(record->header.fields, before->fields) ? 0 : FLAG_FIELDS) |
           (slice_equal(record->header.date, before->date) ? 0 : FLAG_DATE);
}

void relayed_put(struct buffer *out, const struct relayed *record, const struct relayed *before)
{
    static const struct w3c_header none;
    unsigned flags = flags_of(record, before ? &before->header : &none);

    buffer_add_slice(out, record->source);
    buffer_add_slice(out, record->sender);
    buffer_add_slice(out, record->decoder);
    buffer_add_u8(out, (uint8_t)flags);
    buffer_add_u64(out, (uint64_t)record->heard);
    if (flags & FLAG_FIELDS)
        buffer_add_slice(out, record->header.fields);
    if (flags & FLAG_DATE)
        buffer_add_slice(out, record->header.date);
    buffer_add_slice(out, record->raw);
}

/* A source of 0x31524448 bytes cannot be: so a magic between records is told from a length. */
static bool skip_magic(struct cursor *c)
{
    if (cursor_left(c) < sizeof MAGIC - 1 ||
        memcmp(c->bytes.data + c->at, MAGIC, sizeof MAGIC - 1) != 0)
        return false;
    c->at += sizeof MAGIC - 1;
    return true;
}

bool relayed_next(struct cursor *c, struct relayed *out)
{
    *out = (struct relayed){ .header = c->at ? out->header : (struct w3c_header){ .heard = false } };
    if (c->at == 0 && !skip_magic(c))
        c->failed = true;
    while (skip_magic(c))
        out->header = (struct w3c_header){ .heard = false };
    if (cursor_left(c) == 0)
        return false;
    out->source = cursor_slice(c);
    out->sender = cursor_slice(c);
    out->decoder = cursor_slice(c);
    uint8_t flags = cursor_u8(c);
    out->heard = (int64_t)cursor_u64(c);
    if (flags & FLAG_FIELDS)
        out->header.fields = cursor_slice(c);
    if (flags & FLAG_DATE)
        out->header.date = cursor_slice(c);
    out->raw = cursor_slice(c);
    out->cut = flags & FLAG_CUT;
    out->syslog = flags & FLAG_SYSLOG;
    return !c->failed;
}

bool relayed_check(struct slice bytes, uint32_t *count_out)
{
    struct cursor c = cursor_over(bytes);
    struct relayed record;

    *count_out = 0;
    while (relayed_next(&c, &record))
        if (++*count_out > RELAYED_RECORDS_MOST)
            return false;
    return !c.failed;
}
