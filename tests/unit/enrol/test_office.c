#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "enrol/office.h"
#include "records/agency.h"
#include "records/alert.h"
#include "records/source.h"
#include "records/system.h"
#include "test.h"

#define SOURCE "so-a.cong.web"

struct stage {
    struct records *records;
    struct office *office;
    struct arena arena;
};

static void begin(struct stage *s, const char *syslog_port)
{
    struct error e = ERROR_NONE;
    enum records_change change;
    struct records_agency agency = { .key = SLICE("so-a"), .name = SLICE("Sở A"), .kind = SLICE("so") };
    struct records_system system = { .key = SLICE("so-a.cong"), .name = SLICE("Cổng"),
                                     .agency = SLICE("so-a"), .dossier = SLICE("none") };
    struct records_source source = { .key = SLICE(SOURCE), .name = SLICE("web"), .kind = SLICE("http"),
                                     .system = SLICE("so-a.cong"), .enabled = true };
    struct office_options options = { .secrets = test_folder(), .templates = PROJECT_ROOT "/enrol",
                                      .trust = "", .name = "hub.example",
                                      .syslog_tls_port = syslog_port, .https_port = "",
                                      .console = "https://hub.example" };
    arena_init(&s->arena, 0);
    CHECK(records_open(file_join(&s->arena, test_folder(), "r.db"), RECORDS_WRITE, &s->records, &e));
    CHECK(records_agency_put(s->records, &ACTOR_SYSTEM, &agency, &change, &e));
    CHECK(records_system_put(s->records, &ACTOR_SYSTEM, &system, &change, &e));
    CHECK(records_source_put(s->records, &ACTOR_SYSTEM, &source, &change, &e));
    CHECK(office_open(&options, &s->office, &e));
}

static void end(struct stage *s)
{
    office_close(&s->office);
    records_close(&s->records);
    arena_free(&s->arena);
}

static uint32_t certificates(struct stage *s, struct records_certificate **rows)
{
    struct records_holder holder = { false, SLICE(SOURCE) };
    uint32_t count = 0;
    struct error e = ERROR_NONE;
    CHECK(records_certificate_list(s->records, &RECORDS_SCOPE_ALL, &holder, &s->arena, rows, &count, &e));
    return count;
}

TEST("a package with a key registers its certificate; one with a code registers nothing yet")
{
    struct stage s;
    struct office_package package;
    struct records_certificate *rows;
    struct error e = ERROR_NONE;
    struct office_wish wish = { .holder = { false, SLICE(SOURCE) }, .with_key = true, .days = 40 };
    begin(&s, "6514");
    CHECK(office_package(s.office, s.records, &ACTOR_SYSTEM, &wish, &s.arena, &package, &e));
    CHECK(package.password.len >= 20 && package.code_until == 0);
    CHECK_INT(certificates(&s, &rows), 1);
    CHECK(slice_equal(rows[0].sha256, package.sha256));
    CHECK_TEXT(records_certificate_state(&rows[0], clock_now()), "active");
    CHECK_TEXT(records_certificate_state(&rows[0], clock_now() + 20 * CLOCK_DAY), "ending");
    CHECK_TEXT(records_certificate_state(&rows[0], clock_now() + 41 * CLOCK_DAY), "ended");
    wish.with_key = false;
    CHECK(office_package(s.office, s.records, &ACTOR_SYSTEM, &wish, &s.arena, &package, &e));
    CHECK(package.password.len == 0 && package.code_until > clock_now() + 6 * CLOCK_DAY);
    CHECK_INT(certificates(&s, &rows), 1);
    end(&s);
}

