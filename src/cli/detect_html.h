/* detect_html - the findings of a run as one page that holds all it needs.
 *
 * The page's parts stand in page/ and are joined when the program is built; here only the data are put
 * into it, as JSON in a block that no browser runs. Style and script are allowed by their hash alone.
 * Never: text of a log as markup (the script writes text nodes only).
 */
#ifndef CLI_DETECT_HTML_H
#define CLI_DETECT_HTML_H

#include "cli/findings.h"

#define DETECT_HTML_MOST (64u * 1024 * 1024) /* bytes of a page: far above what findings keep */

struct detect_html {
    struct findings *findings;           /* sorted */
    const struct ruleset *ruleset;
    const struct detect_summary *summary;
    uint32_t rules, refused;             /* run; could not be compiled */
    int64_t made;
    const char *language;
    char *const *paths;                  /* as the user named them */
    unsigned path_count;
    struct slice damage;                 /* lines: the first damages */
};

/* Replaces the file. */
bool detect_html_write(const struct detect_html *page, const char *path, struct error *e);

#endif
