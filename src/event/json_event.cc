/* simdjson's first stage marks where tokens begin; we walk over its marks. */
#include <simdjson.h>

#include <cstring>
#include <memory>
#include <new>
#include <string>

extern "C" {
#define class class_ /* a field's name in C, a keyword here */
#include "base/map.h"
#include "event/json_event.h"
#undef class
}
#include "event/json_text.hh"

#define RECORD_MOST (16u * 1024 * 1024)
#define NAMES_MEMORY (8u * 1024 * 1024) /* beyond, names are made anew for each record */
#define KEY_MOST 200u                   /* longer ones are not remembered */

namespace {

/* A field's name, kept for all records. */
struct known_name {
    known_name *next[2];            /* names that came after it, the newest first */
    const known_name *parent;       /* NULL: a member of the record itself */
    struct slice full;              /* dotted path */
    uint32_t id;                    /* 0: not kept */
    uint32_t key_len;
    char key[];                     /* the last part as records write it */
};

} // namespace

struct json_reader {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> marks;
    struct event_field *fields = nullptr;
    uint32_t count = 0, capacity = 0, most = JSON_EVENT_FIELDS_MOST;
    struct arena names_memory;
    struct map names;
    known_name *before_first = nullptr; /* of the names' memory */
    known_name *last = nullptr;
    arena *memory = nullptr;        /* of the record being read */
    bool as_raw = true, too_wide = false, too_deep = false;
};

namespace {

/* The walk: marks[i] is the token at hand. */
struct walk {
    json_reader *r;
    struct slice json;
    const uint32_t *marks;
    uint32_t i, n;

