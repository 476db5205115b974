/* indicator - addresses, hashes and host names that stand in events: the exact table of a day.
 *
 * Word filters cannot answer 'which of these 100,000 indicators were ever here': at one false hit in
 * a hundred each block would answer yes. So sealing keeps, per day file, every such value once, with
 * how often it stood there. A day of real Windows events holds hundreds of addresses
 * and some ten thousand hashes: small, and it also tells when something was seen first.
 *
 * Taken are whole values of fields that are an address (IPv4, IPv6) or a hash (MD5, SHA-1, SHA-256
 * as hex; also within `Hashes: MD5=…,SHA256=…`), values of fields named like hosts and domains that
 * are a host name, and of undecoded lines the IPv4 addresses in their text.
 */
#ifndef ARCHIVE_INDICATOR_H
#define ARCHIVE_INDICATOR_H

#include "archive/block.h"

enum indicator_kind { INDICATOR_ADDRESS, INDICATOR_HASH, INDICATOR_HOST, INDICATOR_KINDS };

/* "address", "hash", "host". */
const char *indicator_kind_name(enum indicator_kind kind);

#define INDICATOR_TEXT 256

/* What kind of indicator a value is, and its one form in text (lower case; IPv6 as RFC 5952 writes
 * it). host_too: names count as host names. False when it is none. */
bool indicator_of(struct slice value, bool host_too, enum indicator_kind *kind_out, char *text,
                  size_t *len_out);

/* Calls take for each one in the row; its text lives until take returns. */
void indicator_each(const struct block_rows *rows, struct slice text, struct slice fields,
                    uint32_t row,
                    void (*take)(void *owner, enum indicator_kind kind, struct slice value),
                    void *owner);

#endif
