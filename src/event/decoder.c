#include "event/decoder.h"

#include "base/clock.h"
#include "event/decoder_set.h"
#include "event/event_xml.h"
#include "event/json_event.h"
#include "event/stamp.h"
#include "event/syslog.h"
#include "event/text.h"

/* One record on its way from raw to fields. */
struct decoding {
    const struct decoders *set;
    struct event *event;
    struct arena *arena;
    int64_t zone;
    struct slice program, message;    /* what the envelope says */
    struct field_list fields;         /* header first, then the payload's */
    uint32_t own;                     /* where the payload's fields begin */
    unsigned depth;                   /* of records within records */
    struct w3c_header header;         /* in the arena; no fields: none is in force */
};

#define DEPTH_MOST 3u

static struct slice value_of(const struct decoding *x, struct slice name)
{
    for (uint32_t i = 0; i < x->fields.count; i++)
        if (slice_equal(x->fields.items[i].name, name))
            return x->fields.items[i].value;
    return SLICE_NONE;
}

static bool add(struct decoding *x, struct slice name, struct slice value)
{
    return field_add(&x->fields, name, value.data ? value : SLICE(""), EVENT_TEXT);
}

/* The same of a name that has an id. */
static bool add_known(struct decoding *x, struct slice name, uint32_t id, struct slice value)
{
    bool added = add(x, name, value);
    if (added)
        x->fields.items[x->fields.count - 1].id = id & INT32_MAX;
    return added;
}

/* --- after the fields are there --------------------------------------------------------------- */

/* "*drop*" asks whether the value holds "drop", in any case; other texts must be equal. */
static bool value_fits(struct slice value, struct slice asked)
{
    if (asked.len < 3 || !slice_starts(asked, SLICE("*")) || !slice_ends(asked, SLICE("*")))
        return slice_equal(value, asked);
    struct slice part = slice_cut(asked, 1, asked.len - 1);
    for (size_t at = 0; at + part.len <= value.len; at++)
        if (slice_equal_nocase(slice_cut(value, at, at + part.len), part))
            return true;
    return false;
}

static bool condition_holds(const struct decoding *x, const struct decoder_condition *c)
{
    struct slice value = value_of(x, c->field);

    if (!value.data)
        return false;
    for (uint32_t i = 0; i < c->value_count; i++)
        if (value_fits(value, c->values[i]))
            return true;
    return c->value_count == 0;
}

static bool conditions_hold(const struct decoding *x, const struct decoder_condition *conditions,
                            uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!condition_holds(x, &conditions[i]))
            return false;
    return true;
}

static void take_part(struct slice *part, struct slice value)
{
    if (value.len)
        *part = value;
}

static void apply_outcome(struct decoding *x, const struct decoder_outcome *outcome)
{
    for (uint32_t i = 0; i < outcome->set_count; i++)
        add_known(x, outcome->set[i].name, outcome->set[i].id, outcome->set[i].value);
    take_part(&x->event->logsource.product, outcome->logsource.product);
    take_part(&x->event->logsource.category, outcome->logsource.category);
    take_part(&x->event->logsource.service, outcome->logsource.service);
}

static void apply_hex(struct decoding *x, const struct decoder *d)
{
    if (d->hex.count == 0)
        return;
    for (uint32_t i = x->own; i < x->fields.count; i++) {
        struct event_field *field = &x->fields.items[i];
        if (!map_has(&d->hex, field->name))
            continue;
        /* auditd writes hexadecimal only without quotes */
        bool quoted = field->value.data > x->message.data && field->value.data[-1] == '"';
        struct slice text = quoted ? SLICE_NONE : hex_text(field->value, x->arena);
        if (text.data) {
            field->value = text;
            field->written = NULL;
        }
    }
}

static void apply_nested(struct decoding *x, const struct decoder *d)
{
    uint32_t count = x->fields.count;

    if (d->nested.count == 0)
        return;
    for (uint32_t i = x->own; i < count; i++)
        if (map_has(&d->nested, x->fields.items[i].name))
            keyvalue_parse(x->fields.items[i].value, &x->fields);
}

