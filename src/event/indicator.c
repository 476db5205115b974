#include "event/indicator.h"

#include <arpa/inet.h>
#include <stdio.h>

static const char *const type_names[INDICATOR_TYPES] = { "address", "network", "domain", "url",
                                                         "email", "md5", "sha1", "sha256" };

const char *indicator_type_name(enum indicator_type type)
{
    return (unsigned)type < INDICATOR_TYPES ? type_names[type] : "unknown";
}

bool indicator_type_parse(struct slice name, enum indicator_type *type_out)
{
    for (unsigned i = 0; i < INDICATOR_TYPES; i++)
        if (slice_equal_nocase(name, slice_of(type_names[i]))) {
            *type_out = (enum indicator_type)i;
            return true;
        }
    return false;
}

static const char *const tlp_names[TLPS] = { "clear", "green", "amber", "amber+strict", "red" };

const char *indicator_tlp_name(enum indicator_tlp tlp)
{
    return (unsigned)tlp < TLPS ? tlp_names[tlp] : "clear";
}

bool indicator_tlp_parse(struct slice name, enum indicator_tlp *tlp_out)
{
    if (slice_equal_nocase(slice_cut(name, 0, 4), SLICE("tlp:")))
        name = slice_after(name, 4);
    if (slice_equal_nocase(name, SLICE("white")))
        name = SLICE("clear");
    for (unsigned i = 0; i < TLPS; i++)
        if (slice_equal_nocase(name, slice_of(tlp_names[i]))) {
            *tlp_out = (enum indicator_tlp)i;
            return true;
        }
    return false;
}

/* ---- pieces -------------------------------------------------------------------------------------- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* A digit's value with a bit above; 0: no digit. */
#define DIGIT 0x10
static const uint8_t hex_digits[256] = {
    ['0'] = 0x10, ['1'] = 0x11, ['2'] = 0x12, ['3'] = 0x13, ['4'] = 0x14, ['5'] = 0x15,
    ['6'] = 0x16, ['7'] = 0x17, ['8'] = 0x18, ['9'] = 0x19, ['a'] = 0x1a, ['b'] = 0x1b,
    ['c'] = 0x1c, ['d'] = 0x1d, ['e'] = 0x1e, ['f'] = 0x1f, ['A'] = 0x1a, ['B'] = 0x1b,
    ['C'] = 0x1c, ['D'] = 0x1d, ['E'] = 0x1e, ['F'] = 0x1f,
};

bool indicator_digest(struct slice hex, uint8_t out[32], enum indicator_type *type_out)
{
    switch (hex.len) {
    case 32: *type_out = INDICATOR_TYPE_MD5; break;
    case 40: *type_out = INDICATOR_TYPE_SHA1; break;
    case 64: *type_out = INDICATOR_TYPE_SHA256; break;
    default: return false;
    }
    unsigned all = DIGIT;
    for (size_t i = 0; i < hex.len; i += 2) {
        unsigned high = hex_digits[(uint8_t)hex.data[i]], low = hex_digits[(uint8_t)hex.data[i + 1]];
        all &= high & low;
        out[i / 2] = (uint8_t)(high << 4 | (low & 15));
    }
    return all != 0;
}

/* RFC 1035 §2.3.4 for the lengths; '_' stands in real names, bytes above 127 in IDNs not yet encoded. */
bool indicator_host(struct slice text, char *out, size_t *len_out)
{
    size_t label = 0, labels = 1, len = text.len;
    bool digits = true; /* the last label alone */
    if (len && text.data[len - 1] == '.')
        len--;
    if (len < 3 || len > 253)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = lower(text.data[i]);
        bool digit = c >= '0' && c <= '9';
        out[i] = c;
        if (c == '.') {
            if (label == 0 || text.data[i - 1] == '-')
                return false;
            label = 0;
            labels++;
            digits = true;
            continue;
        }
        if (!digit && !(c >= 'a' && c <= 'z') && c != '_' && (unsigned char)c < 0x80 &&
            (c != '-' || label == 0))
            return false;
        digits = digits && digit;
        if (++label > 63)
            return false;
    }
    *len_out = len;
    return labels > 1 && label > 0 && out[len - 1] != '-' && !digits;
}

