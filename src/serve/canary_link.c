#include "serve/canary_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/config.h"

#define PATIENCE_SECONDS 5
#define PIECE 1024u

union end {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static socklen_t end_set(union end *end, const char *host, uint16_t port)
{
    *end = (union end){ .v4 = { .sin_family = AF_INET, .sin_port = htons(port) } };
    if (inet_pton(AF_INET, host, &end->v4.sin_addr) == 1)
        return sizeof end->v4;
    *end = (union end){ .v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) } };
    return inet_pton(AF_INET6, host, &end->v6.sin6_addr) == 1 ? sizeof end->v6 : 0;
}

/* Where that address is reached over the loopback; its length, 0: it is not. */
static socklen_t target_of(const char *address, union end *out, struct error *e)
{
    struct slice host;
    uint16_t port;
    char text[INET6_ADDRSTRLEN] = "";
    socklen_t len = 0;
    if (config_split_address(slice_of(address), &host, &port) && host.len < sizeof text) {
        memcpy(text, host.data, host.len);
        len = end_set(out, !strcmp(text, "0.0.0.0") ? "127.0.0.1" : !strcmp(text, "::") ? "::1" : text,
                      port);
    }
    if (!len) {
        error_set(e, "the canary cannot reach %s: it is an address of one link alone", address);
        error_kind(e, ERROR_INPUT);
    }
    return len;
}

static bool open_socket(struct canary_link *link, enum canary_kind kind, const char *address,
                        struct error *e)
{
    union end target, own;
    struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
    socklen_t len = target_of(address, &target, e);
    if (!len)
        return false;
    end_set(&own, target.any.sa_family == AF_INET6 ? CANARY_ADDRESS_6 : CANARY_ADDRESS, 0);
    link->fd = socket(target.any.sa_family,
                      (kind == CANARY_UDP ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
    if (link->fd < 0)
        return error_errno(e, errno, "the canary gets no socket");
    setsockopt(link->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(link->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (bind(link->fd, &own.any, len) != 0 || connect(link->fd, &target.any, len) != 0)
        return error_errno(e, errno, "the canary cannot connect to %s", address);
    return true;
}

static bool shake_hands(struct canary_link *link, struct slice certificate, struct error *e)
{
    gnutls_datum_t pem = { (unsigned char *)(uintptr_t)certificate.data, (unsigned)certificate.len };
    int code = gnutls_certificate_allocate_credentials(&link->credentials);
    if (code == 0 && certificate.len)
        code = gnutls_certificate_set_x509_key_mem(link->credentials, &pem, &pem, GNUTLS_X509_FMT_PEM);
    if (code == 0)
        code = gnutls_init(&link->tls, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL);
    if (code == 0)
        code = gnutls_set_default_priority(link->tls);
    if (code == 0)
        code = gnutls_credentials_set(link->tls, GNUTLS_CRD_CERTIFICATE, link->credentials);
    if (code == 0) {
        gnutls_transport_set_int(link->tls, link->fd);
        gnutls_handshake_set_timeout(link->tls, PATIENCE_SECONDS * 1000);
        do
            code = gnutls_handshake(link->tls);
        while (code < 0 && !gnutls_error_is_fatal(code));
    }
    return code == 0 || error_set(e, "the canary's TLS failed: %s", gnutls_strerror(code));
}

bool canary_link_open(struct canary_link *link, enum canary_kind kind, const char *address,
                      struct slice certificate, struct error *e)
{
    *link = (struct canary_link){ .fd = -1 };
    return open_socket(link, kind, address, e) &&
           (kind != CANARY_TLS || shake_hands(link, certificate, e));
}

void canary_link_close(struct canary_link *link)
{
    if (link->tls) {
        gnutls_bye(link->tls, GNUTLS_SHUT_WR);
        gnutls_deinit(link->tls);
    }
    if (link->credentials)
        gnutls_certificate_free_credentials(link->credentials);
    if (link->fd >= 0)
        close(link->fd);
    *link = (struct canary_link){ .fd = -1 };
}

bool canary_link_send(struct canary_link *link, struct slice bytes, struct error *e)
{
    while (bytes.len) {
        ssize_t n = link->tls ? gnutls_record_send(link->tls, bytes.data, bytes.len)
                              : send(link->fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (n <= 0)
            return error_set(e, "the listener does not read what the canary sends");
        bytes = slice_after(bytes, (size_t)n);
    }
    return true;
}

bool canary_link_expect(struct canary_link *link, struct buffer *in, struct slice until,
                        struct error *e)
{
    while (slice_find(buffer_slice(in), until) == in->len || in->len == 0) {
        size_t before = in->len;
        char *room = buffer_extend(in, PIECE);
        ssize_t n = -1;
        if (room)
            n = link->tls ? gnutls_record_recv(link->tls, room, PIECE)
                          : recv(link->fd, room, PIECE, 0);
        in->len = before + (n > 0 ? (size_t)n : 0);
        if (n <= 0)
            return error_set(e, "the listener did not acknowledge the canary");
    }
    return true;
}
