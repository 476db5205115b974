#include "event/event_xml.h"

/* Where an element stands: the children of Event choose how what is below them is named. */
enum section { SECTION_NONE, SECTION_SYSTEM, SECTION_DATA, SECTION_USER, SECTION_RENDERED };

struct reader {
    struct field_list *list;
    struct slice rest;
    struct slice names[EVENT_XML_DEPTH];  /* open elements; names[0] is Event */
    unsigned depth;
    enum section section;
    struct slice data_name;               /* of the open Data */
    bool leaf;                            /* nothing stood yet in the element opened last */
    bool has_id;
};

/* --- text ------------------------------------------------------------------------------------- */

static size_t put_utf8(unsigned long code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    unsigned more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char first[] = { 0, 0xc0, 0xe0, 0xf0 };
    out[0] = (char)(first[more] | code >> (6 * more));
    for (unsigned i = 1; i <= more; i++)
        out[i] = (char)(0x80 | (code >> (6 * (more - i)) & 0x3f));
    return more + 1;
}

/* "#39", "#x27": the character, or 0 when it is none. */
static unsigned long numeric(struct slice name)
{
    unsigned base = name.len > 2 && (name.data[1] | 0x20) == 'x' ? 16 : 10;
    unsigned long code = 0;
    size_t i = base == 16 ? 2 : 1;
    if (name.len <= i || name.len > 9)
        return 0;
    for (; i < name.len; i++) {
        char c = name.data[i];
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
                         : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (unsigned)((c | 0x20) - 'a' + 10) : 99;
        if (digit >= base)
            return 0;
        code = code * base + digit;
    }
    return code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0 : code;
}

/* The character of an entity, written to out; 0 when it is unknown: it stays as it stands. */
static size_t entity(struct slice name, char *out)
{
    static const struct { const char *name; char c; } five[] = {
        { "lt", '<' }, { "gt", '>' }, { "amp", '&' }, { "quot", '"' }, { "apos", '\'' },
    };
    for (size_t i = 0; i < sizeof five / sizeof *five; i++)
        if (slice_is(name, five[i].name)) {
            *out = five[i].c;
            return 1;
        }
    unsigned long code = name.len && name.data[0] == '#' ? numeric(name) : 0;
    return code ? put_utf8(code, out) : 0;
}

static struct slice unescape(struct slice text, struct arena *arena)
{
    if (slice_find_byte(text, '&') == text.len)
        return text;
    char *out = arena_alloc(arena, text.len); /* no entity is shorter than what it stands for */
    size_t len = 0;
    for (size_t i = 0; out && i < text.len; i++) {
        struct slice name = slice_cut(text, i + 1, i + 12);
        size_t end = text.data[i] == '&' ? slice_find_byte(name, ';') : name.len, n = 0;
        if (end < name.len && (n = entity(slice_cut(name, 0, end), out + len))) {
            len += n;
            i += end + 1;
        } else {
            out[len++] = text.data[i];
        }
    }
    return out ? slice_from(out, len) : text;
}

/* --- names ------------------------------------------------------------------------------------ */

static enum section section_of(struct slice name)
{
    return slice_is(name, "System") ? SECTION_SYSTEM
           : slice_is(name, "EventData") ? SECTION_DATA
           : slice_is(name, "UserData") ? SECTION_USER
           : slice_is(name, "RenderingInfo") ? SECTION_RENDERED : SECTION_NONE;
}

static void add(struct reader *r, struct slice name, struct slice value)
{
    value = unescape(value, r->list->arena);
    field_add(r->list, name, value.data ? value : SLICE(""), EVENT_TEXT);
}

static void add_attribute(struct reader *r, struct slice element, struct slice name, struct slice value)
{
    if (r->section == SECTION_DATA && r->depth == 3 && slice_is(name, "Name"))
        r->data_name = unescape(value, r->list->arena);
    if (r->section != SECTION_SYSTEM || r->depth != 3 || slice_starts(name, SLICE("xmlns")))
        return;
    if (slice_is(element, "TimeCreated"))
        add(r, name, value);
    else
        add(r, arena_print(r->list->arena, "%.*s_%.*s", SLICE_ARGS(element), SLICE_ARGS(name)), value);
}

