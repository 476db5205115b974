#include <arpa/inet.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fold.h"
#include "http/certificate.h"
#include "http/exchange.h"

/* --- text of a request ------------------------------------------------------------------------ */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct slice http_decode(struct slice text, bool plus_is_blank, struct arena *arena)
{
    char *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;

    if (!out)
        return SLICE_NONE;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '%') {
            if (i + 2 >= text.len)
                return SLICE_NONE;
            int high = hex_digit(text.data[i + 1]), low = hex_digit(text.data[i + 2]);
            if (high < 0 || low < 0)
                return SLICE_NONE;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        if (c == '\0')
            return SLICE_NONE;
        out[len++] = c;
    }
    out[len] = '\0';
    struct slice result = { out, len };
    return fold_is_utf8(result) ? result : SLICE_NONE;
}

bool http_form_parse(struct slice text, struct arena *arena, struct http_pair **pairs_out,
                     uint32_t *count_out)
{
    struct slice rest = text, part;
    uint32_t count = 0, most = text.len ? 1 : 0;

    for (size_t i = 0; i < text.len; i++)
        most += text.data[i] == '&';
    if (most > EXCHANGE_QUERY_MOST)
        return false;
    struct http_pair *pairs = arena_array(arena, most + 1u, sizeof *pairs);
    if (!pairs)
        return false;
    while (text.len && slice_split(&rest, '&', &part)) {
        if (part.len == 0)
            continue;
        size_t equal = slice_find_byte(part, '=');
        pairs[count].name = http_decode(slice_cut(part, 0, equal), true, arena);
        pairs[count].value = http_decode(slice_after(part, equal + 1), true, arena);
        if (!pairs[count].name.data || !pairs[count].value.data)
            return false;
        count++;
    }
    *pairs_out = pairs;
    *count_out = count;
    return true;
}

static struct slice pair_find(const struct http_pair *pairs, uint32_t count, const char *name,
                              bool fold)
{
    struct slice key = slice_of(name);

    for (uint32_t i = 0; i < count; i++)
        if (fold ? slice_equal_nocase(pairs[i].name, key) : slice_equal(pairs[i].name, key))
            return pairs[i].value;
    return SLICE_NONE;
}

struct slice http_header(const struct http_request *request, const char *name)
{
    return pair_find(request->headers, request->header_count, name, true);
}

struct slice http_query(const struct http_request *request, const char *name)
{
    return pair_find(request->query, request->query_count, name, false);
}

struct slice http_cookie(const struct http_request *request, const char *name)
{
    struct slice rest, part, key = slice_of(name);

    for (uint32_t i = 0; i < request->header_count; i++) {
        if (!slice_equal_nocase(request->headers[i].name, SLICE("Cookie")))
            continue;
        rest = request->headers[i].value;
        while (slice_split(&rest, ';', &part)) {
            part = slice_trim(part);
            size_t equal = slice_find_byte(part, '=');
            if (equal < part.len && slice_equal(slice_cut(part, 0, equal), key))
                return slice_after(part, equal + 1);
        }
    }
    return SLICE_NONE;
}

struct slice http_authorization(const struct http_request *request, const char *scheme)
{
    struct slice value = slice_trim(http_header(request, "Authorization"));
    size_t blank = slice_find_byte(value, ' ');

    if (!value.data || blank == value.len ||
        !slice_equal_nocase(slice_cut(value, 0, blank), slice_of(scheme)))
        return SLICE_NONE;
    return slice_trim(slice_after(value, blank));
}

struct slice http_media_type(const struct http_request *request)
{
    struct slice value = http_header(request, "Content-Type");

    value = slice_trim(slice_cut(value, 0, slice_find_byte(value, ';')));
    char *lower = arena_alloc(request->arena, value.len + 1);
    if (!lower)
        return SLICE("");
    for (size_t i = 0; i < value.len; i++) {
        char c = value.data[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    return slice_from(lower, value.len);
}

/* --- from the library's form into ours -------------------------------------------------------- */

static const struct {
    const char *name;
    enum http_method method;
} methods[] = {
    { "GET", HTTP_GET },     { "HEAD", HTTP_HEAD },     { "POST", HTTP_POST },
    { "PUT", HTTP_PUT },     { "PATCH", HTTP_PATCH },   { "DELETE", HTTP_DELETE },
    { "OPTIONS", HTTP_OPTIONS },
};

static enum http_method method_of(const char *name)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(methods[i].name, name) == 0)
            return methods[i].method;
    return HTTP_OTHER;
}

