/* indicator - addresses, hashes and host names that stand in events: the table of a day.
 *
 * Word filters cannot answer 'which of these 100,000 indicators were ever here': at one false hit in
 * a hundred each block would answer yes. So sealing keeps, per day file, every such value, as a
 * hash of 64 bits with how often it stood there (indicator_run.h): some 9 bytes a value, and 100,000
 * indicators against a month of ten thousand values a day meet a wrong one once in a billion hunts.
 *
 * Taken are whole values of fields that are an address (IPv4, IPv6; with a port or without) or a hash (MD5,
 * SHA-1, SHA-256 as hex; also within `Hashes: MD5=…,SHA256=…`), values of fields named like hosts and domains
 * that are a host name, the host of a field named like a URL; and all three kinds out of the text of lines
 * that nothing decoded, of messages, command lines, scripts and mail. ::ffff:10.0.0.1 is 10.0.0.1.
 * Not taken is what stands within any other value, or is written otherwise there (percent signs, base64).
 */
#ifndef ARCHIVE_INDICATOR_H
#define ARCHIVE_INDICATOR_H

#include "archive/block.h"

enum indicator_kind { INDICATOR_ADDRESS, INDICATOR_HASH, INDICATOR_HOST, INDICATOR_KINDS };

/* "address", "hash", "host". */
const char *indicator_kind_name(enum indicator_kind kind);

#define INDICATOR_TEXT 256
#define INDICATOR_VALUE 2048u  /* bytes of a value that is looked at as a whole; a text may be longer */

/* What kind of indicator a value is, and its one form in text (lower case, no port; IPv6 as RFC 5952
 * writes it). host_too: names count as host names. False when it is none. */
bool indicator_of(struct slice value, bool host_too, enum indicator_kind *kind_out, char *text,
                  size_t *len_out);

/* What a field's name says of its values: host names, lists like `MD5=…,SHA256=…`, URLs, texts. */
enum {
    INDICATOR_NAMES_HOST = 1,
    INDICATOR_NAMES_HASHES = 2,
    INDICATOR_NAMES_URL = 4,
    INDICATOR_NAMES_TEXT = 8,
};
unsigned indicator_names(struct slice name);

typedef void indicator_take(void *owner, enum indicator_kind kind, struct slice value);
/* Calls take for each one in a value (escaped: as block.h says) of a field whose name says that; its text
 * lives until take returns. indicator_line: in the text of a line that no decoder read. */
void indicator_value(struct slice value, bool escaped, unsigned names, indicator_take *take, void *owner);
void indicator_line(struct slice line, indicator_take *take, void *owner);

/* What stands for it in the table. */
uint64_t indicator_key(enum indicator_kind kind, struct slice value);

/* Calls take for each one in the row. */
void indicator_each(const struct block_rows *rows, struct slice text, struct slice fields,
                    uint32_t row, indicator_take *take, void *owner);

#endif
