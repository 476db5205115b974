/* first_start - what a fresh installation needs before anybody can use it, and tokens for senders. */
#ifndef SERVE_FIRST_START_H
#define SERVE_FIRST_START_H

#include "records/records.h"

/* Fills an empty register from the CSV files of `import` ("" none). When there is no user yet, makes
 * the logins `lead` and `admin` with passwords of this moment, written to secrets/first-login (0600)
 * and nowhere else. Later starts take those out of it whose password was set anew. */
bool first_start(struct records *records, const char *import, const char *secrets,
                 struct error *e);

/* Gives each HTTP source that has none a token: its SHA-256 into the records, itself into
 * tokens/<source> (0600) for the person who sets up the sender. */
bool first_start_tokens(struct records *records, const char *tokens, struct error *e);

#endif
