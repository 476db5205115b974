#include "intake/tls.h"

#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

struct tls_server {
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priority;
    bool clients, required;
};

struct tls_session {
    gnutls_session_t session;
};

static gnutls_datum_t datum(const char *text)
{
    return (gnutls_datum_t){ (unsigned char *)(uintptr_t)text, (unsigned)strlen(text) };
}

bool tls_server_new(const char *certificate, const char *key, const char *clients, bool required,
                    struct tls_server **server_out, struct error *e)
{
    struct tls_server *server = calloc(1, sizeof *server);
    gnutls_datum_t certificate_text = datum(certificate), key_text = datum(key);
    int code;

    *server_out = NULL;
    if (!server || gnutls_certificate_allocate_credentials(&server->credentials) != 0) {
        free(server);
        return error_set(e, "not enough memory for a listener");
    }
    code = gnutls_certificate_set_x509_key_mem(server->credentials, &certificate_text, &key_text,
                                               GNUTLS_X509_FMT_PEM);
    if (code >= 0)
        code = gnutls_priority_init(&server->priority,
                                    "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", NULL);
    if (code >= 0 && clients) {
        gnutls_datum_t clients_text = datum(clients);
        code = gnutls_certificate_set_x509_trust_mem(server->credentials, &clients_text,
                                                     GNUTLS_X509_FMT_PEM);
        server->clients = code > 0;
        server->required = required;
    }
    if (code < 0) {
        tls_server_free(&server);
        error_set(e, "TLS does not start: %s", gnutls_strerror(code));
        return error_hint(e, "look whether certificate and key are PEM and belong together");
    }
    *server_out = server;
    return true;
}

void tls_server_free(struct tls_server **server)
{
    if (!*server)
        return;
    if ((*server)->priority)
        gnutls_priority_deinit((*server)->priority);
    gnutls_certificate_free_credentials((*server)->credentials);
    free(*server);
    *server = NULL;
}

struct tls_session *tls_session_new(struct tls_server *server, int fd)
{
    struct tls_session *s = calloc(1, sizeof *s);

    if (!s || gnutls_init(&s->session, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) != 0) {
        free(s);
        return NULL;
    }
    gnutls_priority_set(s->session, server->priority);
    gnutls_credentials_set(s->session, GNUTLS_CRD_CERTIFICATE, server->credentials);
    if (server->clients) {
        gnutls_certificate_server_set_request(s->session, server->required ? GNUTLS_CERT_REQUIRE
                                                                           : GNUTLS_CERT_REQUEST);
    }
    gnutls_transport_set_int(s->session, fd);
    return s;
}

void tls_session_free(struct tls_session **session)
{
    if (!*session)
        return;
    gnutls_deinit((*session)->session);
    free(*session);
    *session = NULL;
}

static int outcome(int code)
{
    return code == GNUTLS_E_AGAIN || code == GNUTLS_E_INTERRUPTED ? TLS_AGAIN : TLS_FAILED;
}

int tls_handshake(struct tls_session *s, const char **reason_out)
{
    int code;

    do
        code = gnutls_handshake(s->session);
    while (code < 0 && !gnutls_error_is_fatal(code) && outcome(code) != TLS_AGAIN);
    if (code >= 0)
        return 1;
    *reason_out = gnutls_strerror(code);
    if (gnutls_error_is_fatal(code))
        gnutls_alert_send_appropriate(s->session, code); /* the sender's log shall say why, too */
    return outcome(code);
}

void tls_peer(struct tls_session *s, struct http_certificate *out)
{
    http_certificate_look(s->session, out);
}

void tls_refuse(struct tls_session *s, gnutls_alert_description_t alert)
{
    gnutls_alert_send(s->session, GNUTLS_AL_FATAL, alert);
}

long tls_read(struct tls_session *s, void *out, size_t size)
{
    for (;;) {
        ssize_t n = gnutls_record_recv(s->session, out, size);
        if (n >= 0)
            return n;
        if (n == GNUTLS_E_REHANDSHAKE || n == GNUTLS_E_WARNING_ALERT_RECEIVED)
            continue;
        if (n == GNUTLS_E_PREMATURE_TERMINATION)
            return 0; /* many senders just close */
        return outcome((int)n);
    }
}

long tls_write(struct tls_session *s, const void *bytes, size_t size)
{
    ssize_t n = gnutls_record_send(s->session, bytes, size);

    return n >= 0 ? n : outcome((int)n);
}

bool tls_wants_write(struct tls_session *s)
{
    return gnutls_record_get_direction(s->session) == 1;
}

void tls_bye(struct tls_session *s)
{
    gnutls_bye(s->session, GNUTLS_SHUT_WR);
}
