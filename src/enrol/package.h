/* package - what a sender gets: a ZIP with its certificate (or a one-time code), and configuration that
 * works as it is for the programs that agencies already run.
 *
 * The configuration is made from templates, one file each, in a folder that a province may change
 * without a compiler (enrol/README.md). A file that needs a value which this server does not have
 * (a listener that is off) is left out.
 */
#ifndef ENROL_PACKAGE_H
#define ENROL_PACKAGE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "enrol/template.h"

#define PACKAGE_MOST (8u * 1024 * 1024)
#define PACKAGE_FILES_MOST 64u

struct package_file {
    const char *name;              /* within the package */
    struct slice bytes;
    bool runs;                     /* executable */
    bool secret;                   /* readable by its owner only */
};

/* `first` files, then each template of the folder, filled. top: the folder within the ZIP, its name
 * at the sender. password NULL: not encrypted; else AES-256. */
bool package_make(const char *templates, const struct template_value *values, size_t value_count,
                  const struct package_file *first, size_t first_count, const char *top,
                  const char *password, struct arena *arena, struct slice *zip_out,
                  struct error *e);

#endif
