#include "fixture.h"

#include "records/audit.h"
#include "records/saved_search.h"
#include "records/user.h"

static const struct actor lan = { .user = { "lan", 3 }, .role = ROLE_LEAD };
static const struct actor son = { .user = { "son", 3 }, .role = ROLE_RESPONDER };
static const struct actor mai = { .user = { "mai", 3 }, .role = ROLE_AGENCY, .agency = { "so-a", 4 } };
static const struct actor tam = { .user = { "tam", 3 }, .role = ROLE_AGENCY, .agency = { "so-a", 4 } };
static const struct actor cuc = { .user = { "cuc", 3 }, .role = ROLE_AGENCY, .agency = { "so-b", 4 } };

static struct records *people(void)
{
    static const struct actor *const all[] = { &lan, &son, &mai, &tam, &cuc };
    struct records *records = fixture();
    struct error e = ERROR_NONE;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct records_user user = { .name = all[i]->user, .full_name = SLICE("Nguyễn Thị Lan"),
            .role = all[i]->role, .agency = all[i]->agency };
        CHECK(records_user_add(records, &ACTOR_SYSTEM, &user, SLICE("a long password"), &e));
    }
    return records;
}

static int64_t keep(struct records *records, const struct actor *actor, const char *name, bool shared)
{
    struct error e = ERROR_NONE;
    int64_t id = 0;
    struct records_saved_search search = { .name = slice_of(name), .query = SLICE("failed | count"),
                                           .minutes = 1440, .shared = shared };
    CHECK(records_saved_search_put(records, actor, &search, &id, &e));
    return id;
}

static uint32_t count(struct records *records, const struct actor *actor)
{
    struct error e = ERROR_NONE;
    struct records_saved_search *rows;
    uint32_t found;
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    CHECK(records_saved_search_list(records, actor, &arena, &rows, &found, &e));
    return found;
}

TEST("a saved search is seen by its owner, and when shared by those who see the same events") {
    struct records *records = people();
    keep(records, &lan, "Đêm qua", false);
    keep(records, &lan, "Dò mật khẩu", true);
    keep(records, &mai, "Của đơn vị", true);
    keep(records, &mai, "Riêng tôi", false);
    CHECK_INT(count(records, &lan), 2);
    CHECK_INT(count(records, &son), 1);
    CHECK_INT(count(records, &mai), 2);
    CHECK_INT(count(records, &tam), 1);
    CHECK_INT(count(records, &cuc), 0);
    records_close(&records);
}

TEST("only the owner changes or drops a saved search, and each time stands in the audit log") {
    struct records *records = people();
    struct error e = ERROR_NONE;
    ARENA_AUTO arena;
    struct records_saved_search search;
    struct records_audit_list list;
    int64_t id = keep(records, &mai, "Của đơn vị", true), same;
    arena_init(&arena, 0);
    CHECK(records_saved_search_get(records, &tam, id, &arena, &search, &e));
    CHECK_SLICE(search.owner, "mai");
    CHECK(!records_saved_search_put(records, &tam, &search, &same, &e));
    CHECK_INT(e.kind, ERROR_FORBIDDEN);
    error_clear(&e);
    CHECK(!records_saved_search_drop(records, &cuc, id, &e));
    CHECK_INT(e.kind, ERROR_NOT_FOUND);
    error_clear(&e);
    search.name = SLICE("Tên khác");
    search.shared = false;
    CHECK(records_saved_search_put(records, &mai, &search, &same, &e));
    CHECK_INT(same, id);
    CHECK_INT(count(records, &tam), 0);
    struct records_saved_search again = { .name = search.name, .query = SLICE("x"), .minutes = 15 };
    CHECK(!records_saved_search_put(records, &mai, &again, &same, &e));
    CHECK_INT(e.kind, ERROR_CONFLICT);
    error_clear(&e);
    CHECK(records_saved_search_drop(records, &mai, id, &e));
    CHECK_INT(count(records, &mai), 0);
    char object[40];
    snprintf(object, sizeof object, "search:%lld", (long long)id);
    struct records_audit_filter filter = { .object = slice_of(object) };
    struct records_page page = { 0 };
    CHECK(records_audit_list(records, &RECORDS_SCOPE_ALL, &filter, &page, &arena, &list, &e));
    CHECK_INT(list.total, 3);
    CHECK_SLICE(list.rows[0].action, "search.drop");
    CHECK_SLICE(list.rows[2].user, "mai");
    records_close(&records);
}
