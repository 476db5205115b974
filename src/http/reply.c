#include <stdlib.h>

#include "http/exchange.h"

static bool header_safe(struct slice value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.data[i] == '\r' || value.data[i] == '\n' || value.data[i] == '\0')
            return false;
    return true;
}

void http_reply_header(struct http_request *request, const char *name, struct slice value)
{
    struct http_exchange *exchange = request->exchange;

    if (exchange->reply_header_count == EXCHANGE_REPLY_HEADERS_MOST || !header_safe(value))
        return;
    char *key = arena_text(&exchange->arena, slice_of(name));
    char *text = arena_text(&exchange->arena, value);
    if (key && text)
        exchange->reply_headers[exchange->reply_header_count++] =
            (struct http_pair){ slice_of(key), slice_of(text) };
}

void http_reply_security(struct http_request *request)
{
    static const char *const headers[][2] = {
        { "X-Content-Type-Options", "nosniff" },
        { "X-Frame-Options", "DENY" },
        { "Referrer-Policy", "no-referrer" },
        { "Cross-Origin-Opener-Policy", "same-origin" },
        { "Cross-Origin-Resource-Policy", "same-origin" },
        { "Permissions-Policy", "camera=(), microphone=(), geolocation=()" },
        /* 'unsafe-inline' for styles only: the console's components write style attributes */
        { "Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
          "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; "
          "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'" },
    };

    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        http_reply_header(request, headers[i][0], slice_of(headers[i][1]));
    if (request->tls)
        http_reply_header(request, "Strict-Transport-Security", SLICE("max-age=31536000"));
}

/* The library reads the body until the exchange ends, and so does the arena live. */
void http_reply(struct http_request *request, unsigned status, const char *type, struct slice body)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body.len, (void *)(uintptr_t)(body.data ? body.data : ""), MHD_RESPMEM_PERSISTENT);

    exchange_answer(request->exchange, status, type, response);
}

void http_reply_copy(struct http_request *request, unsigned status, const char *type,
                     struct slice body)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body.len, (void *)(uintptr_t)(body.data ? body.data : ""), MHD_RESPMEM_MUST_COPY);

    exchange_answer(request->exchange, status, type, response);
}
