#include "serve/canary_send.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/clock.h"

#include "serve/canary_link.h"

#define TEXT_MOST 4096u

/* ---- what is said ------------------------------------------------------------------------------ */

static void write_syslog(const struct canary_letter *letter, struct buffer *out)
{
    char time[CLOCK_TEXT];
    clock_print(letter->now, time);
    buffer_print(out, "<134>1 %s %s haidang - canary - %s", time, letter->host, letter->nonce);
}

static void write_json(const struct canary_letter *letter, struct buffer *out)
{
    char time[CLOCK_TEXT];
    clock_print(letter->now, time);
    buffer_print(out, "{\"@timestamp\":\"%s\",\"message\":\"canary %s\"}", time, letter->nonce);
}

/* ---- by each protocol ---------------------------------------------------------------------------- */

static bool say_datagram(struct canary_link *link, const struct canary_letter *letter,
                         struct error *e)
{
    BUFFER_AUTO out;
    buffer_init(&out, TEXT_MOST);
    write_syslog(letter, &out);
    return canary_link_send(link, buffer_slice(&out), e);
}

/* RFC 6587, octet counting. */
static bool say_stream(struct canary_link *link, const struct canary_letter *letter,
                       struct error *e)
{
    BUFFER_AUTO line, out;
    buffer_init(&line, TEXT_MOST);
    buffer_init(&out, TEXT_MOST);
    write_syslog(letter, &line);
    buffer_print(&out, "%zu ", line.len);
    buffer_add(&out, buffer_slice(&line));
    return canary_link_send(link, buffer_slice(&out), e);
}

static bool say_relp(struct canary_link *link, const struct canary_letter *letter,
                     struct error *e)
{
    BUFFER_AUTO line, out, in;
    buffer_init(&line, TEXT_MOST);
    buffer_init(&out, TEXT_MOST);
    buffer_init(&in, TEXT_MOST);
    write_syslog(letter, &line);
    buffer_print(&out, "1 open 0\n2 syslog %zu ", line.len);
    buffer_add(&out, buffer_slice(&line));
    buffer_add(&out, SLICE("\n3 close 0\n"));
    return canary_link_send(link, buffer_slice(&out), e) &&
           canary_link_expect(link, &in, SLICE("2 rsp 6 200 OK"), e);
}

static void add_big_endian(struct buffer *out, uint32_t value)
{
    uint32_t bytes = htonl(value);
    buffer_add(out, slice_from(&bytes, sizeof bytes));
}

/* Lumberjack v2: a window of one, one frame; "2A" and the sequence come back. What is in the frame is
 * taken as it is: the syslog line has the host name by which we are known. */
static bool say_lumberjack(struct canary_link *link, const struct canary_letter *letter,
                           struct error *e)
{
    BUFFER_AUTO line, out, in;
    buffer_init(&line, TEXT_MOST);
    buffer_init(&out, TEXT_MOST);
    buffer_init(&in, TEXT_MOST);
    write_syslog(letter, &line);
    buffer_add(&out, SLICE("2W"));
    add_big_endian(&out, 1);
    buffer_add(&out, SLICE("2J"));
    add_big_endian(&out, 1);
    add_big_endian(&out, (uint32_t)line.len);
    buffer_add(&out, buffer_slice(&line));
    return canary_link_send(link, buffer_slice(&out), e) &&
           canary_link_expect(link, &in, slice_from("2A\0\0\0\1", 6), e);
}

static bool say_http(struct canary_link *link, const struct canary_letter *letter,
                     struct error *e)
{
    BUFFER_AUTO json, out, in;
    buffer_init(&json, TEXT_MOST);
    buffer_init(&out, TEXT_MOST);
    buffer_init(&in, TEXT_MOST);
    write_json(letter, &json);
    buffer_print(&out, "POST /events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                 "Authorization: Bearer %s\r\nContent-Type: application/x-ndjson\r\n"
                 "Content-Length: %zu\r\n\r\n", letter->token, json.len);
    buffer_add(&out, buffer_slice(&json));
    if (!canary_link_send(link, buffer_slice(&out), e) ||
        !canary_link_expect(link, &in, SLICE("\r\n"), e))
        return false;
    struct slice status = slice_cut(buffer_slice(&in), 9, 12);
    return slice_is(status, "200") ||
           error_set(e, "the HTTP listener answered the canary with %.*s", SLICE_ARGS(status));
}

/* ---- the table --------------------------------------------------------------------------------------- */

static const struct {
    const char *protocol;
    enum canary_kind kind;
    bool may_tls;              /* it speaks TLS when there is a certificate */
    bool may_refuse;           /* … and may take no one without a certificate */
    bool (*say)(struct canary_link *link, const struct canary_letter *letter, struct error *e);
} rows[INTAKE_LISTENERS_COUNT] = {
    [INTAKE_SYSLOG_UDP] = { "syslog-udp", CANARY_UDP, false, false, say_datagram },
    [INTAKE_SYSLOG_TCP] = { "syslog-tcp", CANARY_TCP, false, false, say_stream },
    [INTAKE_SYSLOG_TLS] = { "syslog-tls", CANARY_TLS, true, true, say_stream },
    [INTAKE_RELP] = { "relp", CANARY_TCP, false, false, say_relp },
    [INTAKE_LUMBERJACK] = { "lumberjack", CANARY_TCP, true, true, say_lumberjack },
    [INTAKE_HTTP] = { "http", CANARY_TCP, true, false, say_http },
    [INTAKE_HTTPS] = { "https", CANARY_TLS, true, false, say_http },
};

const char *canary_protocol(enum intake_listener listener)
{
    return rows[listener].protocol;
}

bool canary_send(enum intake_listener listener, const char *address,
                 const struct canary_letter *letter, struct error *e)
{
    struct canary_link link;
    enum canary_kind kind = rows[listener].kind;
    if (!rows[listener].say) {
        error_set(e, "the canary does not speak this protocol");
        return error_kind(e, ERROR_INPUT);
    }
    if (letter->tls && rows[listener].may_tls)
        kind = CANARY_TLS;
    bool asked = rows[listener].may_refuse && letter->strangers_refused;
    if (kind == CANARY_TLS && asked && !letter->certificate.len) {
        error_set(e, "this listener asks for the sender's certificate, and the canary has none");
        return error_kind(e, ERROR_INPUT);
    }
    bool sent = canary_link_open(&link, kind, address, letter->certificate, e) &&
                rows[listener].say(&link, letter, e);
    canary_link_close(&link);
    return sent;
}