TEST("what cannot be is refused: no such source, no listener, wrong days, a strange folder")
{
    static const struct {
        const char *key, *port, *folder;
        int64_t days;
        const char *sentence;
    } rows[] = {
        { "nobody", "6514", NULL, 0, "there is no source" },
        { SOURCE, "", NULL, 0, "no listener takes events over TLS" },
        { SOURCE, "6514", NULL, 4000, "1 to" },
        { SOURCE, "6514", "/etc/x'; rm -rf", 0, "no folder" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage s;
        struct office_package package;
        struct error e = ERROR_NONE;
        struct records_certificate *none;
        struct office_wish wish = { .holder = { false, slice_of(rows[i].key) }, .with_key = true,
                                    .days = rows[i].days, .folder = rows[i].folder };
        begin(&s, rows[i].port);
        CHECK(!office_package(s.office, s.records, &ACTOR_SYSTEM, &wish, &s.arena, &package, &e));
        CHECK_ERROR(e, rows[i].sentence);
        CHECK_INT(certificates(&s, &none), 0);
        end(&s);
    }
}

TEST("a wrong request does not use the code up, and a wrong code tells nothing")
{
    struct stage s;
    struct authority_certificate c;
    struct error e = ERROR_NONE;
    struct records_holder holder = { false, SLICE(SOURCE) };
    /* SHA-256 of "code" */
    struct slice hash = SLICE("5694d08a2e53ffcae0c3103e5ad6f6076abd960eb1f8a56577040bc1028f702b");
    begin(&s, "6514");
    CHECK(records_code_add(s.records, &ACTOR_SYSTEM, &holder, hash, 30, clock_now() + CLOCK_DAY, &e));
    CHECK(!office_redeem(s.office, s.records, SLICE("other"), SLICE("x"), &s.arena, &c, &e));
    CHECK_ERROR(e, "not known, was used already");
    error_clear(&e);
    CHECK(!office_redeem(s.office, s.records, SLICE("code"), SLICE("x"), &s.arena, &c, &e));
    CHECK_ERROR(e, "PKCS#10");
    error_clear(&e);
    struct records_holder whose;
    int64_t days;
    CHECK(records_code_use(s.records, hash, &s.arena, &whose, &days, &e));
    CHECK_SLICE(whose.key, SOURCE);
    CHECK_INT(days, 30);
    CHECK(!records_code_use(s.records, hash, &s.arena, &whose, &days, &e));
    end(&s);
}

TEST("a certificate that nears its end raises one alert, which its renewal ends")
{
    struct stage s;
    struct office_package package;
    struct error e = ERROR_NONE;
    uint32_t told;
    int64_t now = clock_now();
    struct office_wish wish = { .holder = { false, SLICE(SOURCE) }, .with_key = true, .days = 40 };
    begin(&s, "6514");
    CHECK(office_package(s.office, s.records, &ACTOR_SYSTEM, &wish, &s.arena, &package, &e));
    CHECK(records_certificate_watch(s.records, now, &told, &e));
    CHECK_INT(told, 0);
    CHECK(records_certificate_watch(s.records, now + 15 * CLOCK_DAY, &told, &e));
    CHECK_INT(told, 1);
    CHECK(records_certificate_watch(s.records, now + 15 * CLOCK_DAY, &told, &e));
    CHECK_INT(told, 1);
    struct records_alert_filter filter = { .states = SLICE("new") };
    struct records_alert_list list;
    struct records_page page = { .limit = 10 };
    CHECK(records_alert_list(s.records, &RECORDS_SCOPE_ALL, &filter, &page, &s.arena, &list, &e));
    CHECK_INT(list.total, 1);
    CHECK_SLICE(list.rows[0].rule, "haidang.certificate_ending");
    CHECK_SLICE(list.rows[0].agency, "so-a");
    wish.days = 365;
    CHECK(office_package(s.office, s.records, &ACTOR_SYSTEM, &wish, &s.arena, &package, &e));
    CHECK(records_certificate_watch(s.records, now + 15 * CLOCK_DAY, &told, &e));
    CHECK_INT(told, 0);
    CHECK(records_alert_list(s.records, &RECORDS_SCOPE_ALL, &filter, &page, &s.arena, &list, &e));
    CHECK_INT(list.total, 0);
    end(&s);
}
