#include "event/network.h"

#include <arpa/inet.h>

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

bool network_address_parse(struct slice text, struct network_address *out)
{
    char copy[INET6_ADDRSTRLEN];
    size_t len = slice_find_byte(text, '%');

    if (len == 0 || len >= sizeof copy)
        return false;
    memcpy(copy, text.data, len);
    copy[len] = '\0';
    if (inet_pton(AF_INET, copy, out->bytes + 12) == 1) {
        memcpy(out->bytes, mapped, sizeof mapped);
        return true;
    }
    return inet_pton(AF_INET6, copy, out->bytes) == 1;
}

bool network_parse(struct slice text, struct network *out)
{
    size_t slash = slice_find_byte(text, '/');
    struct slice address = slice_cut(text, 0, slash);
    bool v4 = slice_find_byte(address, ':') == address.len;
    uint64_t bits = v4 ? 32 : 128;

    if (!network_address_parse(address, &out->base))
        return false;
    if (slash < text.len &&
        (!slice_to_u64(slice_after(text, slash + 1), &bits) || bits > (v4 ? 32 : 128)))
        return false;
    out->bits = (unsigned)bits + (v4 ? 96 : 0);
    for (unsigned bit = out->bits; bit < 128; bit++)
        out->base.bytes[bit / 8] &= (uint8_t)~(0x80u >> (bit % 8));
    return true;
}

bool network_holds(const struct network *network, const struct network_address *address)
{
    unsigned whole = network->bits / 8, rest = network->bits % 8;

    if (memcmp(network->base.bytes, address->bytes, whole) != 0)
        return false;
    if (rest == 0)
        return true;
    uint8_t mask = (uint8_t)(0xff00u >> rest);
    return (network->base.bytes[whole] & mask) == (address->bytes[whole] & mask);
}
