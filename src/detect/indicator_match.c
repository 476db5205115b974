#include "detect/indicator_match.h"

#include <stdlib.h>

#include "base/json.h"
#include "detect/indicator_fields.h"
#include "event/json_event.h"

#define NAMES_MOST 65536u    /* remembered; names beyond are looked up each time */
#define KNOWN 4096u          /* by the id's last bits */
#define TEXT_MOST 65536u     /* of one value that is looked through */
#define SHOWN 300u

/* A field's name by the number that the JSON reader gave it. */
struct known_name { uint32_t id; unsigned roles; };

struct indicator_matcher {
    const struct indicator_fields *fields;
    const struct indicator_table *table;
    unsigned types;
    uint8_t lengths[129], allow_lengths[129]; /* prefix lengths there are, longest first */
    unsigned length_count, allow_count;
    struct arena arena;
    struct arena settled;            /* lazy values of the event at hand */
    struct map names;
    struct known_name known[KNOWN];
    struct indicator_found found[INDICATOR_FOUND_MOST];
    uint32_t found_count, field;
    bool loose;
};

static unsigned spread(const uint64_t *bits, uint8_t *out)
{
    unsigned count = 0;
    for (int i = 128; i >= 0; i--)
        if (bits[i / 64] >> (i % 64) & 1)
            out[count++] = (uint8_t)i;
    return count;
}

struct indicator_matcher *indicator_matcher_new(const struct indicator_fields *fields,
                                                const struct indicator_table *table)
{
    struct indicator_matcher *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->fields = fields;
    m->table = table;
    arena_init(&m->settled, ARENA_NO_CEILING);
    arena_init(&m->arena, 64u << 20);
    if (table && indicator_table_count(table)) {
        m->types = indicator_table_types(table);
        m->length_count = spread(indicator_table_lengths(table, false), m->lengths);
        m->allow_count = spread(indicator_table_lengths(table, true), m->allow_lengths);
    }
    return m;
}

void indicator_matcher_free(struct indicator_matcher **matcher)
{
    struct indicator_matcher *m = *matcher;
    *matcher = NULL;
    if (!m)
        return;
    map_free(&m->names);
    arena_free(&m->arena);
    arena_free(&m->settled);
    free(m);
}

/* ---- finding ------------------------------------------------------------------------------------- */

static bool has(const struct indicator_matcher *m, enum indicator_type type)
{
    return (m->types >> type & 1) != 0;
}

static void keep(struct indicator_matcher *m, uint32_t entry, uint32_t count, struct slice piece)
{
    struct indicator_found found = { entry, count, m->field, piece, m->loose };
    for (uint32_t i = 0; i < m->found_count; i++)
        if (m->found[i].entry == entry) {
            if (m->found[i].loose && !m->loose) /* the field of its own says more */
                m->found[i] = found;
            return;
        }
    if (m->found_count < INDICATOR_FOUND_MOST)
        m->found[m->found_count++] = found;
}

static bool is_allowed(const struct indicator_matcher *m, uint32_t entry)
{
    return indicator_table_row(m->table, entry).allow;
}

/* An allowed domain whose sub-domains are all trusted, whatever is known of them. */
static bool is_trusted(const struct indicator_matcher *m, uint32_t entry)
{
    struct indicator_row row = indicator_table_row(m->table, entry);
    return row.allow && row.confidence == INDICATOR_TRUSTED;
}

/* A value that is looked for as it is; allowed ones raise nothing. */
static void find_value(struct indicator_matcher *m, enum indicator_type type, uint64_t hash,
                       struct slice key, struct slice piece)
{
    uint32_t count, entry = indicator_table_find(m->table, type, hash, key, &count);
    if (entry != INDICATOR_NONE && !is_allowed(m, entry))
        keep(m, entry, count, piece);
}

/* The network of that many bits around the address. */
static uint32_t find_network(const struct indicator_matcher *m, const uint8_t *address,
                             unsigned bits, uint32_t *count_out)
{
    char key[17] = { (char)bits };
    memcpy(key + 1, address, bits / 8);
    if (bits % 8)
        key[1 + bits / 8] = (char)(address[bits / 8] & 0xff00u >> bits % 8);
    struct slice all = slice_from(key, sizeof key);
    return indicator_table_find(m->table, INDICATOR_TYPE_NETWORK,
                                indicator_hash(INDICATOR_TYPE_NETWORK, all), all, count_out);
}

