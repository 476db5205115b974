/* network - Internet addresses and the networks they stand in.
 *
 * Good: deciding by address; IPv4 and IPv4-mapped IPv6 ("::ffff:192.0.2.1") are the same.
 * Never: names; no resolver is asked.
 */
#ifndef EVENT_NETWORK_H
#define EVENT_NETWORK_H

#include "base/slice.h"

struct network_address {
    uint8_t bytes[16];   /* IPv4 as ::ffff:a.b.c.d */
};

struct network {
    struct network_address base;
    unsigned bits;       /* 0..128, counted over the 16 bytes */
};

/* "192.0.2.1", "2001:db8::1", with a zone ("fe80::1%eth0": the zone is dropped). */
bool network_address_parse(struct slice text, struct network_address *out);
/* "192.0.2.0/24", "2001:db8::/32", a single address, "0.0.0.0/0" (IPv4 only), "::/0" (all). Bits
 * behind the prefix must be 0 or are cleared. */
bool network_parse(struct slice text, struct network *out);
bool network_holds(const struct network *network, const struct network_address *address);

#endif