    char token() const { return i < n ? json.data[marks[i]] : '\0'; }
    /* Of the token at hand, without the white space behind it. */
    struct slice text() const
    {
        const char *from = json.data + marks[i];
        const char *end = json.data + (i + 1 < n ? marks[i + 1] : json.len);
        while (end > from + 1 && static_cast<unsigned char>(end[-1]) <= ' ')
            end--;
        return { from, size_t(end - from) };
    }
    /* The string at hand without its quotes. */
    bool string(struct slice *out) const
    {
        struct slice s = text();
        if (s.len < 2 || s.data[s.len - 1] != '"')
            return false;
        *out = { s.data + 1, s.len - 2 };
        return true;
    }
};

/* "parent.key", unescaped. */
struct slice full_name(const known_name *parent, struct slice key, arena *memory)
{
    size_t prefix = parent ? parent->full.len + 1 : 0;
    char *out = static_cast<char *>(arena_alloc(memory, prefix + key.len + 1));
    if (!out)
        return SLICE_NONE;
    if (prefix) {
        memcpy(out, parent->full.data, prefix - 1);
        out[prefix - 1] = '.';
    }
    return { out, prefix + json_event_unescape(key, out + prefix) };
}

/* Kept by the reader, or of the record alone: then it has no id. */
known_name *make_name(const known_name *parent, struct slice key, arena *memory, bool kept)
{
    auto *name = static_cast<known_name *>(arena_zero(memory, sizeof(known_name) + key.len));
    if (!name)
        return nullptr;
    memcpy(name->key, key.data, key.len);
    name->key_len = uint32_t(key.len);
    name->full = full_name(parent, key, memory);
    name->parent = parent;
    name->id = kept ? event_name_id() : 0;
    return name->full.data ? name : nullptr;
}

/* The name by its parent and key, kept when it may be; NULL when memory is short. */
known_name *look_up(json_reader *r, const known_name *parent, struct slice key)
{
    char both[sizeof parent + KEY_MOST];
    if (key.len > KEY_MOST || (parent && !parent->id))
        return make_name(parent, key, r->memory, false);
    memcpy(both, &parent, sizeof parent);
    memcpy(both + sizeof parent, key.data, key.len);
    struct slice id = { both, sizeof parent + key.len };
    auto *name = static_cast<known_name *>(map_get(&r->names, id));
    if (name)
        return name;
    name = make_name(parent, key, &r->names_memory, true);
    id = arena_copy(&r->names_memory, id);
    if (name && name->id && id.data && map_put(&r->names, id, name))
        return name;
    return make_name(parent, key, r->memory, false);
}

/* Records of one kind have the same members in the same order: the guess is nearly always right. */
inline known_name *find_name(json_reader *r, const known_name *parent, struct slice key)
{
    for (known_name *guess : r->last->next)
        if (guess && guess->parent == parent && guess->key_len == key.len &&
            slice_same_bytes(guess->key, key.data, key.len))
            return r->last = guess;
    known_name *name = look_up(r, parent, key);
    if (name && name->id) {
        r->last->next[1] = r->last->next[0];
        r->last->next[0] = name;
        r->last = name;
    }
    return name;
}

struct event_field *add(json_reader *r, const known_name *name, event_kind kind)
{
    if (r->count == r->most) {
        r->too_wide = true;
        return nullptr;
    }
    if (r->count == r->capacity) {
        uint32_t more = r->capacity ? r->capacity * 2 : 64;
        void *grown = realloc(r->fields, more * sizeof(struct event_field));
        if (!grown)
            return nullptr;
        r->fields = static_cast<struct event_field *>(grown);
        r->capacity = more;
    }
    struct event_field *field = &r->fields[r->count++];
    field->name = name->full;
    field->kind = kind;
    field->lazy = 0;
    field->id = name->id;
    field->written = nullptr;
    return field;
}

bool plain_digits(struct slice s)
{
    size_t i = s.data[0] == '-';
    if (i == s.len || s.data[i] == '0')
        return i == 0 && s.len == 1;
    for (; i < s.len; i++)
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
    return true;
}

bool read_number(walk *w, const known_name *name, struct slice text)
{
    struct event_field *field;
    if (!plain_digits(text) && !json_number_valid(text))
        return false;
    if (!(field = add(w->r, name, EVENT_NUMBER)))
        return false;
    field->value = text;
    if (plain_digits(text))
        return true;
    char digits[JSON_NUMBER_TEXT];
    size_t n = json_number_text(text, digits);
    if (!n)
        return true;
    field->value = arena_copy(w->r->memory, { digits, n });
    w->r->as_raw = false;
    return field->value.data != nullptr;
}

bool read_scalar(walk *w, const known_name *name)
{
    struct slice text = w->text(), value = text;
    event_kind kind = EVENT_BOOLEAN;
    w->i++;
    if (text.data[0] == 'n' && slice_is(text, "null"))
        kind = EVENT_NULL, value = SLICE_NONE;
    else if (text.data[0] == 't' ? !slice_is(text, "true")
             : text.data[0] != 'f' || !slice_is(text, "false"))
        return read_number(w, name, text);
    struct event_field *field = add(w->r, name, kind);
    if (!field)
        return false;
    field->value = value;
    return true;
}

bool read_object(walk *w, const known_name *parent, unsigned depth);
bool read_array(walk *w, const known_name *name, unsigned depth);

bool read_value(walk *w, const known_name *name, unsigned depth)
{
    char c = w->token();
    if (c == '"') {
        struct slice text;
        struct event_field *field = w->string(&text) ? add(w->r, name, EVENT_TEXT) : nullptr;
        if (!field)
            return false;
        field->value = text;
        field->lazy = 1;
        w->i++;
        return true;
    }
    if (c != '{' && c != '[')
        return c && read_scalar(w, name);
    if (depth >= JSON_EVENT_DEPTH_MOST) {
        w->r->too_deep = true;
        return false;
    }
    uint32_t at = w->r->count, from = w->marks[w->i];
    if (!add(w->r, name, c == '{' ? EVENT_OBJECT : EVENT_ARRAY) ||
        !(c == '{' ? read_object(w, name, depth + 1) : read_array(w, name, depth + 1)))
        return false;
    struct event_field *field = &w->r->fields[at]; /* the list may have moved */
    field->value = { w->json.data + from, w->marks[w->i - 1] + 1 - from };
    field->lazy = 1;
    return true;
}

bool read_array(walk *w, const known_name *name, unsigned depth)
{
    w->i++;
    if (w->token() == ']') {
        w->i++;
        return true;
    }
    for (;;) {
        if (!read_value(w, name, depth))
            return false;
        char c = w->token();
        if (c != ',' && c != ']')
            return false;
        w->i++;
        if (c == ']')
            return true;
    }
}

/* A member whose value is a string and that is written without blanks, as nearly all are; false: it is
 * not, or something is wrong, and nothing was read. */
inline bool read_plain_member(walk *w, const known_name *parent)
{
    if (w->i + 3 >= w->n)
        return false;
    const char *json = w->json.data;
    const uint32_t *marks = w->marks + w->i;
    uint32_t key = marks[0], colon = marks[1], value = marks[2], next = marks[3];
    if (json[key] != '"' || json[colon] != ':' || json[colon - 1] != '"' || colon - 1 == key ||
        json[value] != '"' || json[next - 1] != '"' || next - 1 == value)
        return false;
    const known_name *name = find_name(w->r, parent, { json + key + 1, colon - key - 2 });
    struct event_field *field = name ? add(w->r, name, EVENT_TEXT) : nullptr;
    if (!field)
        return false;
    field->value = { json + value + 1, next - value - 2 };
    field->lazy = 1;
    w->i += 3;
    return true;
}

bool read_member(walk *w, const known_name *parent, unsigned depth)
{
    struct slice key;
    const known_name *name;
    if (w->token() != '"' || !w->string(&key) || !(name = find_name(w->r, parent, key)))
        return false;
    w->i++;
    if (w->token() != ':')
        return false;
    w->i++;
    return read_value(w, name, depth);
}

bool read_object(walk *w, const known_name *parent, unsigned depth)
{
    w->i++;
    if (w->token() == '}') {
        w->i++;
        return true;
    }
    for (;;) {
        if (!read_plain_member(w, parent) && !read_member(w, parent, depth))
            return false;
        char c = w->token();
        if (c != ',' && c != '}')
            return false;
        w->i++;
        if (c == '}')
            return true;
    }
}

/* Length of the well-formed UTF-8 character at the beginning, 0 when it is none. */
size_t character(const unsigned char *s, size_t left)
{
    if (s[0] < 0x80)
        return 1;
    size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || n > left)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    bool wrong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
                 (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f);
    return wrong ? 0 : n;
}

