/* limit - the archive's ceilings and sizes in one list. */
#ifndef ARCHIVE_LIMIT_H
#define ARCHIVE_LIMIT_H

#define ARCHIVE_FORMAT 6                       /* user_version of a day file */
#define ARCHIVE_FORMAT_LEAST 5                 /* of one that is read, and brought up when written */
#define ARCHIVE_MARKS 8192u                    /* senders' marks kept in a day file, */
#define ARCHIVE_PARTS 65536u                   /* parts of journals' requests, */
#define ARCHIVE_MARKS_LOOK 1024                /* and about so many more until the oldest are forgotten */
#define ARCHIVE_APPLICATION 0x48446172         /* "HDar", application_id of a day file */
#define ARCHIVE_PAGE 4096                      /* bytes a page of a day file */
#define ARCHIVE_OPEN_FILES 8                   /* day files the writer keeps open */
#define ARCHIVE_FILES_MAX 100000               /* day files in a directory */
#define ARCHIVE_ASIDE_MOST 16                  /* files of one day and class that are set aside */

#define BLOCK_VERSION 2                        /* of the parts' layout (block.h) */
#define BLOCK_PART_MAX (256u * 1024 * 1024)    /* inflated bytes of one part of a block */
#define BLOCK_ROWS_MAX (1u << 20)              /* events in a block */
#define BLOCK_TEXT_SEALED (4u * 1024 * 1024)   /* a sealed block is closed at this much text */
#define BLOCK_TEXT_PACKED (16u * 1024 * 1024)
#define BLOCK_WINDOW_PACKED 24                 /* log2 of the bytes in which its text is matched */
#define BLOCK_LEVEL_TAIL 1                     /* zstd levels */
#define BLOCK_LEVEL_SEALED 3
#define BLOCK_LEVEL_SEALED_PLAIN 1             /* of text of which the tails became less than */
#define SEAL_DENSE 12u                         /* so many times smaller: level 3 makes it larger */
#define BLOCK_LEVEL_PACKED 12

#define INDICATORS_MERGED (256u * 1024)        /* so many are merged at once, in some 40 ms */

#define FILTER_BITS_PER_WORD 10
#define FILTER_PROBES 7
#define FILTER_BYTES_MAX (16u * 1024 * 1024)

/* A window of tails is sealed when it has this much text, events or blocks, */
#define SEAL_TEXT (32u * 1024 * 1024)
#define SEAL_EVENTS 65536u
#define SEAL_TAILS 1024u
/* or when its day is over for this long (late batches are written to their receipt day). */
#define SEAL_AFTER_DAY_MINUTES 10
/* Tails that wait for that are kept in memory as they came, up to this much, and not for long when
 * nothing more comes. */
#define KEEP_BYTES (48u * 1024 * 1024)
#define KEEP_SECONDS 5
/* When the day is over its sealed windows are merged, so many at once, one block of each in memory. */
#define PACK_RUNS 32u

/* Of a regular expression over one value (1 MiB at most): beyond them whether it matches is not known. */
#define MATCH_STEPS 10000000u                  /* some 0.1 s */
#define MATCH_HEAP_KIB (512u * 1024)           /* a group repeated over 1 MiB takes 330 MB */

#define SEARCH_GROUPS_MAX 200000u              /* groups of one aggregation */
#define SEARCH_SORT_MAX 100000u                /* rows that `sort` holds */
#define SEARCH_LIMIT_MAX 1000000u              /* events one search delivers */

#endif
