#include "fixture.h"
#include "test.h"

static const struct plan_piece *piece_with(const struct plan *plan, const struct plan_coverage *c,
                                           const char *words)
{
    for (uint32_t i = 0; i < c->piece_count; i++) {
        struct slice text = slice_cut(plan->text, c->pieces[i].from, c->pieces[i].to);
        if (slice_find(text, slice_of(words)) < text.len)
            return &c->pieces[i];
    }
    return NULL;
}

TEST("every letter of the plan of 2019 is ordered by an obligation or stands aside") {
    struct plan *plan;
    struct plan_coverage c;
    struct error e = ERROR_NONE;
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    CHECK(plan_load(PLAN_802, NULL, &plan, &e));
    CHECK(plan_cover(plan, &arena, &c, &e));
    CHECK_INT(c.sentences_missed, 0);
    CHECK_INT(c.missed, 0);
    CHECK(c.sentence_count > 60);
    CHECK(c.covered > c.aside);
    plan_free(&plan);
}

TEST("pieces are the whole text in order") {
    struct plan *plan = plan_small(NULL, NULL, NULL);
    struct plan_coverage c;
    struct error e = ERROR_NONE;
    size_t at = 0;
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    CHECK(plan_cover(plan, &arena, &c, &e));
    for (uint32_t i = 0; i < c.piece_count; i++) {
        CHECK_INT(c.pieces[i].from, at);
        at = c.pieces[i].to;
    }
    CHECK_INT(at, plan->text.len);
    plan_free(&plan);
}

TEST("a quote covers its words over a page break and Markdown; what nobody quotes is missed") {
    struct plan *plan = plan_small(NULL, NULL, NULL);
    struct plan_coverage c;
    struct error e = ERROR_NONE;
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    CHECK(plan_cover(plan, &arena, &c, &e));
    const struct plan_piece *p = piece_with(plan, &c, "lamp");
    CHECK(p && p->kind == PLAN_COVERED && p->obligation_count == 1);
    CHECK_SLICE(p->obligations[0]->id, "I.1.a");
    p = piece_with(plan, &c, "that it burns");
    CHECK(p && p->kind == PLAN_COVERED);
    p = piece_with(plan, &c, "Purpose");
    CHECK(p && p->kind == PLAN_ASIDE);
    p = piece_with(plan, &c, "Nobody");
    CHECK(p && p->kind == PLAN_MISSED);
    CHECK_INT(c.sentences_missed, 1);
    CHECK_INT(c.sentences_covered, 1);
    CHECK_INT(c.sentences_aside, 3);
    plan_free(&plan);
}

TEST("a quote that covers half a sentence leaves the other half missed") {
    struct plan *plan = plan_small(NULL, "      - and report each oil that it burns.\n",
                                   "      - and report\n");
    struct plan_coverage c;
    struct error e = ERROR_NONE;
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    CHECK(plan_cover(plan, &arena, &c, &e));
    CHECK_INT(c.sentences_missed, 2);
    plan_free(&plan);
}

TEST("decomposed letters match composed ones") {
    ARENA_AUTO arena;
    size_t from, to;
    bool again;
    arena_init(&arena, 0);
    struct plan_text *text = plan_text_fold(SLICE("x Kha\xcc\x81nh  **Ho\xcc\x80" "a** y"), &arena);
    CHECK(plan_text_find(text, SLICE("Kh\xc3\xa1nh H\xc3\xb2" "a"), SLICE_NONE, &arena, &from, &to,
                         &again));
    CHECK_INT(from, 2);
    CHECK(!again);
    CHECK(!plan_text_find(text, SLICE("Khanh"), SLICE_NONE, &arena, &from, &to, &again));
}