/* What attackers and broken senders write must not hide a record: bytes that are no UTF-8
 * become U+FFFD. */
std::string repaired(struct slice json)
{
    std::string out;
    out.reserve(json.len + 64);
    for (size_t i = 0; i < json.len;) {
        const char *s = json.data + i;
        size_t n = character(reinterpret_cast<const unsigned char *>(s), json.len - i);
        if (n)
            out.append(s, n);
        else
            out.append("\xef\xbf\xbd"), n = 1;
        i += n;
    }
    return out;
}

simdjson::error_code mark(json_reader *r, struct slice json)
{
    simdjson::error_code code = simdjson::SUCCESS;
    if (json.len > RECORD_MOST)
        return simdjson::CAPACITY;
    if (json.len > r->marks->capacity())
        code = r->marks->set_capacity(json.len * 2);
    if (code)
        return code;
    return r->marks->stage1(reinterpret_cast<const uint8_t *>(json.data), json.len,
                            simdjson::stage1_mode::regular);
}

bool refuse(const walk *w, struct error *e)
{
    error_kind(e, ERROR_INPUT);
    if (w->r->too_wide)
        return error_set(e, "more than %u fields in one record", w->r->most);
    if (w->r->too_deep)
        return error_set(e, "objects nested deeper than %u", JSON_EVENT_DEPTH_MOST);
    if (w->r->memory->exhausted)
        return error_set(e, "no memory left for the fields of this record");
    return error_set(e, "not JSON: wrong at byte %zu",
                     w->i < w->n ? size_t(w->marks[w->i]) : w->json.len);
}

