/* listeners - what may be listened at, a row each: the configuration's `listen.NAME`, the kind of
 * socket the supervisor binds, the address when nothing is said, and the words of the manual. From
 * these rows come the options, the binding, the handing over and struct intake_options.
 *
 * A new protocol with a port of its own is a row here and one in protocols[] (intake.c) with its
 * start and stop; a new face of the HTTP listener is rows in web.c and no row here.
 */
#ifndef INTAKE_LISTENERS_H
#define INTAKE_LISTENERS_H

/* SOCKET_TCP and SOCKET_UDP are those of serve/sockets.h; only the supervisor looks at them. */
#define INTAKE_LISTENERS(ROW)                                                                    \
    ROW(SYSLOG_UDP, "syslog_udp", SOCKET_UDP, "127.0.0.1:5514",                                  \
        "syslog over UDP (RFC 3164, 5424); empty: off")                                          \
    ROW(SYSLOG_TCP, "syslog_tcp", SOCKET_TCP, "127.0.0.1:5514",                                  \
        "syslog over TCP (RFC 6587); empty: off")                                                \
    ROW(SYSLOG_TLS, "syslog_tls", SOCKET_TCP, "",                                                \
        "syslog over TLS (RFC 5425), senders by certificate; empty: off")                        \
    ROW(RELP, "relp", SOCKET_TCP, "", "RELP; empty: off")                                        \
    ROW(LUMBERJACK, "lumberjack", SOCKET_TCP, "",                                                \
        "Lumberjack v2 (Beats' output.logstash); empty: off")                                    \
    ROW(HTTP, "http", SOCKET_TCP, "127.0.0.1:8514", "events by HTTP POST; empty: off") \
    ROW(HTTPS, "https", SOCKET_TCP, "",                                                          \
        "the same by TLS, senders by certificate or token; empty: off")

#define INTAKE_LISTENER_NAME(id, name, kind, standard, help) INTAKE_##id,
enum intake_listener { INTAKE_LISTENERS(INTAKE_LISTENER_NAME) INTAKE_LISTENERS_COUNT };
#undef INTAKE_LISTENER_NAME

#endif