/* A new name of "" drops the field. */
static bool new_name(struct decoding *x, const struct decoder *d, struct slice *name)
{
    bool may = d->rename_lengths >> (name->len < 63 ? name->len : 63) & 1;
    const struct slice *exact = may ? map_get(&d->renames, *name) : NULL;

    if (exact) {
        *name = *exact;
        return true;
    }
    for (uint32_t i = 0; i < d->prefix_count; i++)
        if (slice_starts(*name, d->prefixes[i].from)) {
            struct slice rest = slice_after(*name, d->prefixes[i].from.len);
            if (!d->prefixes[i].to.data)
                return false;
            *name = d->prefixes[i].to.len == 0
                        ? rest
                        : arena_print(x->arena, "%.*s%.*s", SLICE_ARGS(d->prefixes[i].to),
                                      SLICE_ARGS(rest));
            return name->data != NULL;
        }
    return true;
}

static void apply_renames(struct decoding *x, const struct decoder *d)
{
    uint32_t kept = x->own;

    if (d->renames.count == 0 && d->prefix_count == 0)
        return;
    for (uint32_t i = x->own; i < x->fields.count; i++) {
        struct event_field field = x->fields.items[i];
        struct slice old = field.name;
        if (!new_name(x, d, &field.name) || field.name.len == 0)
            continue;
        if (old.data != field.name.data)
            field.id = 0; /* it stands for the old name */
        /* host.name → host takes the place of the object host */
        uint32_t place = old.data == field.name.data ? kept : x->own;
        while (place < kept && (x->fields.items[place].kind != EVENT_OBJECT ||
                                !slice_equal(x->fields.items[place].name, field.name)))
            place++;
        x->fields.items[place] = field;
        kept += place == kept;
    }
    x->fields.count = kept;
}

/* "/a/b.tar.gz" → "gz"; of a URL its path's. None: a host alone, a path without a dot. */
static struct slice extension_of(struct slice path)
{
    size_t scheme = slice_find(path, SLICE("://"));
    if (scheme < path.len)
        path = slice_after(path, scheme + 3);
    path = slice_after(path, slice_find_byte(path, '/'));
    path = slice_cut(path, 0, slice_find_byte(path, '?'));
    for (size_t at = path.len; at > 0 && path.data[at - 1] != '/'; at--)
        if (path.data[at - 1] == '.')
            return slice_after(path, at);
    return SLICE_NONE;
}

/* "http://lan@bad.example:8080/a" → "bad.example"; "bad.example:443", of a CONNECT, too. None: a path. */
static struct slice host_of(struct slice url)
{
    size_t scheme = slice_find(url, SLICE("://")), end = 0;
    url = scheme < url.len ? slice_after(url, scheme + 3) : url;
    while (end < url.len && !strchr("/?#", url.data[end]))
        end++;
    url = slice_cut(url, 0, end);
    size_t at = slice_find_byte(url, '@');
    url = at < url.len ? slice_after(url, at + 1) : url;
    if (url.len && url.data[0] == '[')
        return slice_cut(url, 1, slice_find_byte(url, ']'));
    return slice_cut(url, 0, slice_find_byte(url, ':'));
}

/* What `part` finds in a field, under another name, where nothing has that name yet. */
static void apply_parts(struct decoding *x, const struct decoder_rename *rows, uint32_t count,
                        struct slice (*part)(struct slice))
{
    for (uint32_t i = 0; i < count; i++) {
        struct slice found = part(value_of(x, rows[i].from));
        if (found.len && !value_of(x, rows[i].to).data)
            add(x, rows[i].to, found);
    }
}

static void apply_splits(struct decoding *x, const struct decoder *d)
{
    for (uint32_t i = 0; i < d->split_count; i++) {
        const struct decoder_split *s = &d->splits[i];
        struct slice value = value_of(x, s->field);
        if (!value.data)
            continue;
        size_t at = slice_find(value, s->at);
        add(x, s->before, slice_cut(value, 0, at));
        add(x, s->after, slice_after(value, at + s->at.len));
    }
    for (uint32_t i = 0; i < d->join_count; i++) {
        const struct decoder_split *s = &d->joins[i];
        struct slice before = value_of(x, s->before), after = value_of(x, s->after);
        if (!before.data || value_of(x, s->field).data)
            continue;
        add(x, s->field, after.len ? arena_print(x->arena, "%.*s%.*s%.*s", SLICE_ARGS(before),
                                                 SLICE_ARGS(s->at), SLICE_ARGS(after))
                                   : before);
    }
    for (uint32_t i = 0; i < d->copy_count; i++) {
        struct slice value = value_of(x, d->copies[i].from);
        if (value.data)
            add(x, d->copies[i].to, value);
    }
}

