/* Whole records through every decoder of decoders/ (found beside the place this runs in). The first
 * byte chooses the hint; of what begins with '#' the last line is the record and the others its file's.
 * Fields must be UTF-8, raw untouched. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/fold.h"
#include "event/decoder.h"

static struct decoders *load(void)
{
    static struct decoders *set;
    static const char *const places[] = { "decoders", "../decoders", "../../decoders" };

    for (size_t i = 0; !set && i < sizeof places / sizeof *places; i++)
        decoders_load(places[i], &set, NULL);
    if (!set)
        decoders_load(getenv("HAIDANG_DECODERS") ? getenv("HAIDANG_DECODERS") : ".", &set, NULL);
    return set;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    struct w3c_header header = { .heard = false };
    struct decoder_hint hint = { .zone = CLOCK_ZONE, .header = &header };
    struct decoders *set = load();

    arena_init(&arena, 64u * 1024 * 1024);
    if (!set || size == 0)
        return 0;
    hint.syslog = data[0] & 1;
    if (data[0] & 2)
        hint.decoder = decoders_info(set, data[0] / 4 % decoders_count(set)).name;
    struct slice raw = slice_from(data + 1, size - 1), rest = raw;
    bool begin = slice_starts(raw, SLICE("#"));
    for (bool first = true; begin && slice_split(&rest, '\n', &raw); first = false)
        w3c_header_line(&header, raw, first);
    struct event event = { .raw = raw, .received = clock_now() };
    decoder_decode(set, &event, &arena, &hint);
    for (uint32_t i = 0; i < event.field_count; i++)
        if (!fold_is_utf8(event.fields[i].value) || !fold_is_utf8(event.fields[i].name))
            abort();
    if (!slice_equal(event.raw, raw) || event.raw.data != raw.data)
        abort();
    return 0;
}
