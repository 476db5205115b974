#include <stdlib.h>
#include <unistd.h>

#include "../records/fixture.h"
#include "exchange/register.h"
#include "exchange/roster.h"
#include "records/organisation.h"
#include "records/person.h"
#include "records/system.h"

static struct register_preview import(struct records *records, enum register_sheet sheet,
                                      const char *text, enum register_mode mode,
                                      struct arena *arena, struct error *e)
{
    struct register_preview preview;
    bool fine = register_import(records, &ACTOR_SYSTEM, sheet, slice_of(text), "a.csv", mode, arena,
                                &preview, e);
    CHECK_INT(fine, !e->set);
    CHECK_INT(preview.stored, fine && mode == REGISTER_STORE);
    return preview;
}

#define AGENCIES "key,name,kind,aliases,predecessors\n"

TEST("the preview says what the import does, and the same sheet again changes nothing") {
    struct records *records = fixture_empty(NULL);
    struct arena arena;
    arena_init(&arena, 0);
    struct error e = ERROR_NONE;
    const char *sheet = AGENCIES "so-a,Sở A,so-nganh,STC|Tài chính,\nso-c,Sở C,so-nganh,,so-a|so-d\n"
                                 "so-d,Sở D,so-nganh,,\n";
    struct register_preview p = import(records, REGISTER_AGENCIES, sheet, REGISTER_PREVIEW, &arena,
                                       &e);
    CHECK_INT(p.fresh, 3);
    struct records_agency_list list;
    CHECK(records_agency_list(records, &RECORDS_SCOPE_ALL, &(struct records_agency_filter){ 0 },
                              NULL, &arena, &list, &e));
    CHECK_INT(list.total, 0);
    p = import(records, REGISTER_AGENCIES, sheet, REGISTER_STORE, &arena, &e);
    CHECK_INT(p.fresh, 3);
    p = import(records, REGISTER_AGENCIES, sheet, REGISTER_STORE, &arena, &e);
    CHECK_INT(p.fresh + p.changed, 0);
    CHECK_INT(p.unchanged, 3);
    /* a column left out stays; an empty cell is empty */
    p = import(records, REGISTER_AGENCIES, "key,name,kind\nso-a,Sở A mới,so-nganh\n",
               REGISTER_STORE, &arena, &e);
    CHECK_INT(p.changed, 1);
    struct records_agency agency;
    CHECK(records_agency_get(records, &RECORDS_SCOPE_ALL, SLICE("so-a"), &arena, &agency, &e));
    CHECK_INT(agency.alias_count, 2);
    CHECK_INT(agency.successor_count, 1);
    CHECK(records_agency_list(records, &RECORDS_SCOPE_ALL,
                              &(struct records_agency_filter){ .words = SLICE("tai CHINH") }, NULL,
                              &arena, &list, &e));
    CHECK_INT(list.total, 1);
    arena_free(&arena);
    records_close(&records);
}

