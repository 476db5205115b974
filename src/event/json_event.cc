/* The only C++ of this room: simdjson's DOM flattened into fields. No exception leaves this file. */
#include <simdjson.h>

#include <cstring>
#include <new>

extern "C" {
#define class class_ /* a field's name in C, a keyword here */
#include "event/json_event.h"
#undef class
}

using namespace simdjson;

struct json_reader {
    dom::parser parser{ 16u * 1024 * 1024 };
    char *copy = nullptr; /* of texts that came without padding */
    size_t copy_size = 0;
    struct event_field *fields = nullptr; /* collected here, then copied to the arena at their number */
    uint32_t count = 0, capacity = 0;
    arena *memory = nullptr;
    bool keep = false, too_wide = false, too_deep = false;
};

namespace {

struct slice view(std::string_view text)
{
    struct slice s = { text.data(), text.size() };
    return s;
}

struct slice kept(json_reader *r, std::string_view text)
{
    return r->keep ? arena_copy(r->memory, view(text)) : view(text);
}

bool add(json_reader *r, struct slice name, struct slice value, event_kind kind)
{
    if (r->count == r->capacity) {
        if (r->capacity >= JSON_EVENT_FIELDS_MOST) {
            r->too_wide = true;
            return false;
        }
        uint32_t more = r->capacity ? r->capacity * 2 : 64;
        void *grown = realloc(r->fields, more * sizeof(struct event_field));
        if (!grown)
            return false;
        r->fields = static_cast<struct event_field *>(grown);
        r->capacity = more;
    }
    r->fields[r->count++] = { name, value, kind };
    return true;
}

/* The number as the record writes it cannot be had from the DOM: integers come back in canonical
 * form, and doubles in the shortest form that reads back the same. */
struct slice number_text(json_reader *r, dom::element element)
{
    char text[40];
    char *end = text;
    switch (element.type()) {
    case dom::element_type::INT64: {
        int64_t value = int64_t(element);
        uint64_t rest = value < 0 ? 0 - uint64_t(value) : uint64_t(value);
        char digits[24];
        int n = 0;
        do
            digits[n++] = char('0' + rest % 10);
        while (rest /= 10);
        if (value < 0)
            *end++ = '-';
        while (n)
            *end++ = digits[--n];
        break;
    }
    case dom::element_type::UINT64:
        end += snprintf(text, sizeof text, "%llu", (unsigned long long)uint64_t(element));
        break;
    default: {
        double value = double(element);
        if (value == double(int64_t(value)) && value > -1e15 && value < 1e15)
            end += snprintf(text, sizeof text, "%lld", (long long)value);
        else
            end = internal::to_chars(text, text + sizeof text, value);
    }
    }
    char *out = static_cast<char *>(arena_alloc(r->memory, size_t(end - text)));
    if (!out)
        return SLICE_NONE;
    memcpy(out, text, size_t(end - text));
    return { out, size_t(end - text) };
}

struct slice joined(json_reader *r, struct slice prefix, std::string_view key)
{
    if (!prefix.len)
        return kept(r, key);
    char *out = static_cast<char *>(arena_alloc(r->memory, prefix.len + 1 + key.size()));
    if (!out)
        return SLICE_NONE;
    memcpy(out, prefix.data, prefix.len);
    out[prefix.len] = '.';
    memcpy(out + prefix.len + 1, key.data(), key.size());
    return { out, prefix.len + 1 + key.size() };
}

struct slice json_text_of(json_reader *r, dom::element element)
{
    std::string text = minify(element);
    struct slice s = { text.data(), text.size() };
    return arena_copy(r->memory, s);
}

bool walk(json_reader *r, struct slice name, dom::element element, unsigned depth);

bool walk_object(json_reader *r, struct slice prefix, dom::object object, unsigned depth)
{
    for (auto member : object) {
        struct slice name = joined(r, prefix, member.key);
        if (!name.data || !walk(r, name, member.value, depth))
            return false;
    }
    return true;
}

bool walk(json_reader *r, struct slice name, dom::element element, unsigned depth)
{
    if (depth > JSON_EVENT_DEPTH_MOST) {
        r->too_deep = true;
        return false;
    }
    switch (element.type()) {
    case dom::element_type::STRING:
        return add(r, name, kept(r, std::string_view(element)), EVENT_TEXT);
    case dom::element_type::BOOL:
        return add(r, name, bool(element) ? SLICE("true") : SLICE("false"), EVENT_BOOLEAN);
    case dom::element_type::NULL_VALUE:
        return add(r, name, SLICE_NONE, EVENT_NULL);
    case dom::element_type::ARRAY: {
        struct slice text = json_text_of(r, element);
        if (!text.data || !add(r, name, text, EVENT_ARRAY))
            return false;
        for (auto item : dom::array(element))
            if (!walk(r, name, item, depth + 1))
                return false;
        return true;
    }
    case dom::element_type::OBJECT: {
        struct slice text = json_text_of(r, element);
        return text.data && add(r, name, text, EVENT_OBJECT) &&
               walk_object(r, name, dom::object(element), depth + 1);
    }
    default: {
        struct slice text = number_text(r, element);
        return text.data && add(r, name, text, EVENT_NUMBER);
    }
    }
}

/* The text where simdjson may read beyond its end. */
bool make_room(json_reader *r, struct slice *json, bool padded)
{
    if (padded)
        return true;
    size_t need = json->len + SIMDJSON_PADDING;
    if (need > r->copy_size) {
        void *grown = realloc(r->copy, need * 2);
        if (!grown)
            return false;
        r->copy = static_cast<char *>(grown);
        r->copy_size = need * 2;
    }
    if (json->len)
        memcpy(r->copy, json->data, json->len);
    memset(r->copy + json->len, 0, SIMDJSON_PADDING);
    json->data = r->copy;
    return true;
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

bool is_surrogate(const char *s, size_t left, char low, char high)
{
    return left >= 6 && s[0] == '\\' && s[1] == 'u' && (s[2] == 'd' || s[2] == 'D') &&
           (s[3] | 32) >= low && (s[3] | 32) <= high;
}

/* What attackers and broken senders write must not hide a record: bytes that are no UTF-8 and halves
 * of surrogate pairs become U+FFFD. */
std::string repaired(struct slice json)
{
    std::string out;
    out.reserve(json.len + 64 + SIMDJSON_PADDING);
    for (size_t i = 0; i < json.len;) {
        const char *s = json.data + i;
        size_t left = json.len - i, n = character(reinterpret_cast<const unsigned char *>(s), left);
        bool high = is_surrogate(s, left, '8', '9') || is_surrogate(s, left, 'a', 'b');
        bool low = is_surrogate(s, left, 'c', 'f');
        bool pair = high && is_surrogate(s + 6, left - 6, 'c', 'f');
        if (pair)
            out.append(s, n = 12);
        else if (high || low)
            out.append("\\ufffd"), n = 6;
        else if (s[0] == '\\' && left > 1 && s[1] == '\\')
            out.append(s, n = 2);
        else if (n)
            out.append(s, n);
        else
            out.append("\xef\xbf\xbd"), n = 1;
        i += n;
    }
    return out;
}

bool read(json_reader *r, struct slice json, bool padded, dom::element *root, struct error *e)
{
    if (!make_room(r, &json, padded))
        return error_set(e, "out of memory for a record of %zu bytes", json.len);
    error_code code = r->parser.parse(json.data, json.len, false).get(*root);
    if (code == UTF8_ERROR || code == STRING_ERROR) {
        std::string fixed = repaired(json);
        code = r->parser.parse(fixed.data(), fixed.size(), true).get(*root);
    }
    if (code) {
        error_kind(e, ERROR_INPUT);
        return error_set(e, "not JSON: %s", error_message(code));
    }
    if (!root->is_object()) {
        error_kind(e, ERROR_INPUT);
        return error_set(e, "a record must be a JSON object");
    }
    return true;
}

} // namespace

json_reader *json_reader_new(void)
{
    try {
        json_reader *reader = new json_reader();
        return reader;
    } catch (...) {
        return nullptr;
    }
}

void json_reader_free(json_reader **reader)
{
    if (*reader) {
        free((*reader)->copy);
        free((*reader)->fields);
        delete *reader;
    }
    *reader = nullptr;
}

bool json_event_read(json_reader *r, struct slice json, bool padded, bool keep, arena *memory,
                     struct event_field **fields_out, uint32_t *count_out, struct error *e)
{
    try {
        dom::element root;
        if (!read(r, json, padded, &root, e))
            return false;
        r->count = 0;
        r->memory = memory;
        r->keep = keep;
        r->too_wide = r->too_deep = false;
        if (!walk_object(r, SLICE_NONE, dom::object(root), 1)) {
            error_kind(e, ERROR_INPUT);
            if (r->too_wide)
                return error_set(e, "more than %u fields in one record", JSON_EVENT_FIELDS_MOST);
            if (r->too_deep)
                return error_set(e, "objects nested deeper than %u", JSON_EVENT_DEPTH_MOST);
            return error_set(e, "no memory left for the fields of this record");
        }
        auto *fields = static_cast<struct event_field *>(
            arena_array(memory, r->count ? r->count : 1, sizeof(struct event_field)));
        if (!fields)
            return error_set(e, "no memory left for the fields of this record");
        if (r->count)
            memcpy(fields, r->fields, r->count * sizeof(struct event_field));
        *fields_out = fields;
        *count_out = r->count;
        return true;
    } catch (...) {
        return error_set(e, "out of memory reading a record of %zu bytes", json.len);
    }
}

bool json_event_decode(struct slice json, arena *memory, struct event_field **fields_out,
                       uint32_t *count_out, struct error *e)
{
    struct holder {
        json_reader *reader = json_reader_new();
        ~holder() { json_reader_free(&reader); }
    };
    static thread_local holder own;
    if (!own.reader)
        return error_set(e, "out of memory");
    return json_event_read(own.reader, json, false, true, memory, fields_out, count_out, e);
}

namespace {

long touch(dom::element element, size_t *bytes)
{
    long count = 0;
    if (element.is_object()) {
        for (auto member : dom::object(element)) {
            *bytes += member.key.size();
            count += touch(member.value, bytes);
        }
        return count;
    }
    if (element.is_array()) {
        for (auto item : dom::array(element))
            count += touch(item, bytes);
        return count;
    }
    if (element.is_string())
        *bytes += std::string_view(element).size();
    return 1;
}

} // namespace

long json_event_touch(json_reader *r, struct slice json, bool padded)
{
    try {
        dom::element root;
        if (!read(r, json, padded, &root, nullptr))
            return -1;
        static thread_local volatile size_t sink;
        (void)sink;
        size_t bytes = 0;
        long count = touch(root, &bytes);
        sink = bytes;
        return count;
    } catch (...) {
        return -1;
    }
}
