/* journal_export - entries out of systemd's journal export format, as they come piece by piece
 * (systemd's JOURNAL_EXPORT_FORMATS: what systemd-journal-upload sends).
 *
 *     __REALTIME_TIMESTAMP=1795480262123456 LF      text
 *     MESSAGE LF length:u64 little-endian bytes LF   bytes, which may hold line feeds
 *     LF                                             the entry's end
 *
 * An entry becomes one line of JSON, as `journalctl -o json` writes it: members in their order, a
 * name that comes again an array, bytes that are no UTF-8 read as Windows-1258 (as everywhere
 * here). Values longer than JOURNAL_VALUE_MOST are cut, and the entry is marked.
 * Never: memory taken by a length that was only announced.
 */
#ifndef INTAKE_JOURNAL_EXPORT_H
#define INTAKE_JOURNAL_EXPORT_H

#include "base/arena.h"
#include "base/buffer.h"

#define JOURNAL_VALUE_MOST (64u * 1024)
#define JOURNAL_FIELDS_MOST 1024u
#define JOURNAL_NAME_MOST 64u                    /* systemd's own limit */
#define JOURNAL_ENTRY_MOST (768u * 1024)         /* bytes of all values; further fields are left out */
#define JOURNAL_WAITING_MOST (2 * JOURNAL_VALUE_MOST) /* bytes that may wait for the rest */

struct journal_field {
    struct slice name, value;
    bool written;
};

struct journal_export {
    struct arena arena;              /* of the entry in hand */
    struct journal_field *fields;
    uint32_t count;
    size_t bytes;
    bool cut;
    uint64_t skip;                   /* bytes of a value that are left out */
    bool skip_line;                  /* up to the line feed */
    struct buffer line;              /* of the finished entry */
};

enum journal_step {
    JOURNAL_MORE,      /* more bytes are needed */
    JOURNAL_ENTRY,     /* *entry_out is an entry; it lives until the next call */
    JOURNAL_BROKEN     /* that is no journal */
};

void journal_export_init(struct journal_export *journal);
void journal_export_free(struct journal_export *journal);
/* Eats from bytes (all that is not eaten yet), *eaten_out of them. ended: no more will come, so that
 * what is left is the last entry. */
enum journal_step journal_export_next(struct journal_export *journal, struct slice bytes, bool ended,
                                      size_t *eaten_out, struct slice *entry_out, bool *cut_out);

#endif
