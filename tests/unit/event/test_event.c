#include "event/alert.h"
#include "event/batch.h"
#include "test.h"

TEST("an event's id is printed and read back; others are refused") {
    struct event_id id = { .day = 20261124, .class = "standard", .sequence = 184 }, back;
    char text[EVENT_ID_TEXT];
    static const char *const bad[] = {
        "", "20261124", "20261124.standard", "20261124.standard.0", "20261124.standard.-1",
        "2026112.standard.1", "20261124.Standard.1", "20261124.../x.1", "20261124.a.1.2",
        "20261124.aaaaaaaaaaaaaaaa.1", "20261124.standard.99999999999999999999999",
    };

    event_id_print(&id, text);
    CHECK_TEXT(text, "20261124.standard.184");
    CHECK(event_id_parse(slice_of(text), &back));
    CHECK_INT(back.day, 20261124);
    CHECK_TEXT(back.class, "standard");
    CHECK_INT(back.sequence, 184);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!event_id_parse(slice_of(bad[i]), &back));
}

TEST("alert levels have Sigma's names") {
    enum alert_level level;

    for (int i = LEVEL_INFORMATIONAL; i <= LEVEL_CRITICAL; i++) {
        CHECK(alert_level_parse(slice_of(alert_level_name((enum alert_level)i)), &level));
        CHECK_INT(level, i);
    }
    CHECK(!alert_level_parse(SLICE("severe"), &level));
}

TEST("a batch is full at its number of events or of bytes") {
    struct batch *batch = batch_new("standard", 1);

    for (unsigned i = 0; i < BATCH_EVENTS; i++)
        CHECK(batch_add(batch) != NULL);
    CHECK(batch_full(batch));
    CHECK(batch_add(batch) == NULL);
    batch_free(&batch);
    batch = batch_new("standard", 1);
    CHECK(batch_add(batch) != NULL);
    batch->raw_bytes = BATCH_BYTES;
    CHECK(batch_add(batch) == NULL);
    batch_free(&batch);
    CHECK(batch == NULL);
}

TEST("counters of many sources keep their values while the list grows") {
    struct batch *batch = batch_new("standard", 1);
    char name[8];

    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 100; i++) {
            name[0] = (char)('a' + i / 10);
            name[1] = (char)('0' + i % 10);
            batch_count(batch, slice_from(name, 2))->received += (uint64_t)i;
        }
    CHECK_INT(batch->count_count, 100);
    for (uint32_t i = 0; i < 100; i++)
        CHECK_INT(batch->counts[i].received, 2 * i);
    CHECK_INT(batch_count(batch, SLICE(""))->received, 0);
    batch_free(&batch);
}

static int told;

static void stored(struct batch *batch, const struct error *error)
{
    told += error ? 10 : 1;
    batch_free(&batch);
}

TEST("finishing a batch tells its owner once, or frees it") {
    struct batch *batch = batch_new("standard", 1);
    struct error e = { .set = true };

    batch_finish(batch, NULL);
    batch = batch_new("standard", 1);
    batch->stored = stored;
    batch_finish(batch, NULL);
    CHECK_INT(told, 1);
    batch = batch_new("standard", 1);
    batch->stored = stored;
    batch_finish(batch, &e);
    CHECK_INT(told, 11);
}
