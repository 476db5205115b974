/* Whole records through every decoder of decoders/ (found beside the place this runs in). The first
 * byte chooses the hint. Fields must be UTF-8, raw untouched. */
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
    struct decoder_hint hint = { .zone = CLOCK_ZONE };
    struct decoders *set = load();

    arena_init(&arena, 64u * 1024 * 1024);
    if (!set || size == 0)
        return 0;
    hint.syslog = data[0] & 1;
    if (data[0] & 2)
        hint.decoder = decoders_info(set, data[0] / 4 % decoders_count(set)).name;
    struct event event = { .raw = slice_from(data + 1, size - 1), .received = clock_now() };
    decoder_decode(set, &event, &arena, &hint);
    for (uint32_t i = 0; i < event.field_count; i++)
        if (!fold_is_utf8(event.fields[i].value))
            abort();
    if (event.raw.len != size - 1)
        abort();
    return 0;
}
