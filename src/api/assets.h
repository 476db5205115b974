/* assets - the console's files, built into the program (src/api/pack_assets.py). */
#ifndef API_ASSETS_H
#define API_ASSETS_H

#include "http/http.h"

struct asset {
    const char *path;         /* "/assets/index-3f2a.js" */
    const char *type;
    const char *etag;         /* with its quotes */
    bool immutable;           /* its name holds its hash */
    size_t at, size;          /* in the pack */
    size_t gzip_at, gzip_size;/* 0: not kept packed */
};

/* Made by the packer; the table ends with an empty row that asset_count leaves out. */
extern const struct asset asset_table[];
extern const size_t asset_count;

/* Answers any path outside /api: the file; for a path of the console's own (no such file, no dot in
 * its last part) the first page; else 404. Without a console: a page that says how to build it. */
void asset_reply(struct http_request *request, const char *language);

/* The table, for tests. */
const struct asset *asset_list(size_t *count_out);

#endif