static enum MHD_Result take_header(void *user, enum MHD_ValueKind kind, const char *key,
                                   size_t key_size, const char *value, size_t value_size)
{
    struct http_exchange *exchange = user;
    struct http_request *request = &exchange->request;

    (void)kind;
    if (request->header_count == EXCHANGE_HEADERS_MOST) {
        exchange->headers_cut = true;
        return MHD_NO;
    }
    request->headers[request->header_count++] = (struct http_pair){
        arena_copy(&exchange->arena, slice_from(key, key_size)),
        arena_copy(&exchange->arena, slice_from(value ? value : "", value ? value_size : 0)),
    };
    return MHD_YES;
}

static void read_peer(struct http_exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct http_request *request = &exchange->request;
    char text[INET6_ADDRSTRLEN] = "";

    request->address = SLICE("");
    if (!info || !info->client_addr)
        return;
    if (info->client_addr->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)info->client_addr;
        inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
        request->port = ntohs(in->sin_port);
    } else if (info->client_addr->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)info->client_addr;
        if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
            inet_ntop(AF_INET, in6->sin6_addr.s6_addr + 12, text, sizeof text);
        else
            inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
        request->port = ntohs(in6->sin6_port);
    }
    request->address = arena_copy(&exchange->arena, slice_of(text));
}

static void read_certificate(struct http_exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    struct http_request *request = &exchange->request;
    struct http_certificate certificate;

    request->certificate_sha256 = SLICE("");
    request->certificate_fault = NULL;
    request->tls = info && info->tls_session;
    if (!request->tls || !exchange->server->options.tls_clients)
        return;
    http_certificate_look(info->tls_session, &certificate);
    request->certificate_fault = certificate.fault;
    if (certificate.shown && !certificate.fault)
        request->certificate_sha256 =
            arena_copy(&exchange->arena, slice_of(certificate.sha256));
}

/* The library takes one of several lengths and goes on reading behind it. Whoever stands in between may
 * take another one, and see other requests than we: RFC 9112 §6.1, §6.3. Its only coding is "chunked". */
static unsigned judge_length(const struct http_request *request, const char **sentence_out)
{
    struct slice length = SLICE_NONE, coding = SLICE_NONE;
    bool differ = false;

    for (uint32_t i = 0; i < request->header_count; i++) {
        struct slice name = request->headers[i].name, value = slice_trim(request->headers[i].value);
        bool is_length = slice_equal_nocase(name, SLICE("Content-Length"));
        if (!is_length && !slice_equal_nocase(name, SLICE("Transfer-Encoding")))
            continue;
        struct slice *first = is_length ? &length : &coding;
        differ = differ || (first->data && !slice_equal_nocase(*first, value));
        *first = value;
    }
    *sentence_out = "the length of the body is told in more than one way";
    if (differ || (length.data && coding.data))
        return MHD_HTTP_BAD_REQUEST;
    *sentence_out = "this transfer encoding is not known";
    return coding.data && !slice_equal_nocase(coding, SLICE("chunked")) ? MHD_HTTP_NOT_IMPLEMENTED : 0;
}

unsigned exchange_read(struct http_exchange *exchange, const char *method, const char **sentence_out)
{
    struct http_request *request = &exchange->request;
    size_t mark = slice_find_byte(request->target, '?');
    struct slice query = slice_after(request->target, mark + 1);

    request->method = method_of(method);
    request->received = clock_now();
    request->headers = arena_array(&exchange->arena, EXCHANGE_HEADERS_MOST,
                                   sizeof *request->headers);
    *sentence_out = "the request is too large";
    if (!request->headers)
        return MHD_HTTP_BAD_REQUEST;
    read_peer(exchange);
    read_certificate(exchange);
    MHD_get_connection_values_n(exchange->connection, MHD_HEADER_KIND, take_header, exchange);
    request->path = http_decode(slice_cut(request->target, 0, mark), false, &exchange->arena);
    *sentence_out = "the path is not well formed";
    if (request->path.len == 0 || request->path.data[0] != '/') {
        request->path = SLICE("/");
        return MHD_HTTP_BAD_REQUEST;
    }
    *sentence_out = "the query is not well formed";
    if (!http_form_parse(query, &exchange->arena, &request->query, &request->query_count))
        return MHD_HTTP_BAD_REQUEST;
    *sentence_out = "the request has too many headers";
    if (exchange->headers_cut)
        return MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
    *sentence_out = "the request is too large";
    if (exchange->arena.exhausted)
        return MHD_HTTP_BAD_REQUEST;
    return judge_length(request, sentence_out);
}