static void apply_time(struct decoding *x, const struct decoder *d)
{
    struct stamp stamp;

    for (uint32_t i = 0; i < d->time_count; i++) {
        const struct decoder_time *t = &d->times[i];
        struct slice text = value_of(x, t->fields[0]);
        for (uint32_t f = 1; text.data && f < t->field_count; f++)
            text = arena_print(x->arena, "%.*s %.*s", SLICE_ARGS(text),
                               SLICE_ARGS(value_of(x, t->fields[f])));
        if (text.len && stamp_parse(slice_trim(text), t->format, x->event->received,
                                    t->has_zone ? t->zone : x->zone, &stamp)) {
            x->event->time = stamp.time;
            x->event->flags &= ~(uint32_t)EVENT_TIME_GUESSED;
            x->event->flags |= stamp.guessed ? EVENT_TIME_GUESSED : 0;
            return;
        }
    }
}

static bool decode_payload(struct decoding *x);

/* A record within a record: with its program told by the outer one, or a whole syslog line. */
static void open_payload(struct decoding *x, const struct decoder *d)
{
    struct slice message = value_of(x, d->payload_message);
    struct syslog_header h;

    if (message.len == 0 || x->depth == DEPTH_MOST)
        return;
    x->depth++;
    x->program = value_of(x, d->payload_program);
    x->message = message;
    if (x->program.len == 0 && syslog_parse(message, x->event->received, x->zone, &h)) {
        x->program = h.program;
        x->message = slice_trim(h.message);
        if (h.host.len && !value_of(x, SLICE("host")).data)
            add(x, SLICE("host"), h.host);
        if (h.program.len)
            add(x, SLICE("program"), h.program);
        if (h.pid.len)
            add(x, SLICE("pid"), h.pid);
    }
    decode_payload(x);
}

/* Everything that stands in the decoder besides how the bytes are taken apart. */
static void finish(struct decoding *x, const struct decoder *d, const struct decoder_outcome *more)
{
    x->event->decoder = d->name;
    apply_nested(x, d);
    if (d->inserts.field.len)
        inserts_apply(&d->inserts, &x->fields, x->own);
    apply_hex(x, d);
    apply_time(x, d);     /* before the renames: they may drop what only the time needs */
    apply_splits(x, d);
    apply_parts(x, d->extensions, d->extension_count, extension_of);
    apply_parts(x, d->hosts, d->host_count, host_of);
    apply_renames(x, d);
    apply_outcome(x, &d->outcome);
    if (more)
        apply_outcome(x, more);
    for (uint32_t i = 0; i < d->case_count; i++)
        if (conditions_hold(x, d->cases[i].conditions, d->cases[i].condition_count)) {
            apply_outcome(x, &d->cases[i].outcome);
            break;
        }
    if (d->payload_message.len)
        open_payload(x, d);
}

/* --- kinds ------------------------------------------------------------------------------------ */

static bool try_patterns(struct decoding *x, const struct decoder *d)
{
    struct slice values[PATTERN_PARTS];

    for (uint32_t i = 0; i < d->pattern_count; i++) {
        const struct pattern *p = &d->patterns[i].pattern;
        if (!pattern_match(p, x->message, values))
            continue;
        for (uint32_t v = 0; v < p->count; v++) {
            if (p->parts[v].kind == PATTERN_PAIRS)
                keyvalue_parse(values[v], &x->fields);
            else if (p->parts[v].kind != PATTERN_LITERAL && p->parts[v].text.len)
                add_known(x, p->parts[v].text, p->parts[v].id, values[v]);
        }
        finish(x, d, &d->patterns[i].outcome);
        return true;
    }
    return false;
}

static bool read_by_header(struct decoding *x, const struct decoder *d)
{
    if (w3c_parse(&x->header, x->message, &x->fields)) {
        finish(x, d, NULL);
        return true;
    }
    x->fields.count = x->own;
    return false;
}

/* Takes the message apart; a decoder that does not fit leaves no trace. JSON is handled apart,
 * since its fields choose the decoder. */