static const struct { const char *name, *port; } schemes[] = {
    { "http", "80" }, { "https", "443" }, { "ftp", "21" }, { "ftps", "990" }, { "tcp", "" },
    { "ws", "80" }, { "wss", "443" }, { "udp", "" },
};

/* Cuts "http://" off; its own port, "" when it has none, NULL when there is no scheme we know. */
static const char *cut_scheme(struct slice *text)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t len = strlen(schemes[i].name);
        if (text->len > len + 3 && memcmp(text->data + len, "://", 3) == 0 &&
            slice_equal_nocase(slice_cut(*text, 0, len), slice_of(schemes[i].name))) {
            *text = slice_after(*text, len + 3);
            return schemes[i].port;
        }
    }
    return NULL;
}

bool indicator_url(struct slice text, char *out, size_t *len_out, struct slice *host_out)
{
    const char *own = cut_scheme(&text);
    size_t end = 0, len = 0;
    text = slice_cut(text, 0, slice_find_byte(text, '#'));
    while (text.len && slice_trim(slice_after(text, text.len - 1)).len == 0)
        text.len--;
    while (end < text.len && text.data[end] != '/' && text.data[end] != '?')
        end++;
    struct slice place = slice_cut(text, 0, end), rest = slice_after(text, end), port = SLICE_NONE;
    if ((!own && !rest.len) || text.len + 1 > INDICATOR_VALUE_MOST)
        return false;
    size_t at = place.len;
    while (at && place.data[at - 1] != '@')
        at--;
    place = slice_after(place, at);
    struct slice host = place;
    if (place.len && place.data[0] == '[') { /* RFC 3986 §3.2.2: IPv6 in brackets */
        size_t close = slice_find_byte(place, ']');
        host = slice_cut(place, 1, close);
        port = slice_after(place, close + 1);
        if (port.len && port.data[0] != ':')
            return false;
        port = slice_after(port, 1);
    } else {
        host = slice_cut(place, 0, slice_find_byte(place, ':'));
        port = slice_after(place, host.len + 1);
    }
    struct network_address address;
    if (network_address_parse(host, &address)) {
        bool brackets = place.data[0] == '[';
        len = (size_t)snprintf(out, INDICATOR_VALUE_MOST, brackets ? "[%.*s]" : "%.*s",
                               SLICE_ARGS(host));
        *host_out = slice_from(out + brackets, host.len);
    } else if (indicator_host(host, out, &len)) {
        *host_out = slice_from(out, len);
    } else {
        return false;
    }
    uint64_t number = 0;
    char figures[8];
    if (port.len && (!slice_to_u64(port, &number) || number > 65535))
        return false;
    snprintf(figures, sizeof figures, ":%u", (unsigned)number); /* "0080" is 80 */
    if (port.len && !(own && strcmp(figures + 1, own) == 0))
        len += (size_t)snprintf(out + len, sizeof figures, "%s", figures);
    if (!rest.len || rest.data[0] == '?')
        out[len++] = '/';
    if (len + rest.len > INDICATOR_VALUE_MOST)
        return false;
    if (rest.len)
        memcpy(out + len, rest.data, rest.len);
    *len_out = len + rest.len;
    return true;
}

static bool read_email(struct slice text, char *out, size_t *len_out)
{
    size_t at = slice_find_byte(text, '@'), host;
    if (at == 0 || at > 64 || at >= text.len)
        return false;
    for (size_t i = 0; i < at; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c <= ' ' || strchr("<>()[],;:\\\"", c))
            return false;
        out[i] = lower((char)c);
    }
    out[at] = '@';
    if (!indicator_host(slice_after(text, at + 1), out + at + 1, &host))
        return false;
    *len_out = at + 1 + host;
    return true;
}