static bool address_allowed(const struct indicator_matcher *m, const struct network_address *address)
{
    struct slice key = slice_from(address->bytes, 16);
    uint32_t count, entry = indicator_table_find(m->table, INDICATOR_TYPE_ADDRESS,
                                                 indicator_hash(INDICATOR_TYPE_ADDRESS, key), key,
                                                 &count);
    bool allowed = entry != INDICATOR_NONE && is_allowed(m, entry);
    for (unsigned i = 0; !allowed && i < m->allow_count; i++) {
        entry = find_network(m, address->bytes, m->allow_lengths[i], &count);
        allowed = entry != INDICATOR_NONE && is_allowed(m, entry);
    }
    return allowed;
}

static void find_address(struct indicator_matcher *m, const struct network_address *address,
                         struct slice piece)
{
    struct slice key = slice_from(address->bytes, 16);
    uint32_t count, entry = INDICATOR_NONE;
    if (has(m, INDICATOR_TYPE_ADDRESS))
        entry = indicator_table_find(m->table, INDICATOR_TYPE_ADDRESS,
                                     indicator_hash(INDICATOR_TYPE_ADDRESS, key), key, &count);
    for (unsigned i = 0; entry == INDICATOR_NONE && i < m->length_count; i++)
        entry = find_network(m, address->bytes, m->lengths[i], &count);
    if (entry != INDICATOR_NONE && !address_allowed(m, address))
        keep(m, entry, count, piece);
}

/* ---- values -------------------------------------------------------------------------------------- */

/* Dotted quad alone; the many others go to the library. */
static bool parse_v4(struct slice text, struct network_address *out)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    unsigned part = 0, digits = 0, value = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned c = (unsigned char)text.data[i] - (unsigned)'0';
        if (c <= 9) {
            value = value * 10 + c;
            if (++digits > 3 || value > 255)
                return false;
        } else if (text.data[i] == '.' && digits && part < 3) {
            out->bytes[12 + part++] = (uint8_t)value;
            digits = value = 0;
        } else {
            return false;
        }
    }
    if (part != 3 || !digits)
        return false;
    out->bytes[15] = (uint8_t)value;
    memcpy(out->bytes, mapped, sizeof mapped);
    return true;
}

/* "192.0.2.1", "192.0.2.1:443", "2001:db8::1", "[2001:db8::1]:443". */
static bool parse_address(struct slice text, struct network_address *out)
{
    if (text.len < 2 || text.len > 64)
        return false;
    size_t colon = slice_find_byte(text, ':');
    if (text.data[0] == '[')
        return network_address_parse(slice_cut(text, 1, slice_find_byte(text, ']')), out);
    if (parse_v4(slice_cut(text, 0, colon), out))
        return true;
    return colon < text.len && network_address_parse(text, out);
}

static void try_address(struct indicator_matcher *m, struct slice text)
{
    struct network_address address;
    if (parse_address(text, &address))
        find_address(m, &address, text);
}

struct host_walk {
    uint32_t best, count;
    bool trusted;
};

static void ask_domain(const struct indicator_matcher *m, uint64_t hash, struct slice domain,
                       struct host_walk *walk)
{
    uint32_t count, entry = indicator_table_find(m->table, INDICATOR_TYPE_DOMAIN,
                                                 indicator_hash_end(hash, INDICATOR_TYPE_DOMAIN),
                                                 domain, &count);
    if (entry == INDICATOR_NONE)
        return;
    walk->best = entry;
    walk->count = count;
    walk->trusted = walk->trusted || is_trusted(m, entry);
}