/* json is walked; r->fields are its fields, lazy. */
bool read(json_reader *r, struct slice json, arena *memory, struct error *e)
{
    if (r->names_memory.exhausted) {
        map_free(&r->names);
        arena_free(&r->names_memory);
        arena_init(&r->names_memory, NAMES_MEMORY);
        r->before_first = nullptr;
    }
    if (!r->before_first && !(r->before_first = make_name(nullptr, SLICE(""), &r->names_memory, false)))
        return error_set(e, "no memory left for the fields of this record");
    r->count = 0;
    r->memory = memory;
    r->as_raw = true;
    r->too_wide = r->too_deep = false;
    r->last = r->before_first;
    simdjson::error_code code = mark(r, json);
    if (code == simdjson::UTF8_ERROR) {
        std::string fixed = repaired(json);
        json = arena_copy(memory, { fixed.data(), fixed.size() });
        code = json.data ? mark(r, json) : simdjson::MEMALLOC;
    }
    if (code) {
        error_kind(e, ERROR_INPUT);
        return error_set(e, "not JSON: %s", simdjson::error_message(code));
    }
    walk w = { r, json, r->marks->structural_indexes.get(), 0, r->marks->n_structural_indexes };
    if (w.token() != '{') {
        error_kind(e, ERROR_INPUT);
        return error_set(e, "a record must be a JSON object");
    }
    return (read_object(&w, nullptr, 1) && w.i == w.n) || refuse(&w, e);
}

} // namespace

json_reader *json_reader_new(void)
{
    try {
        auto reader = std::make_unique<json_reader>();
        reader->names = MAP_EMPTY;
        arena_init(&reader->names_memory, NAMES_MEMORY);
        if (simdjson::get_active_implementation()->create_dom_parser_implementation(
                64 * 1024, 1, reader->marks))
            return nullptr;
        return reader.release();
    } catch (...) {
        return nullptr;
    }
}

void json_reader_free(json_reader **reader)
{
    if (*reader) {
        free((*reader)->fields);
        map_free(&(*reader)->names);
        arena_free(&(*reader)->names_memory);
        delete *reader;
    }
    *reader = nullptr;
}

bool json_event_lazy(json_reader *r, struct event *event, arena *memory, struct error *e)
{
    try {
        if (!read(r, event->raw, memory, e))
            return false;
        event->fields = r->fields;
        event->field_count = r->count;
        if (r->as_raw)
            event->flags |= EVENT_AS_RAW;
        return true;
    } catch (...) {
        return error_set(e, "out of memory for a record of %zu bytes", event->raw.len);
    }
}

/* The reader's fields into the arena: all names in one piece, and what has to be written anew. */
static bool settle_all(const json_reader *r, arena *memory, struct event_field *fields)
{
    size_t size = 0;
    for (uint32_t i = 0; i < r->count; i++)
        size += r->fields[i].name.len;
    char *names = static_cast<char *>(arena_alloc(memory, size + 1));
    if (!names)
        return false;
    for (uint32_t i = 0; i < r->count; i++) {
        struct event_field *field = &fields[i];
        *field = r->fields[i];
        memcpy(names, field->name.data, field->name.len);
        field->name.data = names;
        names += field->name.len;
        if (!json_event_settle(field, memory))
            return false;
    }
    return true;
}

bool json_event_decode(struct slice json, arena *memory, struct event_field **fields_out,
                       uint32_t *count_out, struct error *e)
{
    return json_event_decode_wide(json, JSON_EVENT_FIELDS_MOST, memory, fields_out, count_out, e);
}

bool json_event_decode_wide(struct slice json, uint32_t fields_most, arena *memory,
                            struct event_field **fields_out, uint32_t *count_out, struct error *e)
{
    struct holder {
        json_reader *reader = json_reader_new();
        ~holder() { json_reader_free(&reader); }
    };
    static thread_local holder own;
    json_reader *r = own.reader;
    if (!r)
        return error_set(e, "out of memory");
    r->most = fields_most;
    try {
        if (!read(r, json, memory, e))
            return false;
    } catch (...) {
        return error_set(e, "out of memory for a record of %zu bytes", json.len);
    }
    *count_out = r->count;
    *fields_out = static_cast<struct event_field *>(
        arena_array(memory, r->count ? r->count : 1, sizeof(struct event_field)));
    return (*fields_out && settle_all(r, memory, *fields_out)) ||
           error_set(e, "no memory left for the fields of this record");
}
