/* Syslog over TCP (RFC 6587, both framings) and over TLS (RFC 5425). No acknowledgement exists. */
#include "intake/framing.h"
#include "intake/stream.h"

static size_t feed(struct stream_peer *peer, struct slice bytes, bool ended)
{
    struct framing *framing = stream_state(peer);
    struct framing_record record;
    size_t eaten;

    if (framing_next(framing, bytes, ended, &record, &eaten) && record.bytes.len)
        stream_deliver(peer, record.bytes, record.cut, record.further, true);
    return eaten;
}

static const struct stream_protocol syslog_tcp = {
    .name = "syslog-tcp", .input_most = INTAKE_LINE_MOST, .state_size = sizeof(struct framing),
    .feed = feed,
};

static const struct stream_protocol syslog_tls = {
    .name = "syslog-tls", .tls = true, .input_most = INTAKE_LINE_MOST,
    .state_size = sizeof(struct framing), .feed = feed,
};

bool syslog_stream_start(struct listener *listener, int fd, struct error *e)
{
    return stream_start(listener, &syslog_tcp, fd, e);
}

bool syslog_tls_start(struct listener *listener, int fd, struct error *e)
{
    return stream_start(listener, &syslog_tls, fd, e);
}
