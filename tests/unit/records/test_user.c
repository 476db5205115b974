#include "fixture.h"
#include "records/user.h"

static const struct actor admin = { .user = { "admin", 5 }, .role = ROLE_ADMIN };

static void add(struct records *records, const char *name, enum role role, const char *agency)
{
    struct error e = ERROR_NONE;
    struct records_user user = { .name = slice_of(name), .full_name = SLICE("Nguyễn Văn An"),
        .role = role, .agency = slice_of(agency) };
    CHECK(records_user_add(records, &admin, &user, SLICE("a long password"), &e));
}

TEST("a login gives a session that ends by logging out, disabling or time") {
    struct records *records = fixture();
    struct error e = ERROR_NONE;
    struct arena arena;
    arena_init(&arena, 0);
    add(records, "an", ROLE_AGENCY, "so-a");
    struct records_session s, again;
    for (int way = 0; way < 3; way++) {
        CHECK(records_session_open(records, SLICE("an"), SLICE("a long password"), SLICE("::1"),
                                   &arena, &s, &e));
        CHECK(records_session_get(records, slice_of(s.token), &arena, &again, &e));
        CHECK_SLICE(again.user.agency, "so-a");
        CHECK(records_session_csrf(&again, slice_of(s.csrf)));
        CHECK(!records_session_csrf(&again, SLICE("")));
        CHECK(!records_session_csrf(&again, slice_of(s.token)));
        if (way == 0) {
            CHECK(records_session_close(records, slice_of(s.token), &e));
        } else if (way == 1) {
            CHECK(records_user_disable(records, &admin, SLICE("an"), true, &e));
            CHECK(records_user_disable(records, &admin, SLICE("an"), false, &e));
        } else {
            clock_set(clock_now() + (RECORDS_SESSION_SECONDS + 1) * CLOCK_SECOND);
        }
        CHECK(!records_session_get(records, slice_of(s.token), &arena, &again, &e));
        CHECK_INT(e.kind, ERROR_FORBIDDEN);
        error_clear(&e);
    }
    CHECK(records_session_tidy(records, &e));
    arena_free(&arena);
    records_close(&records);
}

TEST("a wrong name, a wrong password and a disabled user get one sentence; ten of them a pause") {
    struct records *records = fixture();
    struct arena arena;
    arena_init(&arena, 0);
    add(records, "an", ROLE_LEAD, "");
    add(records, "binh", ROLE_LEAD, "");
    struct error none = ERROR_NONE;
    struct records_session s;
    CHECK(records_user_disable(records, &admin, SLICE("binh"), true, &none));
    static const char *const names[] = { "nobody", "an", "binh" };
    for (int i = 0; i < 3; i++) {
        struct error e = ERROR_NONE;
        CHECK(!records_session_open(records, slice_of(names[i]),
                                    i == 2 ? SLICE("a long password") : SLICE("wrong password"),
                                    SLICE("::1"), &arena, &s, &e));
        CHECK_INT(e.kind, ERROR_FORBIDDEN);
        CHECK_TEXT(e.sentence, "the name or the password is wrong");
    }
    for (int i = 0; i < RECORDS_LOGIN_FAILURES - 1; i++)
        records_session_open(records, SLICE("an"), SLICE("x"), SLICE("::1"), &arena, &s, NULL);
    struct error e = ERROR_NONE;
    CHECK(!records_session_open(records, SLICE("an"), SLICE("a long password"), SLICE("::1"),
                                &arena, &s, &e));
    CHECK_INT(e.kind, ERROR_BUSY);
    /* whoever guesses a name locks out his own address, not the user at another one */
    error_clear(&e);
    CHECK(records_session_open(records, SLICE("an"), SLICE("a long password"), SLICE("10.0.0.9"),
                               &arena, &s, &e));
    clock_set(clock_now() + (RECORDS_LOGIN_WINDOW + 1) * CLOCK_SECOND);
    CHECK(records_session_open(records, SLICE("an"), SLICE("a long password"), SLICE("::1"), &arena,
                               &s, &none));
    arena_free(&arena);
    records_close(&records);
}

TEST("users that cannot be are refused at their field") {
    struct records *records = fixture();
    static const struct {
        const char *name; enum role role; const char *agency, *password, *place;
    } cases[] = {
        { "A b", ROLE_LEAD, "", "a long password", "name" },
        { "an", ROLE_LEAD, "", "short", "password" },
        { "an", ROLE_AGENCY, "", "a long password", "agency" },
        { "an", ROLE_LEAD, "so-a", "a long password", "agency" },
        { "an", ROLE_AGENCY, "so-z", "a long password", "agency" },
        { "an", ROLE_SYSTEM, "", "a long password", "role" },
        { "an", ROLE_LEAD | ROLE_ADMIN, "", "a long password", "role" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error e = ERROR_NONE;
        struct records_user user = { .name = slice_of(cases[i].name), .full_name = SLICE("An"),
            .role = cases[i].role, .agency = slice_of(cases[i].agency) };
        CHECK(!records_user_add(records, &admin, &user, slice_of(cases[i].password), &e));
        CHECK_TEXT(e.place, cases[i].place);
    }
    struct error e = ERROR_NONE;
    CHECK(!records_user_disable(records, &admin, SLICE("admin"), true, &e));
    CHECK_ERROR(e, "nobody disables themselves");
    char one[RECORDS_PASSWORD_TEXT], two[RECORDS_PASSWORD_TEXT];
    records_password_make(one);
    records_password_make(two);
    CHECK(strlen(one) == 23 && strcmp(one, two) != 0);
    records_close(&records);
}
