/* follow - the inside of the follower of files: for follow.c, follow_find.c and follow_state.c only.
 *
 * A followed name is a chain of parts: the files that have had it, oldest first. The last one has it now;
 * those before were rotated away and are read on until their writer has surely left them. A part is let go
 * when all of it is stored.
 */
#ifndef INTAKE_FOLLOW_H
#define INTAKE_FOLLOW_H

#include <sys/stat.h>

#include "event/w3c.h"
#include "intake/collector.h"

#define FOLLOW_HEAD_MOST 1024u
#define FOLLOW_DIGEST 16

/* The beginning of a file, by which it is known again: an inode number is given anew at once. */
struct follow_head {
    uint32_t len;                 /* 0: not known, the inode must do */
    unsigned char digest[FOLLOW_DIGEST];
};

struct follow_part {
    struct follow_part *next;     /* newer */
    int fd;                       /* -1: to be found (sought), or what it held is gone */
    dev_t device;
    ino_t inode;
    struct follow_head head;
    uint64_t offset;              /* read so far */
    uint64_t stored;              /* lines before it are committed */
    int64_t grown;                /* steady clock: when it last had something new, or became an old one */
    unsigned outside;             /* batches on their way that hold lines of it */
    bool sought;                  /* known from the state, not yet opened */
    bool at_end;                  /* the last look saw all of it; of an old one, also before the start */
    bool given_up;                /* an old one: also its last line, without an end, is read */
    bool again;                   /* a batch was not stored: read from `stored` when none is outside */
    bool cut;                     /* the last record goes on in the next one */
    struct w3c_header header, stored_header; /* in force at offset, at stored */
    char *header_bytes, *stored_header_bytes;
};

struct follow_file {
    const char *path;
    struct slice source;
    struct follow_part *parts;    /* oldest first; NULL: nothing is known yet */
    uint32_t part_count;
    int64_t seen;                 /* the files' clock: when the last part last had the name; 0: never */
    bool begun;                   /* some part was opened, or is known from the state */
    bool away;                    /* nobody looked since the last part was seen to have the name */
    bool waiting;                 /* unread bytes are left */
    bool said_missing, said_unknown;
};

/* follow_find.c */

bool follow_is_part(const struct follow_part *part, const struct stat *status); /* NULL is none */
/* The clock that stamps files. */
int64_t follow_clock(void);
/* The beginning of the open file, up to `len` bytes. */
void follow_head_take(int fd, uint64_t len, struct follow_head *out);
bool follow_head_fits(int fd, const struct follow_head *head);
/* The file of a part that is known from the state: by its name, or rotated; else a copy of it. -1: none. */
int follow_find(const struct follow_file *file, const struct follow_part *part, struct stat *status);
/* A copy that was made before the file was cut to nothing (copytruncate). -1: none. */
int follow_find_copy(const struct follow_file *file, const struct follow_part *part,
                     struct stat *status);
/* The file that came after the last part, which has not the name any more: the oldest of those rotated since,
 * else the one that has the name. -1: not now; why: it cannot be read. torn_out: some between may be gone. */
int follow_next(const struct follow_file *file, struct stat *status, bool *torn_out, const char **why);

/* follow_state.c */

struct follow_part *follow_part_add(struct follow_file *file);   /* as the last; NULL: memory */
void follow_part_remove(struct follow_file *file, struct follow_part *part);
struct follow_part *follow_last(const struct follow_file *file); /* NULL: no part */
/* Without the memory it goes on without a header: lines are read by the default sets. */
void follow_keep_header(const struct w3c_header *from, struct w3c_header *to, char **memory);
bool follow_save(const char *path, const struct follow_file *files, uint32_t count, struct error *e);
bool follow_load(const char *path, struct follow_file *files, uint32_t count, struct error *e);

#endif
