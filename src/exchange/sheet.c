#include "exchange/sheet.h"

/* ---- agencies -------------------------------------------------------------------------------- */

#define AT(member) offsetof(union sheet_row, member)

static const struct sheet_column agency_columns[] = {
    { "key", true, SHEET_TEXT, AT(agency.key), 0 },
    { "name", true, SHEET_TEXT, AT(agency.name), 0 },
    { "short", false, SHEET_TEXT, AT(agency.short_name), 0 },
    { "name_en", false, SHEET_TEXT, AT(agency.name_en), 0 },
    { "kind", true, SHEET_TEXT, AT(agency.kind), 0 },
    { "rank", false, SHEET_NUMBER, AT(agency.rank), 0 },
    { "code", false, SHEET_LIST, AT(agency.codes), AT(agency.code_count) },
    { "aliases", false, SHEET_LIST, AT(agency.aliases), AT(agency.alias_count) },
    { "valid_from", false, SHEET_DAY, AT(agency.valid_from), 0 },
    { "valid_to", false, SHEET_DAY, AT(agency.valid_to), 0 },
    { "predecessors", false, SHEET_LIST, AT(agency.predecessors), AT(agency.predecessor_count) },
};

/* A thing that is not there yet is no error here. */
static bool found_or_new(bool found, struct error *problem, struct error *e)
{
    if (found || problem->kind == ERROR_NOT_FOUND)
        return true;
    *e = *problem;
    return false;
}

static bool agency_load(struct records *records, struct slice key, unsigned ordinal,
                        struct arena *arena, union sheet_row *row, struct error *e)
{
    struct error problem = ERROR_NONE;
    if (!found_or_new(records_agency_get(records, &RECORDS_SCOPE_ALL, key, arena, &row->agency,
                                         &problem), &problem, e))
        return false;
    if (problem.set)
        row->agency.rank = ordinal; /* new ones stand in the sheet's order */
    return true;
}

static bool agency_put(struct records *records, const struct actor *actor, union sheet_row *row,
                       enum records_change *change_out, struct error *e)
{
    return records_agency_put(records, actor, &row->agency, change_out, e);
}

static bool agency_after(struct records *records, const union sheet_row *row, struct error *e)
{
    const struct records_agency *a = &row->agency;
    for (uint32_t i = 0; i < a->predecessor_count; i++) {
        ARENA_AUTO arena;
        arena_init(&arena, 0);
        if (records_agency_name(records, a->predecessors[i], &arena).data)
            continue;
        error_set(e, "there is no agency '%.*s'", SLICE_ARGS(a->predecessors[i]));
        error_place(e, "predecessors");
        return error_kind(e, ERROR_INPUT);
    }
    return true;
}

/* ---- organisations --------------------------------------------------------------------------- */

static const struct sheet_column organisation_columns[] = {
    { "key", true, SHEET_TEXT, AT(organisation.key), 0 },
    { "name", true, SHEET_TEXT, AT(organisation.name), 0 },
    { "kind", true, SHEET_TEXT, AT(organisation.kind), 0 },
    { "tax_code", false, SHEET_TEXT, AT(organisation.tax_code), 0 },
    { "domestic", false, SHEET_YES_NO_UNKNOWN, AT(organisation.domestic), 0 },
};

static bool organisation_load(struct records *records, struct slice key, unsigned ordinal,
                              struct arena *arena, union sheet_row *row, struct error *e)
{
    (void)ordinal;
    struct error problem = ERROR_NONE;
    if (!found_or_new(records_organisation_get(records, key, arena, &row->organisation, &problem),
                      &problem, e))
        return false;
    if (problem.set)
        row->organisation.domestic = -1;
    return true;
}

static bool organisation_put(struct records *records, const struct actor *actor,
                             union sheet_row *row, enum records_change *change_out, struct error *e)
{
    return records_organisation_put(records, actor, &row->organisation, change_out, e);
}

/* ---- systems --------------------------------------------------------------------------------- */

static const struct sheet_column system_columns[] = {
    { "key", true, SHEET_TEXT, AT(system.key), 0 },
    { "agency", true, SHEET_TEXT, AT(system.agency), 0 },
    { "name", true, SHEET_TEXT, AT(system.name), 0 },
    { "name_en", false, SHEET_TEXT, AT(system.name_en), 0 },
    { "kind", false, SHEET_TEXT, AT(system.kind), 0 },
    { "level", false, SHEET_NUMBER, AT(system.level), sizeof(int) },
    { "operator", false, SHEET_TEXT, AT(system.operator_agency), 0 },
    { "dossier", false, SHEET_TEXT, AT(system.dossier), 0 },
    { "decision", false, SHEET_TEXT, AT(system.decision), 0 },
    { "decided_on", false, SHEET_DAY, AT(system.decided_on), 0 },
    { "valid_from", false, SHEET_DAY, AT(system.valid_from), 0 },
    { "valid_to", false, SHEET_DAY, AT(system.valid_to), 0 },
};

static bool system_load(struct records *records, struct slice key, unsigned ordinal,
                        struct arena *arena, union sheet_row *row, struct error *e)
{
    (void)ordinal;
    struct error problem = ERROR_NONE;
    return found_or_new(records_system_get(records, &RECORDS_SCOPE_ALL, key, arena, &row->system,
                                           &problem), &problem, e);
}