TEST("a wrong sheet stores nothing and names every wrong cell") {
    static const struct { enum register_sheet sheet; const char *text, *place, *says; } cases[] = {
        { REGISTER_AGENCIES, "key,name\nso-x,X\n", "a.csv:1", "the column 'kind' is missing" },
        { REGISTER_AGENCIES, "key,name,kind,color\nso-x,X,k,red\n", "a.csv:1 (color)",
          "nobody knows a column 'color'" },
        { REGISTER_AGENCIES, AGENCIES "so-x,,k,,\n", "a.csv:2 (name)", "'name' is empty" },
        { REGISTER_AGENCIES, AGENCIES "Sở X,X,k,,\n", "a.csv:2 (key)", "is no key" },
        { REGISTER_AGENCIES, AGENCIES "so-x,X,k,,\nso-x,Y,k,,\n", "a.csv:3 (key)",
          "stands in line 2 already" },
        { REGISTER_AGENCIES, AGENCIES "so-x,X,k,,so-z\n", "a.csv:2 (predecessors)",
          "there is no agency 'so-z'" },
        { REGISTER_AGENCIES, "key,name,kind,valid_from\nso-x,X,k,31/2/2019\n",
          "a.csv:2 (valid_from)", "is no day" },
        { REGISTER_SYSTEMS, "key,agency,name,level\nx,so-a,X,7\n", "a.csv:2 (level)", "1 to 5" },
        { REGISTER_SYSTEMS, "key,agency,name,level\nx,so-a,X,ba\n", "a.csv:2 (level)",
          "no whole number" },
        { REGISTER_SYSTEMS, "key,agency,name,operator\nx,so-a,X,vnpt\n", "a.csv:2 (operator)",
          "there is no organisation 'vnpt'" },
        { REGISTER_SOURCES, "key,system,name,kind,enabled\nx,so-a.cong,X,http,maybe\n",
          "a.csv:2 (enabled)", "neither yes nor no" },
        { REGISTER_SOURCES, "key,system,name,kind,class\nx,so-a.cong,X,http,Ngắn hạn\n",
          "a.csv:2 (class)", "'Ngắn hạn' is no retention class" },
        { REGISTER_SOURCES, "key,system,name,kind,class\nx,so-a.cong,X,http,quarantine\n",
          "a.csv:2 (class)", "not for sources" },
        { REGISTER_SOURCES, "key,system,name,kind,class\nx,so-a.cong,X,http,canary\n",
          "a.csv:2 (class)", "not for sources" },
        { REGISTER_PEOPLE, "key,name,agency,duty,from\nan,An,so-z,focal,2026-01-01\n",
          "a.csv:2 (agency)", "there is no agency 'so-z'" },
        { REGISTER_PEOPLE, "key,name,agency,duty,from\nan,An,so-a,team,2026-01-01\n",
          "a.csv:2 (duty)", "there is no duty 'team'" },
    };
    struct records *records = fixture();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena;
        arena_init(&arena, 0);
        struct error e = ERROR_NONE;
        struct register_preview p = import(records, cases[i].sheet, cases[i].text, REGISTER_STORE,
                                           &arena, &e);
        CHECK_ERROR(e, cases[i].says);
        CHECK_TEXT(e.place, cases[i].place);
        CHECK_INT(p.error_count, 1);
        struct records_agency_list list;
        CHECK(records_agency_list(records, &RECORDS_SCOPE_ALL, &(struct records_agency_filter){ 0 },
                                  NULL, &arena, &list, NULL));
        CHECK_INT(list.total, 2);
        arena_free(&arena);
    }
    records_close(&records);
}

TEST("a source that has a host name and no network is stored with a note, until it is given") {
    struct records *records = fixture();
    struct arena arena;
    struct error e = ERROR_NONE;
    const char *sheet = "key,system,name,kind,network,hostname\nx,so-a.cong,X,syslog,,srv-x\n"
                        "y,so-a.cong,Y,syslog,10.1.0.0/16,srv-y\nz,so-a.cong,Z,http,,\n"
                        "f,so-a.cong,F,file,,srv-f\n";
    arena_init(&arena, 0);
    struct register_preview p = import(records, REGISTER_SOURCES, sheet, REGISTER_PREVIEW, &arena, &e);
    CHECK_INT(p.fresh, 4);
    CHECK_INT(p.note_count, 1);
    CHECK_TEXT(p.notes[0].place, "a.csv:2 (network)");
    CHECK_ERROR(p.notes[0], "only by its certificate or token");
    CHECK(strstr(p.notes[0].sentence_vi, "chưa khai dải mạng") != NULL);
    p = import(records, REGISTER_SOURCES, sheet, REGISTER_STORE, &arena, &e);
    CHECK_INT(p.note_count, 1);
    p = import(records, REGISTER_SOURCES, sheet, REGISTER_STORE, &arena, &e);
    CHECK_INT(p.note_count, 0); /* it was said: nothing changes */
    p = import(records, REGISTER_SOURCES, "key,system,name,kind,network\nx,so-a.cong,X,syslog,10.2.0.1\n",
               REGISTER_STORE, &arena, &e);
    CHECK_INT(p.changed, 1);
    CHECK_INT(p.note_count, 0);
    arena_free(&arena);
    records_close(&records);
}

TEST("one wrong row among good ones takes all of them back") {
    struct records *records = fixture_empty(NULL);
    struct arena arena;
    arena_init(&arena, 0);
    struct error e = ERROR_NONE;
    struct register_preview p = import(records, REGISTER_AGENCIES,
        AGENCIES "so-a,A,k,,\n!,B,k,,\nso-c,C,k,,\n,D,k,,\n", REGISTER_STORE, &arena, &e);
    CHECK_INT(p.fresh, 2);
    CHECK_INT(p.wrong, 2);
    struct records_agency agency;
    CHECK(!records_agency_get(records, &RECORDS_SCOPE_ALL, SLICE("so-a"), &arena, &agency, NULL));
    arena_free(&arena);
    records_close(&records);
}

