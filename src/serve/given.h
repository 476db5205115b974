/* given - what the roles that read their files once were given, as digests: after SIGHUP only those whose
 * digest is another one start anew. The same names may hold other contents by then. */
#ifndef SERVE_GIVEN_H
#define SERVE_GIVEN_H

#include "serve/options.h"

#define GIVEN_DIGEST 32u

struct given {
    unsigned char pipeline[GIVEN_DIGEST];   /* decoders, files followed, certificate, key, CAs, reserve */
    unsigned char reader[GIVEN_DIGEST];     /* log sources, placeholders: it may open no file put in place */
};

/* Reads the files now; one that cannot be read is as if empty. */
struct given given_with(const struct serve_settings *settings);

#endif
