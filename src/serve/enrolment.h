/* enrolment - the office (enrol/office.h) as this server's configuration makes it. */
#ifndef SERVE_ENROLMENT_H
#define SERVE_ENROLMENT_H

#include "enrol/office.h"

/* What the configuration says of it; addresses as host:port, "" when off. */
struct enrolment_places {
    const char *secrets, *templates, *trust, *console_url;
    const char *names;                       /* parted by \n */
    const char *certificate;                 /* of the listeners; "": the built-in one */
    const char *syslog_tls, *https, *console;
};

/* Texts in the arena, which must live as long as the office. */
bool enrolment_open(const struct enrolment_places *places, struct arena *arena,
                    struct office **office_out, struct error *e);

#endif
