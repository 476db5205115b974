#include "serve/pem.h"

#include "base/arena.h"
#include "base/file.h"

#define PEM_MOST (1024u * 1024)

bool pem_read(const struct heritage *heritage, const char *name, const char **text_out,
              struct error *e)
{
    const char *path = heritage_text_if(heritage, name);
    struct slice text;
    *text_out = NULL;
    if (!path[0])
        return true;
    if (!file_read(path, PEM_MOST, heritage->arena, &text, e)) {
        error_hint(e, "certificate and key must be readable by the owner of the data directory");
        return false;
    }
    *text_out = text.data; /* file_read puts a NUL behind it */
    return true;
}