/* ---- reading ------------------------------------------------------------------------------------- */

/* "evil[.]example" → "evil.example", as analysts write it so that nobody clicks on it. */
static struct slice refang(struct slice text, char *out)
{
    static const struct { const char *from, *to; } pairs[] = {
        { "[.]", "." }, { "(.)", "." }, { "[dot]", "." }, { "(dot)", "." }, { "{.}", "." },
        { "[:]", ":" }, { "[://]", "://" }, { "[@]", "@" }, { "[at]", "@" }, { "(at)", "@" },
        { "[/]", "/" },
    };
    size_t len = 0;
    for (size_t i = 0; i < text.len;) {
        size_t k = 0, step = 0;
        if (!strchr("[({", text.data[i]))
            k = sizeof pairs / sizeof *pairs;
        for (; k < sizeof pairs / sizeof *pairs; k++) {
            step = strlen(pairs[k].from);
            if (slice_equal_nocase(slice_cut(text, i, i + step), slice_of(pairs[k].from)))
                break;
        }
        if (k == sizeof pairs / sizeof *pairs) {
            out[len++] = text.data[i++];
            continue;
        }
        memcpy(out + len, pairs[k].to, strlen(pairs[k].to));
        len += strlen(pairs[k].to);
        i += step;
    }
    struct slice all = slice_from(out, len);
    if (slice_equal_nocase(slice_cut(all, 0, 4), SLICE("hxxp")))
        memcpy(out, "http", 4);
    return all;
}

static bool put(struct indicator *out, enum indicator_type type, struct slice value,
                struct slice key, struct arena *arena, struct error *e)
{
    out->type = type;
    out->value = arena_copy(arena, value);
    out->key = key.data == value.data ? out->value : arena_copy(arena, key);
    return (out->value.data && out->key.data) || error_set(e, "not enough memory for the indicators");
}

static bool wants(enum indicator_type wanted, enum indicator_type type)
{
    return wanted == INDICATOR_TYPE_ANY || wanted == type;
}

static bool wants_address(enum indicator_type wanted)
{
    return wants(wanted, INDICATOR_TYPE_ADDRESS) || wanted == INDICATOR_TYPE_NETWORK;
}

static bool put_network(const struct network *network, struct indicator *out, struct arena *arena,
                        struct error *e)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    char text[INET6_ADDRSTRLEN + 8], key[17];
    bool v4 = network->bits >= 96 && memcmp(network->base.bytes, mapped, sizeof mapped) == 0;
    inet_ntop(v4 ? AF_INET : AF_INET6, network->base.bytes + (v4 ? 12 : 0), text,
              INET6_ADDRSTRLEN);
    key[0] = (char)network->bits;
    memcpy(key + 1, network->base.bytes, 16);
    if (network->bits == 128)
        return put(out, INDICATOR_TYPE_ADDRESS, slice_of(text), slice_from(key + 1, 16), arena, e);
    size_t len = strlen(text);
    snprintf(text + len, sizeof text - len, "/%u", network->bits - (v4 ? 96 : 0));
    return put(out, INDICATOR_TYPE_NETWORK, slice_of(text), slice_from(key, 17), arena, e);
}

static bool put_hash(struct slice text, const uint8_t *digest, enum indicator_type type,
                     struct indicator *out, struct arena *arena, struct error *e)
{
    char low[64];
    for (size_t i = 0; i < text.len; i++)
        low[i] = lower(text.data[i]);
    return put(out, type, slice_from(low, text.len), slice_from(digest, text.len / 2), arena, e);
}

/* "192.0.2.0/33" is a slip, no URL; where a URL is meant it is the rest of http://192.0.2.0/33. */
static bool is_bad_network(struct slice text)
{
    struct network_address address;
    uint64_t bits;
    size_t slash = slice_find_byte(text, '/');
    return network_address_parse(slice_cut(text, 0, slash), &address) &&
           slice_to_u64(slice_after(text, slash + 1), &bits);
}

