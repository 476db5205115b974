/* A roster file, with its checksum made right so that the parser behind is reached. */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "event/roster.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    char hex[2 * sizeof digest + 1], path[64];
    struct roster *roster;
    bool hostnames;

    snprintf(path, sizeof path, "/tmp/fuzz-roster.%d", (int)getpid());
    FILE *file = fopen(path, "wb");
    if (!file)
        return 0;
    crypto_hash_sha256(digest, data, size);
    sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
    fwrite(data, 1, size, file);
    fprintf(file, "sha256:%s\n", hex);
    fclose(file);
    if (roster_load(path, &roster, NULL)) {
        roster_find_address(roster, SLICE("10.1.2.3"), &hostnames);
        roster_find_token(roster, SLICE("secret"));
        roster_free(&roster);
    }
    unlink(path);
    return 0;
}
