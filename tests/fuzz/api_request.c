/* A request's target and body, held against the routes: "METHOD /path?query\n" and then the body.
 */
#include "api/value.h"

static enum http_method method_of(struct slice name)
{
    return slice_is(name, "POST") ? HTTP_POST : slice_is(name, "PATCH") ? HTTP_PATCH
           : slice_is(name, "DELETE") ? HTTP_DELETE : HTTP_GET;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_from(data, size), line, method, target;
    struct http_pair type = { SLICE("Content-Type"), SLICE("application/json") };
    ARENA_AUTO arena;
    unsigned methods;

    arena_init(&arena, 32u << 20);
    if (!slice_split(&text, '\n', &line) || !slice_split(&line, ' ', &method))
        return 0;
    target = line.data ? line : SLICE("");
    size_t mark = slice_find_byte(target, '?');
    struct http_request request = {
        .method = method_of(method), .path = http_decode(slice_cut(target, 0, mark), false, &arena),
        .headers = &type, .header_count = 1, .body = text.data ? text : SLICE(""), .arena = &arena,
    };
    if (!request.path.data || !http_form_parse(slice_after(target, mark + 1), &arena,
                                               &request.query, &request.query_count))
        return 0;
    const struct api_route *route = api_route_find(request.method, request.path, &methods);
    if (!route)
        return 0;
    struct api_call call = { .route = route, .request = &request, .arena = &arena,
                             .language = "vi" };
    if (api_values_read(&call, request.path))
        for (const struct api_field *field = route->fields; field->name; field++)
            if (field->required && !api_given(&call, field->name))
                __builtin_trap();   /* a needed one is always there, or the request is refused */
    return 0;
}
