/* indicator - a threat indicator's value, brought to the one form in which it is kept and compared.
 *
 * Whoever reads feeds, compares events or keeps lists goes through indicator_read, so that
 * "hxxp://Evil[.]example:80/a#x", "http://evil.example/a" and "evil.example/a" are one.
 *   address  192.0.2.1, 2001:db8::1 (an IPv4-mapped one is the IPv4 address)
 *   network  192.0.2.0/24; one that holds a single address becomes that address
 *   domain   lower case, no dot at the end, at least two labels; its sub-domains are meant too
 *   url      host[:port]/path?query: no scheme (senders often leave it out), no user, no fragment,
 *            no port that is the scheme's own
 *   email    lower case
 *   md5 sha1 sha256   lower-case hex
 * Good: any thread.  Never: a value that was not read here put in a table.
 */
#ifndef EVENT_INDICATOR_H
#define EVENT_INDICATOR_H

#include "base/arena.h"
#include "base/error.h"
#include "event/network.h"

enum indicator_type {
    INDICATOR_TYPE_ADDRESS, INDICATOR_TYPE_NETWORK, INDICATOR_TYPE_DOMAIN, INDICATOR_TYPE_URL,
    INDICATOR_TYPE_EMAIL, INDICATOR_TYPE_MD5, INDICATOR_TYPE_SHA1, INDICATOR_TYPE_SHA256,
    INDICATOR_TYPES,
    INDICATOR_TYPE_ANY = INDICATOR_TYPES
};

/* "address", "network", … */
const char *indicator_type_name(enum indicator_type type);
bool indicator_type_parse(struct slice name, enum indicator_type *type_out);

enum indicator_tlp { TLP_CLEAR, TLP_GREEN, TLP_AMBER, TLP_AMBER_STRICT, TLP_RED, TLPS };

/* "clear", "green", "amber", "amber+strict", "red" (FIRST, TLP 2.0). */
const char *indicator_tlp_name(enum indicator_tlp tlp);
/* With or without "TLP:", in any case; "white" is clear. */
bool indicator_tlp_parse(struct slice name, enum indicator_tlp *tlp_out);

#define INDICATOR_VALUE_MOST 2048u
#define INDICATOR_KEY_MOST INDICATOR_VALUE_MOST

struct indicator {
    enum indicator_type type;
    struct slice value;      /* its one form, for people */
    struct slice key;        /* its bytes for comparing: 16 of an address, 1 + 16 of a network (bits
                              * first), the digest of a hash, else the value */
};

/* Reads a value as it stands in feeds: blanks, quotes and "defanging" (hxxp, [.], (.), [:], [at], [@])
 * are taken away. wanted INDICATOR_TYPE_ANY: whatever it is; ADDRESS and NETWORK are taken for each
 * other. The result is the arena's. False: ERROR_INPUT, with the reason. */
bool indicator_read(struct slice text, enum indicator_type wanted, struct arena *arena,
                    struct indicator *out, struct error *e);

/* The same pieces for events, without an arena: false when it is none. out has INDICATOR_VALUE_MOST
 * bytes. */
bool indicator_host(struct slice text, char *out, size_t *len_out);
bool indicator_url(struct slice text, char *out, size_t *len_out, struct slice *host_out);
/* The digest of `hex` (32, 40 or 64 digits). */
bool indicator_digest(struct slice hex, uint8_t out[32], enum indicator_type *type_out);

/* ---- hashes: one pass from the end, so that each sub-domain's falls out on the way --------------- */

static inline uint64_t indicator_hash_step(uint64_t hash, unsigned char byte)
{
    return (hash + byte + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static inline uint64_t indicator_hash_end(uint64_t hash, enum indicator_type type)
{
    hash ^= hash >> 32;
    hash = (hash + (uint64_t)type + 1) * UINT64_C(0xd6e8feb86659fd93);
    return hash ^ hash >> 29;
}

uint64_t indicator_hash(enum indicator_type type, struct slice key);

#endif
