/* The limit that detection is measured against: simdjson parses a record and each field is touched. */
#include <simdjson.h>

extern "C" unsigned long parse_dom(const char *text, size_t len);
extern "C" unsigned long parse_ondemand(const char *text, size_t len, size_t capacity);

using namespace simdjson;

namespace {

unsigned long touch(dom::element element)
{
    unsigned long sum = 0;
    if (element.is_object()) {
        for (auto member : dom::object(element))
            sum += member.key.size() + touch(member.value);
        return sum;
    }
    if (element.is_array()) {
        for (auto item : dom::array(element))
            sum += touch(item);
        return sum;
    }
    return element.is_string() ? std::string_view(element).size() : 1;
}

unsigned long touch(ondemand::value value)
{
    unsigned long sum = 0;
    switch (value.type()) {
    case ondemand::json_type::object:
        for (auto member : value.get_object())
            sum += std::string_view(member.unescaped_key()).size() + touch(member.value());
        return sum;
    case ondemand::json_type::array:
        for (auto item : value.get_array())
            sum += touch(item.value());
        return sum;
    case ondemand::json_type::string:
        return std::string_view(value.get_string()).size();
    case ondemand::json_type::number:
        return value.get_number().error() + 1ul;
    default:
        return std::string_view(value.raw_json_token()).size();
    }
}

} // namespace

/* What was touched, so that it is not left out by the compiler; 0: no JSON. len bytes of padding
 * follow the text. */
unsigned long parse_dom(const char *text, size_t len)
{
    static dom::parser parser;
    dom::element root;
    return parser.parse(text, len, false).get(root) ? 0 : touch(root);
}

unsigned long parse_ondemand(const char *text, size_t len, size_t capacity)
{
    static ondemand::parser parser;
    unsigned long sum = 0;
    try {
        ondemand::document root = parser.iterate(text, len, capacity);
        for (auto member : root.get_object())
            sum += std::string_view(member.unescaped_key()).size() + touch(member.value());
    } catch (const simdjson_error &) {
        return 0;
    }
    return sum;
}
