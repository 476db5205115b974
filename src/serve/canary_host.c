#include "serve/canary_host.h"

#include <sodium.h>
#include <string.h>

#define BEGIN "canary-"

void canary_host(const char *token, char host[CANARY_HOST])
{
    unsigned char digest[16];
    _Static_assert(sizeof BEGIN + 2 * sizeof digest == CANARY_HOST, "no room for the host name");
    crypto_generichash(digest, sizeof digest, (const unsigned char *)token, strlen(token), NULL, 0);
    memcpy(host, BEGIN, sizeof BEGIN);
    sodium_bin2hex(host + sizeof BEGIN - 1, 2 * sizeof digest + 1, digest, sizeof digest);
}