static bool try_decoder(struct decoding *x, const struct decoder *d)
{
    bool read = false;

    switch (d->kind) {
    case DECODER_PATTERN: return try_patterns(x, d);
    case DECODER_KEYVALUE: read = keyvalue_parse(x->message, &x->fields) >= 2; break;
    case DECODER_CEF: read = cef_parse(x->message, &x->fields); break;
    case DECODER_LEEF: read = leef_parse(x->message, &x->fields); break;
    case DECODER_EVENT_XML: read = event_xml_parse(x->message, &x->fields); break;
    case DECODER_W3C:
        read = w3c_directive(x->message, &x->fields);
        if (!read) /* without a header: the sets that are written by default */
            return try_patterns(x, d);
        break;
    case DECODER_JSON: case DECODER_SYSLOG: return false;
    }
    if (read && conditions_hold(x, d->conditions, d->condition_count)) {
        finish(x, d, NULL);
        return true;
    }
    x->fields.count = x->own;
    return false;
}

/* first: a JSON decoder that goes before all others, or NULL. */
static bool try_json(struct decoding *x, const struct decoder *first)
{
    struct slice text = slice_trim(x->message);
    struct event_field *fields;
    uint32_t count;

    if (text.len < 2 || text.data[0] != '{' || text.data[text.len - 1] != '}' ||
        x->set->json.count == 0 || !json_event_decode(text, x->arena, &fields, &count, NULL))
        return false;
    if (x->fields.count == 0) {
        x->fields.items = fields;
        x->fields.count = x->fields.capacity = count;
    } else {
        for (uint32_t i = 0; i < count; i++)
            field_add(&x->fields, fields[i].name, fields[i].value, fields[i].kind);
    }
    if (first && conditions_hold(x, first->conditions, first->condition_count)) {
        finish(x, first, NULL);
        return true;
    }
    for (uint32_t i = 0; i < x->set->json.count; i++) {
        const struct decoder *d = x->set->json.items[i];
        if (conditions_hold(x, d->conditions, d->condition_count)) {
            finish(x, d, NULL);
            return true;
        }
    }
    x->fields.count = x->own;
    return false;
}

/* --- choosing --------------------------------------------------------------------------------- */

static bool try_list(struct decoding *x, const struct decoder_list *list)
{
    for (uint32_t i = 0; list && i < list->count; i++)
        if (try_decoder(x, list->items[i]))
            return true;
    return false;
}

/* `own`: the source's decoder, or NULL. Else the first whose names the header has. */
static bool try_header(struct decoding *x, const struct decoder *own)
{
    const struct decoder_list *list = &x->set->headers;
    if (!x->header.fields.len || (own && own->kind != DECODER_W3C))
        return false;
    if (own && read_by_header(x, own))
        return true;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct decoder *d = list->items[i];
        uint32_t n = 0;
        while (n < d->header_count && w3c_names(&x->header, d->header[n]))
            n++;
        if (n == d->header_count && !d->asked && read_by_header(x, d))
            return true;
    }
    return false;
}

/* "sshd(pam_unix)" is asked as sshd; "postfix/smtpd" as itself, postfix/ and smtpd. */
static bool try_program(struct decoding *x)
{
    struct slice program = slice_cut(x->program, 0, slice_find_byte(x->program, '('));
    size_t slash = slice_find_byte(program, '/');

    if (program.len == 0)
        return false;
    if (try_list(x, map_get(&x->set->programs, program)))
        return true;
    if (slash == program.len)
        return false;
    if (try_list(x, map_get(&x->set->programs, slice_cut(program, 0, slash + 1))))
        return true;
    while (slash < program.len) {
        program = slice_after(program, slash + 1);
        slash = slice_find_byte(program, '/');
    }
    return try_list(x, map_get(&x->set->programs, program));
}

static bool try_starts(struct decoding *x)
{
    if (x->message.len == 0)
        return false;
    unsigned char byte = (unsigned char)x->message.data[0];
    for (uint32_t i = x->set->start_at[byte]; i < x->set->start_at[byte + 1]; i++)
        if (slice_starts(x->message, x->set->starts[i].text) &&
            try_decoder(x, x->set->starts[i].decoder))
            return true;
    return false;
}

static bool decode_payload(struct decoding *x)
{
    x->own = x->fields.count;
    return try_program(x) || try_json(x, NULL) || try_starts(x) ||
           (x->program.len == 0 && try_list(x, &x->set->lines));
}

/* --- the envelope ----------------------------------------------------------------------------- */

static struct slice without_escapes(struct slice value, struct arena *arena)
{
    if (slice_find_byte(value, '\\') == value.len)
        return value;
    char *out = arena_alloc(arena, value.len);
    size_t len = 0;
    if (!out)
        return value;
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] == '\\' && i + 1 < value.len && strchr("\"\\]", value.data[i + 1]))
            i++;
        out[len++] = value.data[i];
    }
    return slice_from(out, len);
}