bool indicator_read(struct slice text, enum indicator_type wanted, struct arena *arena,
                    struct indicator *out, struct error *e)
{
    char plain[INDICATOR_VALUE_MOST], value[INDICATOR_VALUE_MOST + 16];
    uint8_t digest[32];
    struct network network;
    struct slice shown = text = slice_trim(text), host;
    enum indicator_type type;
    size_t len;
    if (text.len >= 2 && (text.data[0] == '"' || text.data[0] == '\'') &&
        text.data[text.len - 1] == text.data[0])
        text = slice_cut(text, 1, text.len - 1);
    if (!text.len || text.len > INDICATOR_VALUE_MOST) {
        error_set(e, text.len ? "an indicator has at most %u characters" : "there is no value",
                  INDICATOR_VALUE_MOST);
        return error_kind(e, ERROR_INPUT);
    }
    for (size_t before = 0; text.len != before;) { /* "[[.]]" becomes "[.]" first */
        before = text.len;
        text = refang(text, plain);
    }
    if (wants_address(wanted) && network_parse(text, &network)) {
        if (network.bits == 0 || (network.bits == 96 && slice_find_byte(text, ':') == text.len)) {
            error_set(e, "the network %.*s holds every address", SLICE_ARGS(shown));
            return error_kind(e, ERROR_INPUT);
        }
        return put_network(&network, out, arena, e);
    }
    if (indicator_digest(text, digest, &type) && wants(wanted, type))
        return put_hash(text, digest, type, out, arena, e);
    if (wants(wanted, INDICATOR_TYPE_EMAIL) && read_email(text, value, &len))
        return put(out, INDICATOR_TYPE_EMAIL, slice_from(value, len), slice_from(value, len), arena,
                   e);
    if (wants(wanted, INDICATOR_TYPE_DOMAIN) && indicator_host(text, value, &len))
        return put(out, INDICATOR_TYPE_DOMAIN, slice_from(value, len), slice_from(value, len),
                   arena, e);
    if ((wanted == INDICATOR_TYPE_URL || (wanted == INDICATOR_TYPE_ANY && !is_bad_network(text))) &&
        indicator_url(text, value, &len, &host))
        return put(out, INDICATOR_TYPE_URL, slice_from(value, len), slice_from(value, len), arena,
                   e);
    if (wanted == INDICATOR_TYPE_ANY)
        error_set(e, "'%.*s' is no address, network, domain, URL, e-mail address or hash",
                  SLICE_ARGS(slice_cut(shown, 0, 100)));
    else
        error_set(e, "'%.*s' is not of the type '%s'", SLICE_ARGS(slice_cut(shown, 0, 100)),
                  indicator_type_name(wanted));
    return error_kind(e, ERROR_INPUT);
}

uint64_t indicator_hash(enum indicator_type type, struct slice key)
{
    uint64_t hash = 0;
    if (type >= INDICATOR_TYPE_MD5 && type < INDICATOR_TYPES) { /* a digest is spread already */
        memcpy(&hash, key.data, key.len < 8 ? key.len : 8);
        return indicator_hash_end(hash, type);
    }
    if (type <= INDICATOR_TYPE_NETWORK && key.len >= 16) {
        uint64_t high, low;
        memcpy(&high, key.data + key.len - 16, 8);
        memcpy(&low, key.data + key.len - 8, 8);
        hash = high * UINT64_C(0x9e3779b97f4a7c15) ^ low;
        return indicator_hash_end(indicator_hash_step(hash, (unsigned char)key.data[0] *
                                                                (key.len > 16)), type);
    }
    for (size_t i = key.len; i--;)
        hash = indicator_hash_step(hash, (unsigned char)key.data[i]);
    return indicator_hash_end(hash, type);
}