/* An element without children ends. */
static void add_leaf(struct reader *r, struct slice name, struct slice text, bool closed_at_once)
{
    switch (r->section) {
    case SECTION_SYSTEM:
        if (r->depth != 3 || closed_at_once)
            return;
        r->has_id |= slice_is(name, "EventID");
        add(r, name, text);
        return;
    case SECTION_DATA:
        if (r->depth == 3)
            add(r, r->data_name.len ? r->data_name : name, text);
        return;
    case SECTION_USER:
        if (r->depth > 3)
            add(r, name, text);
        return;
    case SECTION_RENDERED:
        if (r->depth == 3 && slice_is(name, "Message"))
            add(r, name, text);
        return;
    case SECTION_NONE: return;
    }
}

/* --- markup ----------------------------------------------------------------------------------- */

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct slice *s)
{
    while (s->len && blank(s->data[0]))
        *s = slice_after(*s, 1);
}

static struct slice take_name(struct slice *s)
{
    size_t n = 0;
    while (n < s->len && !blank(s->data[n]) && !strchr("/>=<'\"", s->data[n]))
        n++;
    struct slice name = slice_cut(*s, 0, n);
    *s = slice_after(*s, n);
    return name;
}

/* name="value" or name='value'; false when there is no such thing. */
static bool take_attribute(struct slice *s, struct slice *name, struct slice *value)
{
    *name = take_name(s);
    skip_blanks(s);
    if (!name->len || !s->len || s->data[0] != '=')
        return false;
    *s = slice_after(*s, 1);
    skip_blanks(s);
    if (!s->len || (s->data[0] != '"' && s->data[0] != '\''))
        return false;
    size_t end = slice_find_byte(slice_after(*s, 1), s->data[0]);
    if (end + 1 >= s->len)
        return false;
    *value = slice_cut(*s, 1, end + 1);
    *s = slice_after(*s, end + 2);
    return true;
}

/* Behind "<". *closed: it ended with "/>". */
static bool open_element(struct reader *r, bool *closed)
{
    struct slice name = take_name(&r->rest), attribute, value;
    if (!name.len || r->depth == EVENT_XML_DEPTH || (r->depth == 0 && !slice_is(name, "Event")))
        return false;
    r->names[r->depth++] = name;
    if (r->depth == 2)
        r->section = section_of(name);
    if (r->depth == 3)
        r->data_name = SLICE("");
    for (;;) {
        skip_blanks(&r->rest);
        if (!r->rest.len)
            return false;
        *closed = slice_starts(r->rest, SLICE("/>"));
        if (*closed || r->rest.data[0] == '>') {
            r->rest = slice_after(r->rest, *closed ? 2 : 1);
            return true;
        }
        if (!take_attribute(&r->rest, &attribute, &value))
            return false;
        add_attribute(r, name, attribute, value);
    }
}

/* Behind "</". */
static bool close_element(struct reader *r, struct slice text)
{
    struct slice name = take_name(&r->rest);
    skip_blanks(&r->rest);
    if (!r->rest.len || r->rest.data[0] != '>' || !slice_equal(name, r->names[r->depth - 1]))
        return false;
    r->rest = slice_after(r->rest, 1);
    if (r->leaf)
        add_leaf(r, name, text, false);
    r->depth--;
    r->leaf = false;
    return true;
}

/* "<?xml …?>" before the event. */
static void skip_declaration(struct slice *s)
{
    skip_blanks(s);
    if (!slice_starts(*s, SLICE("<?")))
        return;
    size_t end = slice_find(*s, SLICE("?>"));
    *s = slice_after(*s, end + 2 > s->len ? s->len : end + 2);
    skip_blanks(s);
}

static bool step(struct reader *r)
{
    size_t open = slice_find_byte(r->rest, '<');
    struct slice text = slice_cut(r->rest, 0, open);
    bool closed = false;
    if (open == r->rest.len)
        return false;
    r->rest = slice_after(r->rest, open + 1);
    if (r->rest.len && r->rest.data[0] == '/') {
        r->rest = slice_after(r->rest, 1);
        return close_element(r, text);
    }
    if (!open_element(r, &closed))
        return false;
    r->leaf = true;
    if (closed) {
        add_leaf(r, r->names[r->depth - 1], SLICE(""), true);
        r->depth--;
        r->leaf = false;
    }
    return true;
}

bool event_xml_parse(struct slice text, struct field_list *list)
{
    struct reader r = { .list = list, .rest = text, .data_name = SLICE("") };
    skip_declaration(&r.rest);
    if (!slice_starts(r.rest, SLICE("<Event")))
        return false;
    while (step(&r) && r.depth)
        ;
    return r.has_id;
}