TEST("an organisation comes in by its own sheet, and a system may be operated by it") {
    struct records *records = fixture();
    struct arena arena;
    arena_init(&arena, 0);
    struct error e = ERROR_NONE;
    const char *sheet = "key,name,kind,domestic\nvnpt,VNPT Khánh Hòa,operator,yes\nfirm-b,B,assessor,\n";
    CHECK_INT(import(records, REGISTER_ORGANISATIONS, sheet, REGISTER_STORE, &arena, &e).fresh, 2);
    CHECK_INT(import(records, REGISTER_ORGANISATIONS, sheet, REGISTER_STORE, &arena, &e).unchanged, 2);
    sheet = "key,name,kind\nvnpt,VNPT,operator\n";
    import(records, REGISTER_ORGANISATIONS, sheet, REGISTER_STORE, &arena, &e);
    struct records_organisation vnpt, firm;
    CHECK(records_organisation_get(records, SLICE("vnpt"), &arena, &vnpt, &e));
    CHECK_SLICE(vnpt.name, "VNPT");
    CHECK_INT(vnpt.domestic, 1); /* a column left out stays */
    CHECK(records_organisation_get(records, SLICE("firm-b"), &arena, &firm, &e));
    CHECK_INT(firm.domestic, -1);
    sheet = "key,agency,name,operator\nx,so-a,X,vnpt\n";
    import(records, REGISTER_SYSTEMS, sheet, REGISTER_STORE, &arena, &e);
    struct records_system system;
    CHECK(records_system_get(records, &RECORDS_SCOPE_ALL, SLICE("x"), &arena, &system, &e));
    CHECK_SLICE(system.operator_organisation, "vnpt");
    sheet = "key,name,kind,domestic\nz,Z,k,maybe\n";
    import(records, REGISTER_ORGANISATIONS, sheet, REGISTER_STORE, &arena, &e);
    CHECK_TEXT(e.place, "a.csv:2 (domestic)");
    arena_free(&arena);
    records_close(&records);
}

TEST("people hold posts, a day may be written the Vietnamese way") {
    struct records *records = fixture();
    struct arena arena;
    arena_init(&arena, 0);
    struct error e = ERROR_NONE;
    const char *sheet = "key;name;agency;duty;from;to\nan;An;so-a;focal;1/2/2025;31/12/2025\n"
                        "an;An;so-b;focal;1/1/2026;\n";
    import(records, REGISTER_PEOPLE, sheet, REGISTER_STORE, &arena, &e);
    struct register_preview p = import(records, REGISTER_PEOPLE, sheet, REGISTER_STORE, &arena, &e);
    CHECK_INT(p.unchanged, 2);
    struct records_person an;
    CHECK(records_person_get(records, &RECORDS_SCOPE_ALL, SLICE("an"), &arena, &an, &e));
    CHECK_INT(an.post_count, 2);
    CHECK_SLICE(an.posts[0].holds_from, "2025-02-01");
    CHECK_SLICE(an.posts[0].holds_to, "2025-12-31");
    arena_free(&arena);
    records_close(&records);
}

TEST("the roster holds what is enabled and alive, and its generation grows only with a change") {
    struct records *records = fixture();
    struct arena arena;
    arena_init(&arena, 0);
    struct error e = ERROR_NONE;
    struct roster *roster = NULL;
    CHECK(roster_from_records(records, NULL, NULL, &roster, &e));
    CHECK_INT(roster->source_count, 2);
    CHECK_INT(roster->generation, 1);
    CHECK_SLICE(roster->sources[0].agency, "so-a");
    roster_free(&roster);
    CHECK(roster_from_records(records, NULL, NULL, &roster, &e));
    CHECK_INT(roster->generation, 1);
    roster_free(&roster);
    import(records, REGISTER_AGENCIES, "key,name,kind,valid_to\nso-b,B,k,30/6/2025\n",
           REGISTER_STORE, &arena, &e);
    CHECK(roster_from_records(records, NULL, NULL, &roster, &e));
    CHECK_INT(roster->source_count, 1);
    CHECK_INT(roster->generation, 2);
    roster_free(&roster);
    arena_free(&arena);
    records_close(&records);
}

TEST("the example province goes in, and goes in again unchanged") {
    const char *folder = getenv("HAIDANG_EXAMPLE");
    if (!folder || access(folder, R_OK) != 0)
        SKIP("HAIDANG_EXAMPLE names no folder");
    struct records *records = fixture_empty(NULL);
    struct arena arena;
    arena_init(&arena, 0);
    struct error e = ERROR_NONE;
    struct register_preview preview;
    for (int round = 0; round < 2; round++) {
        if (!register_import_folder(records, &ACTOR_SYSTEM, folder, REGISTER_STORE, &arena,
                                    &preview, &e))
            fprintf(stderr, "# %s: %s\n", e.place, e.sentence);
        CHECK(preview.stored);
        CHECK(round == 0 ? preview.fresh > 30 : preview.fresh + preview.changed == 0);
    }
    CHECK(records_check(records, &e));
    arena_free(&arena);
    records_close(&records);
}
