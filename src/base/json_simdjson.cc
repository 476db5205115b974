/* The only C++ of base: simdjson's DOM walked into our tree. No exception leaves this file. */
#include <simdjson.h>

extern "C" {
#include "base/json.h"
}

namespace {

using namespace simdjson;

struct slice copy(arena *a, std::string_view text)
{
    struct slice s = { text.data(), text.size() };
    return arena_copy(a, s);
}

bool fill(arena *a, dom::element element, json *out, unsigned depth);

template <typename Range, typename Each>
bool fill_children(arena *a, size_t count, Range range, json *out, Each each)
{
    out->children = static_cast<json *>(arena_array(a, count ? count : 1, sizeof(json)));
    if (!out->children)
        return false;
    for (auto item : range) {
        if (out->count == count || !each(item, &out->children[out->count]))
            return false;
        out->count++;
    }
    return true;
}

bool fill(arena *a, dom::element element, json *out, unsigned depth)
{
    if (depth > JSON_DEPTH_MOST)
        return false;
    switch (element.type()) {
    case dom::element_type::NULL_VALUE:
        out->kind = JSON_NULL;
        return true;
    case dom::element_type::BOOL:
        out->kind = JSON_BOOLEAN;
        out->boolean = bool(element);
        return true;
    case dom::element_type::INT64:
        out->kind = JSON_INTEGER;
        out->integer = int64_t(element);
        out->number = double(out->integer);
        return true;
    case dom::element_type::UINT64: /* above INT64_MAX */
    case dom::element_type::DOUBLE:
        out->kind = JSON_NUMBER;
        out->number = double(element);
        if (out->number > -9.2e18 && out->number < 9.2e18)
            out->integer = int64_t(out->number);
        return true;
    case dom::element_type::STRING:
        out->kind = JSON_TEXT;
        out->text = copy(a, std::string_view(element));
        return out->text.data != nullptr;
    case dom::element_type::ARRAY: {
        out->kind = JSON_ARRAY;
        dom::array array = element;
        size_t count = 0;
        for (auto item : array)
            (void)item, count++;
        return fill_children(a, count, array, out, [&](dom::element item, json *child) {
            return fill(a, item, child, depth + 1);
        });
    }
    case dom::element_type::OBJECT: {
        out->kind = JSON_OBJECT;
        dom::object object = element;
        size_t count = 0;
        for (auto item : object)
            (void)item, count++;
        return fill_children(a, count, object, out, [&](dom::key_value_pair item, json *child) {
            child->name = copy(a, item.key);
            return child->name.data && fill(a, item.value, child, depth + 1);
        });
    }
    }
    return false;
}

} // namespace

extern "C" bool json_parse(struct slice text, struct arena *a, struct json **out, struct error *e)
{
    try {
        dom::parser parser;
        dom::element root;
        auto failure = parser.parse(text.data ? text.data : "", text.len, true).get(root);
        if (failure)
            return error_set(e, "this is not JSON: %s", error_message(failure)), error_kind(e, ERROR_INPUT);
        json *tree = static_cast<json *>(arena_zero(a, sizeof(json)));
        if (!tree || !fill(a, root, tree, 0))
            return error_set(e, "this JSON is too large or nested too deep"), error_kind(e, ERROR_INPUT);
        *out = tree;
        return true;
    } catch (...) { /* std::bad_alloc */
        return error_set(e, "not enough memory to read the JSON");
    }
}