/* The operator is an agency or an organisation: whichever has that key. */
static bool system_put(struct records *records, const struct actor *actor, union sheet_row *row,
                       enum records_change *change_out, struct error *e)
{
    struct records_system *y = &row->system;
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    if (y->operator_agency.len) {
        bool agency = records_agency_name(records, y->operator_agency, &arena).data != NULL;
        y->operator_organisation = agency ? SLICE_NONE : y->operator_agency;
        if (!agency)
            y->operator_agency = SLICE_NONE;
    }
    return records_system_put(records, actor, y, change_out, e);
}

/* ---- sources --------------------------------------------------------------------------------- */

static const struct sheet_column source_columns[] = {
    { "key", true, SHEET_TEXT, AT(source.key), 0 },
    { "system", true, SHEET_TEXT, AT(source.system), 0 },
    { "name", true, SHEET_TEXT, AT(source.name), 0 },
    { "kind", true, SHEET_TEXT, AT(source.kind), 0 },
    { "network", false, SHEET_TEXT, AT(source.network), 0 },
    { "hostname", false, SHEET_TEXT, AT(source.hostname), 0 },
    { "class", false, SHEET_TEXT, AT(source.class), 0 },
    { "decoder", false, SHEET_TEXT, AT(source.decoder), 0 },
    { "zone", false, SHEET_TEXT, AT(source.zone), 0 },
    { "cadence", false, SHEET_NUMBER, AT(source.cadence), 0 },
    { "enabled", false, SHEET_YES_NO, AT(source.enabled), 0 },
    { "valid_from", false, SHEET_DAY, AT(source.valid_from), 0 },
    { "valid_to", false, SHEET_DAY, AT(source.valid_to), 0 },
};

static bool source_load(struct records *records, struct slice key, unsigned ordinal,
                        struct arena *arena, union sheet_row *row, struct error *e)
{
    (void)ordinal;
    struct error problem = ERROR_NONE;
    if (!found_or_new(records_source_get(records, &RECORDS_SCOPE_ALL, key, arena, &row->source,
                                         &problem), &problem, e))
        return false;
    if (problem.set)
        row->source.enabled = true;
    return true;
}

static bool source_put(struct records *records, const struct actor *actor, union sheet_row *row,
                       enum records_change *change_out, struct error *e)
{
    return records_source_put(records, actor, &row->source, change_out, e);
}

/* A host name is looked at only within a network: whoever gives it alone may think otherwise. */
static void source_note(const union sheet_row *row, struct error *e)
{
    const struct records_source *o = &row->source;
    if (!o->hostname.len || o->token_sha256.len || !records_source_by_credential(o))
        return;
    error_set(e, "no network is given: this source is recognised only by its certificate or token");
    error_hint(e, "%s", "give its network (0.0.0.0/0 for any address), or enrol it: haidang enrol KEY");
    error_place(e, "network");
}

/* ---- people ---------------------------------------------------------------------------------- */

static const struct sheet_column person_columns[] = {
    { "key", true, SHEET_TEXT, AT(person.person.key), 0 },
    { "name", true, SHEET_TEXT, AT(person.person.name), 0 },
    { "email", false, SHEET_TEXT, AT(person.person.email), 0 },
    { "phone", false, SHEET_TEXT, AT(person.person.phone), 0 },
    { "agency", false, SHEET_TEXT, AT(person.post.agency), 0 },
    { "duty", false, SHEET_TEXT, AT(person.post.duty), 0 },
    { "title", false, SHEET_TEXT, AT(person.post.title), 0 },
    { "decision", false, SHEET_TEXT, AT(person.post.decision), 0 },
    { "from", false, SHEET_DAY, AT(person.post.holds_from), 0 },
    { "to", false, SHEET_DAY, AT(person.post.holds_to), 0 },
};

static bool person_load(struct records *records, struct slice key, unsigned ordinal,
                        struct arena *arena, union sheet_row *row, struct error *e)
{
    (void)ordinal;
    struct error problem = ERROR_NONE;
    if (!found_or_new(records_person_get(records, &RECORDS_SCOPE_ALL, key, arena,
                                         &row->person.person, &problem), &problem, e))
        return false;
    row->person.person.posts = NULL;
    row->person.person.post_count = 0;
    return true;
}

static bool person_put(struct records *records, const struct actor *actor, union sheet_row *row,
                       enum records_change *change_out, struct error *e)
{
    const struct records_post *post = &row->person.post;
    if (post->agency.len || post->duty.len) {
        row->person.person.posts = &row->person.post;
        row->person.person.post_count = 1;
    }
    return records_person_put(records, actor, &row->person.person, change_out, e);
}

#define COLUMNS(table) table, sizeof table / sizeof *table

/* In the order of enum register_sheet, which is also the order of a folder's import. */
const struct sheet sheets[REGISTER_SHEETS] = {
    { "agencies", COLUMNS(agency_columns), true, agency_load, agency_put, agency_after, NULL },
    { "organisations", COLUMNS(organisation_columns), true, organisation_load, organisation_put, NULL,
      NULL },
    { "systems", COLUMNS(system_columns), true, system_load, system_put, NULL, NULL },
    { "sources", COLUMNS(source_columns), true, source_load, source_put, NULL, source_note },
    { "people", COLUMNS(person_columns), false, person_load, person_put, NULL, NULL },
};
