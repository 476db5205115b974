/* indicator - addresses, hashes and host names that stand in events: the table of a day.
 *
 * Word filters cannot answer 'which of these 100,000 indicators were ever here': at one false hit in
 * a hundred each block would answer yes. So sealing keeps, per day file, every such value, as a
 * hash of 64 bits with how often it stood there (indicator_run.h): some 9 bytes a value, and 100,000
 * indicators against a month of ten thousand values a day meet a wrong one once in a billion hunts.
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

/* Where a field's name says that its values are host names, or lists like `MD5=…,SHA256=…`. */
enum { INDICATOR_NAMES_HOST = 1, INDICATOR_NAMES_HASHES = 2 };
unsigned indicator_names(struct slice name);

typedef void indicator_take(void *owner, enum indicator_kind kind, struct slice value);
/* Calls take for each one in a value of a field whose name says that; its text lives until take
 * returns. indicator_line: in the text of a line that no decoder read. */
void indicator_value(struct slice value, unsigned names, indicator_take *take, void *owner);
void indicator_line(struct slice line, indicator_take *take, void *owner);

/* What stands for it in the table. */
uint64_t indicator_key(enum indicator_kind kind, struct slice value);

/* Calls take for each one in the row. */
void indicator_each(const struct block_rows *rows, struct slice text, struct slice fields,
                    uint32_t row, indicator_take *take, void *owner);

#endif
