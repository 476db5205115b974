/* pem - the server's own certificate and key, read by the role that speaks TLS. */
#ifndef SERVE_PEM_H
#define SERVE_PEM_H

#include "process/heritage.h"

/* The text of the file that the heritage names under `name`; NULL in *text_out when it names none.
 * In the heritage's arena. False when it cannot be read: the key must belong to the owner of the
 * data directory. */
bool pem_read(const struct heritage *heritage, const char *name, const char **text_out,
              struct error *e);

#endif
