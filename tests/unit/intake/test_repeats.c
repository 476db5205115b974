#include <stdlib.h>

#include "intake/repeats.h"
#include "test.h"

static struct batch_mark part(struct batch_mark mark, uint32_t first, uint32_t count)
{
    mark.first = first;
    mark.count = count;
    return mark;
}

TEST("a mark is new, then on its way, then known with its answer")
{
    struct repeats *r = repeats_new();
    struct repeats_known known;
    struct batch_mark mark = repeats_mark(SLICE("so-a"), SLICE("b1"), 0);
    struct batch_mark other = repeats_mark(SLICE("so-b"), SLICE("b1"), 0);
    CHECK_INT(repeats_begin(r, &mark, &known), REPEAT_NEW);
    CHECK_INT(repeats_begin(r, &mark, &known), REPEAT_ON_ITS_WAY);
    CHECK_INT(repeats_begin(r, &other, &known), REPEAT_NEW);
    repeats_end(r, &mark, true, 7, SLICE("answer"));
    CHECK_INT(repeats_begin(r, &mark, &known), REPEAT_STORED);
    CHECK_INT(known.count, 7);
    CHECK_SLICE(known.answer, "answer");
    repeats_known_free(&known);
    repeats_free(&r);
}

TEST("what failed half-way is taken on from where it was, in this process or after a kill")
{
    struct repeats *r = repeats_new();
    struct repeats_known known;
    struct batch_mark mark = repeats_mark(SLICE("so-a"), SLICE("b1"), 0);
    struct batch_mark stored = part(mark, 10, 5);
    CHECK_INT(repeats_begin(r, &mark, &known), REPEAT_NEW);
    repeats_stored(r, &stored);
    repeats_end(r, &mark, false, 0, SLICE_NONE);
    CHECK_INT(repeats_begin(r, &mark, &known), REPEAT_PARTLY);
    CHECK_INT(known.part_count, 1);
    CHECK_INT(known.parts[0].first, 10);
    CHECK_INT(known.parts[0].count, 5);
    repeats_known_free(&known);
    repeats_free(&r);
    r = repeats_new(); /* the archive tells */
    repeats_stored(r, &stored);
    CHECK_INT(repeats_begin(r, &mark, &known), REPEAT_PARTLY);
    repeats_known_free(&known);
    repeats_free(&r);
}

TEST("of a stream the last place is known: earlier ones are stored, later ones new")
{
    struct repeats *r = repeats_new();
    struct repeats_known known;
    struct batch_mark at100 = repeats_mark(SLICE("tram"), SLICE("s"), 100);
    struct batch_mark at50 = repeats_mark(SLICE("tram"), SLICE("s"), 50);
    struct batch_mark at120 = repeats_mark(SLICE("tram"), SLICE("s"), 120);
    struct batch_mark stored = part(at100, 0, 20);
    repeats_stored(r, &stored);
    CHECK_INT(repeats_begin(r, &at50, &known), REPEAT_STORED);
    CHECK_INT(repeats_begin(r, &at100, &known), REPEAT_PARTLY);
    CHECK_INT(known.parts[0].count, 20);
    repeats_known_free(&known);
    repeats_end(r, &at100, true, 20, SLICE_NONE);
    CHECK_INT(repeats_begin(r, &at100, &known), REPEAT_PARTLY); /* sent again, perhaps with more behind */
    repeats_known_free(&known);
    repeats_end(r, &at100, true, 20, SLICE_NONE);
    CHECK_INT(repeats_begin(r, &at120, &known), REPEAT_NEW);
    CHECK_INT(repeats_begin(r, &at100, &known), REPEAT_ON_ITS_WAY);
    repeats_end(r, &at120, true, 3, SLICE_NONE);
    CHECK_INT(repeats_begin(r, &at100, &known), REPEAT_STORED);
    repeats_free(&r);
}

TEST("of a stream without numbers the parts of the last request are known, in order")
{
    struct repeats *r = repeats_new();
    struct repeats_known known;
    struct batch_mark mark = repeats_checked(SLICE("may"), SLICE("s=1")), other;
    struct batch_mark numbered = repeats_mark(SLICE("may"), SLICE("s=1"), 0);
    other = part(mark, 0, 10);
    other.check[3] = 7;
    CHECK_INT(repeats_begin(r, &mark, &known), REPEAT_NEW);
    CHECK_INT(repeats_begin(r, &mark, &known), REPEAT_NEW); /* nobody is told to wait */
    const struct batch_mark stored[] = { other, part(mark, 10, 5), part(mark, 15, 5) };
    for (size_t i = 0; i < 3; i++)
        repeats_stored(r, &stored[i]);
    repeats_end(r, &mark, true, 20, SLICE("answer"));
    CHECK_INT(repeats_begin(r, &mark, &known), REPEAT_PARTLY);
    CHECK_INT(known.part_count, 3);
    CHECK_INT(known.parts[0].check[3], 7);
    CHECK_INT(known.parts[2].first, 15);
    repeats_known_free(&known);
    CHECK_INT(repeats_begin(r, &numbered, &known), REPEAT_NEW); /* another kind */
    other = part(mark, 10, 2); /* the second request was another from there on */
    repeats_stored(r, &other);
    CHECK_INT(repeats_begin(r, &mark, &known), REPEAT_PARTLY);
    CHECK_INT(known.part_count, 2);
    CHECK_INT(known.parts[1].count, 2);
    repeats_known_free(&known);
    repeats_free(&r);
}

TEST("the oldest marks are forgotten, a stream is not for all the others' marks")
{
    struct repeats *r = repeats_new();
    struct repeats_known known;
    struct batch_mark stream = repeats_mark(SLICE("tram"), SLICE("s"), 9);
    struct batch_mark first = repeats_mark(SLICE("so-a"), SLICE("first"), 0);
    struct batch_mark stored = part(stream, 0, 4);
    repeats_stored(r, &stored);
    CHECK_INT(repeats_begin(r, &first, &known), REPEAT_NEW);
    repeats_end(r, &first, true, 1, SLICE("x"));
    for (unsigned i = 0; i < REPEATS_MOST; i++) {
        struct batch_mark mark = repeats_mark(slice_from(&i, sizeof i), SLICE("m"), 0);
        CHECK_INT(repeats_begin(r, &mark, &known), REPEAT_NEW);
        repeats_end(r, &mark, true, 1, SLICE("x"));
    }
    CHECK_INT(repeats_begin(r, &first, &known), REPEAT_NEW);
    CHECK_INT(repeats_begin(r, &stream, &known), REPEAT_PARTLY);
    repeats_known_free(&known);
    repeats_free(&r);
}
