#include <stdlib.h>

#include "http/exchange.h"

#define PIECE (16u * 1024) /* of a body that is made while it is sent */

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

static ssize_t write_piece(void *user, uint64_t position, char *out, size_t most)
{
    struct http_pieces *pieces = user;
    size_t n = pieces->write(pieces->user, out, most);

    (void)position;
    return n ? (ssize_t)n : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void free_pieces(void *user)
{
    struct http_pieces *pieces = user;

    pieces->free(pieces->user);
    free(pieces);
}

void http_reply_pieces(struct http_request *request, unsigned status, const char *type, uint64_t size,
                       const struct http_pieces *pieces)
{
    struct http_pieces *own = malloc(sizeof *own);
    struct MHD_Response *response = NULL;

    if (own) {
        *own = *pieces;
        response = MHD_create_response_from_callback(size, PIECE, write_piece, own, free_pieces);
    }
    if (!response) {
        pieces->free(pieces->user);
        free(own);
    }
    exchange_answer(request->exchange, status, type, response);
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