static void add_said(struct decoding *x, enum envelope_name which, struct slice value)
{
    add_known(x, slice_of(decoder_envelope[which]), x->set->envelope[which], value);
}

static void add_header(struct decoding *x, const struct syslog_header *h)
{
    struct slice rest = h->data, id = SLICE(""), name, value;

    if (h->host.len)
        add_said(x, ENVELOPE_HOST, h->host);
    if (h->program.len)
        add_said(x, ENVELOPE_PROGRAM, h->program);
    if (h->pid.len)
        add_said(x, ENVELOPE_PID, h->pid);
    if (h->priority >= 0) {
        add_said(x, ENVELOPE_FACILITY, syslog_facility(h->priority));
        add_said(x, ENVELOPE_SEVERITY, syslog_severity(h->priority));
    }
    if (h->message_id.len)
        add_said(x, ENVELOPE_MSGID, h->message_id);
    while (syslog_parameter(&rest, &id, &name, &value))
        add(x, arena_print(x->arena, "%.*s.%.*s", SLICE_ARGS(id), SLICE_ARGS(name)),
            without_escapes(value, x->arena));
    add_said(x, ENVELOPE_MESSAGE, h->message);
}

static bool decode_envelope(struct decoding *x, struct slice text, const struct decoder_hint *hint)
{
    struct syslog_header header;
    bool syslog = text.len && text.data[0] != '{' &&
                  syslog_parse(text, x->event->received, x->zone, &header);

    x->message = text;
    if (syslog) {
        add_header(x, &header);
        x->program = header.program;
        x->message = slice_trim(header.message); /* sudo aligns its user with blanks */
        if (header.has_time) {
            x->event->time = header.time;
            x->event->flags &= ~(uint32_t)EVENT_TIME_GUESSED;
            x->event->flags |= header.time_guessed ? EVENT_TIME_GUESSED : 0;
        }
    } else if (hint && hint->syslog) {
        add_said(x, ENVELOPE_MESSAGE, text);
    }
    return syslog;
}

static void settle(struct decoding *x, bool decoded, bool syslog)
{
    struct event *event = x->event;

    if (!decoded && syslog && x->set->syslog) {
        x->own = x->fields.count;
        finish(x, x->set->syslog, NULL);
        decoded = true;
    }
    event->fields = x->fields.items;
    event->field_count = x->fields.count;
    if (decoded && !x->arena->exhausted)
        return;
    event->flags |= EVENT_UNDECODED;
    event->decoder = SLICE("");
    if (x->arena->exhausted) { /* half a record would be worse than none */
        event->fields = NULL;
        event->field_count = 0;
    }
}

/* The fields will name its bytes. */
static void take_header(struct decoding *x, const struct w3c_header *header)
{
    if (!header || !header->fields.len)
        return;
    x->header.date = event_text(arena_copy(x->arena, header->date), x->arena);
    x->header.fields = event_text(arena_copy(x->arena, header->fields), x->arena);
}

void decoder_decode(const struct decoders *decoders, struct event *event, struct arena *arena,
                    const struct decoder_hint *hint)
{
    struct decoding x = {
        .set = decoders, .event = event, .arena = arena, .fields.arena = arena,
        .zone = hint ? hint->zone : CLOCK_ZONE, .program = SLICE(""),
    };
    struct slice text = event_text(event->raw, arena);

    event->time = event->received;
    event->flags |= EVENT_TIME_GUESSED;
    event->logsource = (struct event_logsource){ SLICE(""), SLICE(""), SLICE("") };
    event->decoder = SLICE("");
    while (text.len && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
        text.len--;

    const struct decoder *first =
        hint && hint->decoder.len ? map_get(&decoders->names, hint->decoder) : NULL;
    take_header(&x, hint ? hint->header : NULL);
    x.message = text;
    if (try_header(&x, first)) { /* before the envelope: a date may look like one */
        settle(&x, true, false);
        return;
    }
    bool syslog = decode_envelope(&x, text, hint);
    x.own = x.fields.count;
    bool decoded = first && (first->kind == DECODER_JSON ? try_json(&x, first)
                                                         : try_decoder(&x, first));
    decoded = decoded || decode_payload(&x);
    settle(&x, decoded, syslog);
}