/* The name and the domains above it, in one pass from its end; the longest that is known stays. */
static void try_host(struct indicator_matcher *m, struct slice text)
{
    char low[256], *end = low + sizeof low, *at = end;
    struct host_walk walk = { .best = INDICATOR_NONE };
    uint64_t hash = 0;
    unsigned labels = 0;
    if (text.len && text.data[text.len - 1] == '.')
        text.len--;
    if (text.len < 3 || text.len > 253)
        return;
    for (size_t i = text.len; i--;) {
        char c = text.data[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        if (c == '.' && labels++ > 0)
            ask_domain(m, hash, slice_from(at, (size_t)(end - at)), &walk);
        *--at = c;
        hash = indicator_hash_step(hash, (unsigned char)c);
    }
    if (labels)
        ask_domain(m, hash, slice_from(at, text.len), &walk);
    if (walk.best != INDICATOR_NONE && !walk.trusted && !is_allowed(m, walk.best))
        keep(m, walk.best, walk.count, text);
}

static void try_host_or_address(struct indicator_matcher *m, struct slice text)
{
    struct network_address address;
    if (text.len && parse_address(text, &address))
        find_address(m, &address, text);
    else if (has(m, INDICATOR_TYPE_DOMAIN))
        try_host(m, text);
}

static void try_url(struct indicator_matcher *m, struct slice text)
{
    char value[INDICATOR_VALUE_MOST];
    struct slice host;
    size_t len;
    if (!indicator_url(text, value, &len, &host))
        return;
    struct slice key = slice_from(value, len);
    if (has(m, INDICATOR_TYPE_URL))
        find_value(m, INDICATOR_TYPE_URL, indicator_hash(INDICATOR_TYPE_URL, key), key, text);
    uint32_t before = m->found_count;
    try_host_or_address(m, host);
    for (uint32_t i = before; i < m->found_count; i++)
        m->found[i].piece = text; /* the host stood in a copy */
}

static void try_digest(struct indicator_matcher *m, struct slice hex)
{
    uint8_t digest[32];
    enum indicator_type type;
    if (!indicator_digest(hex, digest, &type) || !has(m, type))
        return;
    struct slice key = slice_from(digest, hex.len / 2);
    find_value(m, type, indicator_hash(type, key), key, hex);
}

/* Sysmon's "SHA1=…,MD5=…,SHA256=…,IMPHASH=…", or a digest alone. */
static void try_hashes(struct indicator_matcher *m, struct slice text)
{
    struct slice rest = text, part;
    if (slice_find_byte(text, '=') == text.len) {
        try_digest(m, slice_trim(text));
        return;
    }
    while (slice_split(&rest, ',', &part)) {
        size_t equal = slice_find_byte(part, '=');
        struct slice name = slice_trim(slice_cut(part, 0, equal));
        if (slice_equal_nocase(name, SLICE("MD5")) || slice_equal_nocase(name, SLICE("SHA1")) ||
            slice_equal_nocase(name, SLICE("SHA256")))
            try_digest(m, slice_trim(slice_after(part, equal + 1)));
    }
}

static void try_email(struct indicator_matcher *m, struct slice text)
{
    char low[320];
    size_t at = slice_find_byte(text, '@');
    if (at == text.len || text.len > sizeof low)
        return;
    for (size_t i = 0; i < text.len; i++)
        low[i] = text.data[i] >= 'A' && text.data[i] <= 'Z' ? (char)(text.data[i] + 32)
                                                             : text.data[i];
    struct slice key = slice_from(low, text.len);
    if (has(m, INDICATOR_TYPE_EMAIL))
        find_value(m, INDICATOR_TYPE_EMAIL, indicator_hash(INDICATOR_TYPE_EMAIL, key), key, text);
    if (has(m, INDICATOR_TYPE_DOMAIN))
        try_host(m, slice_after(text, at + 1));
}

/* ---- text ---------------------------------------------------------------------------------------- */

enum { WORD = 1, DOT = 2, AT = 4, URL_END = 8 };

/* What may stand in host names, addresses, digests; and what ends a URL in running text. */
static const uint8_t classes[256] = {
    ['0' ... '9'] = WORD, ['a' ... 'z'] = WORD, ['A' ... 'Z'] = WORD, ['-'] = WORD, ['_'] = WORD,
    ['+'] = WORD, ['%'] = WORD, [0x80 ... 0xff] = WORD, ['.'] = WORD | DOT, ['@'] = WORD | AT,
    [0 ... ' '] = URL_END, ['"'] = URL_END, ['\''] = URL_END, ['<'] = URL_END, ['>'] = URL_END,
    ['|'] = URL_END, ['`'] = URL_END, ['^'] = URL_END, ['{'] = URL_END, ['}'] = URL_END,
    ['\\'] = URL_END, [')'] = URL_END, [']'] = URL_END, [','] = URL_END, [';'] = URL_END,
};

static bool in_word(char c)
{
    return c != '.' && c != '-' && c != '%' && c != '+';
}

static void try_word(struct indicator_matcher *m, struct slice word, unsigned seen)
{
    while (word.len && !in_word(word.data[0]))
        word = slice_after(word, 1);
    while (word.len && !in_word(word.data[word.len - 1]))
        word.len--;
    if (seen & AT)
        try_email(m, word);
    else if (seen & DOT)
        try_host_or_address(m, word);
    else if (word.len == 32 || word.len == 40 || word.len == 64)
        try_digest(m, word);
}

static size_t url_end(struct slice text, size_t from)
{
    size_t at = from;
    if (at < text.len && text.data[at] == '[') /* an IPv6 host */
        at += slice_find_byte(slice_after(text, at), ']') + 1;
    while (at < text.len && !(classes[(unsigned char)text.data[at]] & URL_END))
        at++;
    return at;
}

/* An IPv6 address whose first colon stands at `colon`; `from` is where the word before it begins. Only
 * what has "::" or seven colons can be one (RFC 4291 §2.2), so that a time of day costs no parse. The
 * end of it, or `from` where none is. */
static size_t try_address_v6(struct indicator_matcher *m, struct slice text, size_t from, size_t colon)
{
    struct network_address address;
    unsigned colons = 0;
    bool gap = false;
    size_t end = from;
    for (; end < text.len && end - from < 64; end++) {
        char c = text.data[end];
        if (c == ':') {
            gap = gap || (end > from && text.data[end - 1] == ':');
            colons++;
        } else if (!slice_is_hex(c) && (c != '.' || end < colon)) {
            break;
        }
    }
    if (end <= colon || (!gap && colons < 7))
        return from;
    while (end > colon && text.data[end - 1] == '.')
        end--;
    if (end - from > 2 && text.data[end - 1] == ':' && text.data[end - 2] != ':')
        end--; /* "from 2001:db8::7: refused" */
    struct slice word = slice_cut(text, from, end);
    if (!network_address_parse(word, &address))
        return from;
    find_address(m, &address, word);
    return end;
}

static void try_text(struct indicator_matcher *m, struct slice text)
{
    text = slice_cut(text, 0, TEXT_MOST);
    for (size_t at = 0; at < text.len;) {
        size_t from = at;
        unsigned seen = 0, class;
        while (at < text.len && ((class = classes[(unsigned char)text.data[at]]) & WORD)) {
            seen |= class;
            at++;
        }
        if (at < text.len && text.data[at] == ':' && at - from <= 4) {
            size_t end = try_address_v6(m, text, from, at);
            if (end > from) {
                at = end;
                continue;
            }
        }
        if (at - from > 2)
            try_word(m, slice_cut(text, from, at), seen);
        if (at > from && at + 3 < text.len && memcmp(text.data + at, "://", 3) == 0)
            try_url(m, slice_cut(text, from, url_end(text, at + 3)));
        at++;
    }
}

/* ---- an event ------------------------------------------------------------------------------------ */

/* The roles of a name that was not met lately. */
static unsigned look_up(struct indicator_matcher *m, struct slice name)
{
    uintptr_t known = (uintptr_t)map_get(&m->names, name);
    if (known)
        return (unsigned)(known - 1);
    unsigned roles = indicator_fields_role(m->fields, name);
    struct slice copy = name.len && m->names.count < NAMES_MOST ? arena_copy(&m->arena, name)
                                                                : SLICE_NONE;
    if (copy.data)
        map_put(&m->names, copy, (void *)((uintptr_t)roles + 1));
    return roles;
}

static inline unsigned roles_of(struct indicator_matcher *m, const struct event_field *field)
{
    struct known_name *known = &m->known[field->id % KNOWN];
    if (!field->id)
        return look_up(m, field->name);
    if (known->id != field->id)
        *known = (struct known_name){ field->id, look_up(m, field->name) };
    return known->roles;
}

static void try_value(struct indicator_matcher *m, unsigned roles, struct slice value)
{
    if (roles & ROLE_HASH)
        try_hashes(m, value);
    if (roles & ROLE_HOST)
        try_host_or_address(m, value);
    else if (roles & ROLE_ADDRESS)
        try_address(m, value);
    if (roles & ROLE_URL)
        try_url(m, value);
    m->loose = (roles & ~(unsigned)ROLE_TEXT) == 0;
    if (roles & (ROLE_TEXT | ROLE_EMAIL))
        try_text(m, value);
    m->loose = false;
}

uint32_t indicator_matcher_scan(struct indicator_matcher *m, const struct event *event,
                                const struct indicator_found **found_out)
{
    *found_out = m->found;
    m->found_count = 0;
    if (!m->types)
        return 0;
    if (event->flags & EVENT_UNDECODED) {
        m->field = INDICATOR_NONE;
        try_text(m, event->raw);
        return m->found_count;
    }
    if (m->settled.used)
        arena_clear(&m->settled);
    for (uint32_t i = 0; i < event->field_count; i++) {
        struct event_field *field = &event->fields[i];
        unsigned roles = roles_of(m, field);
        if (!roles || field->value.len < 3 || field->kind > EVENT_NUMBER)
            continue;
        if (field->lazy && !json_event_settle(field, &m->settled))
            continue;
        m->field = i;
        try_value(m, roles, field->value);
    }
    return m->found_count;
}

/* ---- the alert ----------------------------------------------------------------------------------- */

static const char *const rules[INDICATOR_TYPES] = {
    [INDICATOR_TYPE_ADDRESS] = "indicator:address", [INDICATOR_TYPE_NETWORK] = "indicator:address",
    [INDICATOR_TYPE_DOMAIN] = "indicator:domain", [INDICATOR_TYPE_URL] = "indicator:url",
    [INDICATOR_TYPE_EMAIL] = "indicator:email", [INDICATOR_TYPE_MD5] = "indicator:hash",
    [INDICATOR_TYPE_SHA1] = "indicator:hash", [INDICATOR_TYPE_SHA256] = "indicator:hash",
};

const char *indicator_rule(enum indicator_type type)
{
    return (unsigned)type < INDICATOR_TYPES ? rules[type] : "indicator:address";
}

static void put_reason(struct json_writer *w, const struct indicator_row *row, struct slice value,
                       struct slice field, struct slice where)
{
    json_open_object(w);
    json_text_member(w, "selection", SLICE("indicator"));
    json_text_member(w, "field", field);
    json_text_member(w, "modifier", slice_of(indicator_type_name(row->type)));
    json_text_member(w, "pattern", value);
    json_text_member(w, "value", slice_cut(where, 0, SHOWN));
    json_text_member(w, "source", row->source);
    json_integer_member(w, "confidence", row->confidence);
    json_text_member(w, "tlp", slice_of(indicator_tlp_name(row->tlp)));
    if (row->note.len)
        json_text_member(w, "note", row->note);
    if (row->valid_until)
        json_time_member(w, "valid_until", row->valid_until);
    json_close_object(w);
}

static void fill(const struct indicator_matcher *m, const struct indicator_row *row,
                 struct slice value, struct slice field, struct slice piece, struct arena *arena,
                 struct alert *out)
{
    out->rule = slice_of(indicator_rule(row->type));
    out->title = arena_print(arena, "Threat indicator: %.*s", SLICE_ARGS(slice_cut(value, 0, 200)));
    out->title_vi = arena_print(arena, "Dấu hiệu tấn công: %.*s",
                                SLICE_ARGS(slice_cut(value, 0, 200)));
    out->author = arena_copy(arena, row->source.len ? row->source : SLICE("-"));
    out->license = row->license.len ? arena_copy(arena, row->license) : SLICE("");
    out->tags = arena_print(arena, "tlp.%s", indicator_tlp_name(row->tlp));
    out->level = indicator_fields_level(m->fields, row->confidence);
    out->entity = field.len ? arena_print(arena, "%.*s=%.*s", SLICE_ARGS(field),
                                          SLICE_ARGS(slice_cut(piece, 0, SHOWN)))
                            : arena_copy(arena, slice_cut(value, 0, SHOWN));
}

bool indicator_alert(const struct indicator_matcher *m, const struct event *event,
                     const struct indicator_found *found, struct arena *arena, struct alert *out)
{
    char text[INDICATOR_VALUE_MOST];
    BUFFER_AUTO why;
    struct json_writer w;
    bool any = false, whole = found->field == INDICATOR_NONE;
    int64_t time = event->time ? event->time : event->received;
    struct slice field = whole ? SLICE("") : event->fields[found->field].name;
    struct slice where = whole ? event->raw : event->fields[found->field].value;
    *out = (struct alert){ .time = time };
    buffer_init(&why, 65536);
    json_writer_init(&w, &why);
    json_open_array(&w);
    for (uint32_t i = 0; i < found->count; i++) {
        struct indicator_row row = indicator_table_row(m->table, found->entry + i);
        if (row.valid_until && row.valid_until < time)
            continue;
        struct slice value = indicator_key_text(row.type, row.key, text);
        if (!any)
            fill(m, &row, value, field, found->piece, arena, out);
        any = true;
        put_reason(&w, &row, value, field, where);
    }
    json_close_array(&w);
    if (!any)
        return false;
    out->why = why.failed ? SLICE("[]") : arena_copy(arena, buffer_slice(&why));
    return out->why.data && out->title.data && out->entity.data && out->author.data;
}
