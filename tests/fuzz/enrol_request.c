/* What a sender sends to be enrolled: requests, certificates and signatures of any bytes. */
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "enrol/authority.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct authority *authority(void)
{
    static struct authority *made;
    static char folder[] = "/tmp/fuzz-enrol.XXXXXX";

    if (!made && (!mkdtemp(folder) || !authority_open(folder, &made, NULL)))
        abort();
    return made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_from(data, size);
    struct authority_certificate made;
    struct arena arena;

    arena_init(&arena, 1u << 22);
    if (authority_sign(authority(), bytes, SLICE("so-a.cong.web"), 30, &arena, &made, NULL) &&
        !slice_is(made.subject, "CN=so-a.cong.web"))
        abort(); /* a request must not choose its name */
    if (authority_read(bytes, &arena, &made, NULL))
        authority_proves(made.pem, SLICE("said"), bytes, NULL);
    if (authority_proves(authority_pem(authority()), SLICE("said"), bytes, NULL))
        abort();
    arena_free(&arena);
    return 0;
}
