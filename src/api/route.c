#include "api/resource.h"

/* ---- words ----------------------------------------------------------------------------------- */

static const char *const levels[] = { "informational", "low", "medium", "high", "critical", NULL };
static const char *const severities[] = { "low", "medium", "high", "critical", NULL };
static const char *const alert_states[] = { "new", "taken", "closed", "false_positive", "escalated",
                                            NULL };
static const char *const incident_states[] = { "open", "new", "confirmed", "contained",
                                               "eradicated", "recovered", "closed", "rejected",
                                               NULL };
static const char *const incident_moves[] = { "confirm",  "contain", "eradicate", "recover",
                                              "close",    "reject",  "reopen",    "tell",
                                              "severity", "note",    NULL };
static const char *const healths[] = { "heard", "silent", "never", "unknown", NULL };
static const char *const roles[] = { "lead", "agency", "responder", "finance", "police", "assessor",
                                     "leader", "admin", NULL };
static const char *const languages[] = { "vi", "en", NULL };
static const char *const channels[] = { "console", "phone", "mail", "letter", NULL };
static const char *const indicator_types[] = { "address", "network", "domain", "url", "email", "md5",
                                              "sha1", "sha256", NULL };
static const char *const tlps[] = { "clear", "green", "amber", "amber+strict", "red", NULL };
static const char *const formats[] = { "csv", "jsonl", NULL };
static const char *const orders[] = { "newest", "oldest", NULL };
static const char *const alert_sorts[] = { "-last_time", "last_time", "-level", "level", "-matches",
                                           NULL };
static const char *const incident_sorts[] = { "-opened", "opened", "-severity", "due", NULL };
static const char *const agency_sorts[] = { "order", "name", "-name", "events", NULL };
static const char *const system_sorts[] = { "agency", "name", "-name", "-level", "level",
                                            "last_seen", NULL };
static const char *const source_sorts[] = { "name", "-name", "last_seen", "-last_seen",
                                            "-per_minute", "-undecoded", NULL };

/* ---- parameters ------------------------------------------------------------------------------ */

#define LIMIT { "limit", API_INTEGER, .least = 1, .most = 1000, .fallback = "100" }
#define CURSOR { "cursor", API_TEXT, .most = 500 }
#define WORDS { "words", API_TEXT, .most = 200 }
#define AGENCY { "agency", API_KEY }
#define SOURCE { "source", API_KEY }
#define PERIOD { "period", API_PERIOD }
#define AT { "at", API_DAY }
#define FROM { "from", API_TIME }
#define TO { "to", API_TIME }
#define QUERY { "query", API_LINES, .most = 2000, .fallback = "" }
#define PATH(name, kind) { name, kind, .required = true, .least = 1 }
#define END { NULL }

static const struct api_field none[] = { END };
static const struct api_field standing_day[] = { PERIOD, AT, END };
static const struct api_field intake[] = {
    { "minutes", API_INTEGER, .least = 1, .most = 10080, .fallback = "60" },
    { "buckets", API_INTEGER, .least = 1, .most = 240, .fallback = "60" }, END };
static const struct api_field event_list[] = {
    QUERY, FROM, TO, AGENCY, SOURCE,
    { "order", API_CHOICE, .choices = orders, .fallback = "newest" }, LIMIT, CURSOR, END };
static const struct api_field event_histogram[] = {
    QUERY, FROM, TO, AGENCY, SOURCE,
    { "buckets", API_INTEGER, .least = 1, .most = 500, .fallback = "60" }, END };
static const struct api_field event_stream[] = {
    QUERY, FROM, TO, AGENCY, SOURCE,
    { "limit", API_INTEGER, .least = 1, .most = 10000, .fallback = "200" }, CURSOR,
    { "buckets", API_INTEGER, .least = 0, .most = 500, .fallback = "0" },
    { "values", API_INTEGER, .least = 0, .most = 50, .fallback = "0" },
    { "explain", API_BOOLEAN, .fallback = "false" }, END };
static const struct api_field event_live[] = {
    QUERY, AGENCY, SOURCE,
    { "seconds", API_INTEGER, .least = 1, .most = 3600, .fallback = "3600" }, END };
static const struct api_field event[] = {
    { "event", API_TEXT, .required = true, .least = 1, .most = 64 }, END };
static const struct api_field saved_search[] = { PATH("search", API_INTEGER), END };
static const struct api_field alert_list[] = {
    { "state", API_CHOICES, .choices = alert_states }, { "level", API_CHOICE, .choices = levels },
    AGENCY, SOURCE, { "rule", API_TEXT, .most = 200 },
    { "mine", API_BOOLEAN, .fallback = "false" }, WORDS, FROM, TO,
    { "sort", API_CHOICE, .choices = alert_sorts, .fallback = "-last_time" }, LIMIT, CURSOR, END };
static const struct api_field alert[] = { PATH("alert", API_INTEGER), END };
static const struct api_field rule_list[] = {
    WORDS, { "level", API_CHOICE, .choices = levels }, { "enabled", API_BOOLEAN }, LIMIT, CURSOR,
    END };
static const struct api_field rule[] = {
    { "rule", API_TEXT, .required = true, .least = 1, .most = 300 }, END };
static const struct api_field indicator_list[] = {
    WORDS, { "type", API_CHOICE, .choices = indicator_types }, { "source", API_TEXT, .most = 100 }, LIMIT,
    CURSOR, END };
static const struct api_field indicator_feed[] = {
    { "feed", API_TEXT, .required = true, .least = 1, .most = 100 }, END };
static const struct api_field exception_list[] = {
    { "rule", API_TEXT, .most = 300 }, { "in_force", API_BOOLEAN, .fallback = "false" }, END };
static const struct api_field exception[] = { PATH("exception", API_INTEGER), END };
static const struct api_field incident_list[] = {
    { "state", API_CHOICES, .choices = incident_states },
    { "severity", API_CHOICE, .choices = severities }, AGENCY, WORDS,
    { "sort", API_CHOICE, .choices = incident_sorts, .fallback = "-opened" }, LIMIT, CURSOR, END };
static const struct api_field incident[] = { PATH("incident", API_INTEGER), END };
static const struct api_field standing[] = {
    { "obligation", API_TEXT, .required = true, .least = 1, .most = 64 }, PATH("agency", API_KEY),
    PERIOD, AT, END };
static const struct api_field notice[] = { PATH("notice", API_INTEGER), END };
static const struct api_field exemption[] = { PATH("exemption", API_INTEGER), END };
static const struct api_field evidence[] = { PATH("evidence", API_INTEGER), END };
static const struct api_field agency_list[] = {
    { "kind", API_TEXT, .most = 50 }, WORDS, AT,
    { "sort", API_CHOICE, .choices = agency_sorts, .fallback = "order" }, LIMIT, CURSOR, END };
static const struct api_field agency[] = { PATH("agency", API_KEY), PERIOD, END };
static const struct api_field system_list[] = {
    AGENCY, { "level", API_INTEGER, .least = 1, .most = 5 },
    { "health", API_CHOICE, .choices = healths }, WORDS,
    { "sort", API_CHOICE, .choices = system_sorts, .fallback = "agency" }, LIMIT, CURSOR, END };
static const struct api_field system[] = { PATH("system", API_KEY), END };
static const struct api_field source_list[] = {
    AGENCY, { "system", API_KEY }, { "health", API_CHOICE, .choices = healths }, WORDS,
    { "sort", API_CHOICE, .choices = source_sorts, .fallback = "name" }, LIMIT, CURSOR, END };
static const struct api_field source[] = { PATH("source", API_KEY), END };
static const struct api_field relay[] = { PATH("relay", API_KEY), END };
static const struct api_field certificate[] = {
    { "certificate", API_TEXT, .required = true, .least = 64, .most = 64 }, END };
static const struct api_field user_list[] = {
    WORDS, { "role", API_CHOICE, .choices = roles }, LIMIT, CURSOR, END };
static const struct api_field user[] = {
    { "user", API_TEXT, .required = true, .least = 1, .most = 64 }, END };

/* ---- members of bodies: all that a caller can set -------------------------------------------- */

static const struct api_field login_body[] = {
    { "name", API_TEXT, .required = true, .least = 1, .most = 64 },
    { "password", API_SECRET, .required = true, .least = 1, .most = 1024 }, END };
static const struct api_field session_body[] = {
    { "language", API_CHOICE, .required = true, .choices = languages }, END };
static const struct api_field reason_body[] = {
    { "reason", API_LINES, .required = true, .least = 3, .most = 2000 }, END };
static const struct api_field disable_body[] = {
    { "reason", API_LINES, .required = true, .least = 3, .most = 2000 }, { "until", API_TIME }, END };
static const struct api_field limit_body[] = {
    { "fold", API_INTEGER, .required = true, .least = 0, .most = 86400 },
    { "most", API_INTEGER, .required = true, .least = -1, .most = 1000000 }, END };
static const struct api_field feed_body[] = {
    { "source", API_TEXT, .required = true, .least = 1, .most = 100 },
    { "text", API_SECRET, .required = true, .least = 1, .most = API_FEED_MOST },
    { "file", API_TEXT, .most = 200 }, { "license", API_TEXT, .most = 200, .fallback = "" },
    { "confidence", API_INTEGER, .least = 0, .most = 100, .fallback = "50" },
    { "tlp", API_CHOICE, .choices = tlps, .fallback = "clear" },
    { "days", API_INTEGER, .least = 0, .most = 3660, .fallback = "0" },
    { "add", API_BOOLEAN, .fallback = "false" }, { "preview", API_BOOLEAN, .fallback = "false" }, END };
static const struct api_field allow_body[] = {
    { "value", API_TEXT, .required = true, .least = 1, .most = 2000 },
    { "reason", API_LINES, .required = true, .least = 3, .most = 2000 }, END };
static const struct api_field disallow_body[] = {
    { "value", API_TEXT, .required = true, .least = 1, .most = 2000 }, END };
static const struct api_field backtest_body[] = {
    { "rule", API_SECRET, .required = true, .least = 1, .most = 60000 },
    { "days", API_INTEGER, .least = 1, .most = 366, .fallback = "7" },
    { "seconds", API_INTEGER, .least = 1, .most = 600, .fallback = "60" }, END };
#define EXCEPTION_PLACE                                                                            \
    { "rule", API_TEXT, .required = true, .least = 1, .most = 300 },                               \
    { "conditions", API_LINES, .required = true, .least = 3, .most = 8000 },                        \
    { "agency", API_KEY }, { "system", API_KEY }, { "source", API_KEY }
static const struct api_field preview_body[] = {
    EXCEPTION_PLACE, { "days", API_INTEGER, .least = 1, .most = 366, .fallback = "30" }, END };
static const struct api_field exception_body[] = {
    EXCEPTION_PLACE, { "reason", API_LINES, .required = true, .least = 3, .most = 2000 },
    { "until", API_TIME, .required = true }, { "alert", API_INTEGER, .least = 1 }, END };
static const struct api_field escalation_body[] = {
    { "title", API_TEXT, .least = 3, .most = 300 },
    { "severity", API_CHOICE, .choices = severities },
    { "incident", API_INTEGER, .least = 1 }, { "note", API_LINES, .most = 2000 }, END };
static const struct api_field incident_body[] = {
    { "title", API_TEXT, .required = true, .least = 3, .most = 300 },
    { "severity", API_CHOICE, .required = true, .choices = severities },
    { "agency", API_KEY, .required = true }, { "system", API_KEY },
    { "description", API_LINES, .most = 10000 },
    { "alerts", API_INTEGERS, .least = 1, .most = 200 }, END };
static const struct api_field move_body[] = {
    { "move", API_CHOICE, .required = true, .choices = incident_moves },
    { "note", API_LINES, .most = 10000 }, { "severity", API_CHOICE, .choices = severities }, END };
static const struct api_field remind_body[] = {
    { "text", API_LINES, .required = true, .least = 3, .most = 2000 },
    { "channel", API_CHOICE, .choices = channels, .fallback = "console" }, END };
static const struct api_field exempt_body[] = {
    { "reason", API_LINES, .required = true, .least = 3, .most = 1000 },
    { "from", API_DAY, .required = true }, { "to", API_DAY, .required = true },
    { "asked_by", API_TEXT, .required = true, .least = 1, .most = 200 },
    { "document", API_TEXT, .most = 300 }, END };
static const struct api_field declare_body[] = {
    { "kind", API_TEXT, .required = true, .least = 1, .most = 100 },
    { "title", API_TEXT, .required = true, .least = 3, .most = 300 },
    { "document", API_TEXT, .required = true, .least = 1, .most = 300 },
    { "day", API_DAY, .required = true }, END };
static const struct api_field return_body[] = {
    { "reason", API_LINES, .required = true, .least = 3, .most = 1000 }, END };
static const struct api_field new_search_body[] = {
    { "name", API_TEXT, .required = true, .least = 1, .most = 100 },
    { "query", API_LINES, .required = true, .most = 2000 },
    { "minutes", API_INTEGER, .least = 1, .most = 527040, .fallback = "1440" },
    { "shared", API_BOOLEAN, .fallback = "false" }, END };
static const struct api_field search_body[] = {
    { "name", API_TEXT, .least = 1, .most = 100 }, { "query", API_LINES, .most = 2000 },
    { "minutes", API_INTEGER, .least = 1, .most = 527040 }, { "shared", API_BOOLEAN }, END };
static const struct api_field hold_body[] = {
    { "held", API_BOOLEAN, .required = true }, { "reason", API_LINES, .most = 2000 }, END };
static const struct api_field package_body[] = {
    { "reason", API_LINES, .required = true, .least = 1, .most = 2000 }, END };
static const struct api_field export_body[] = {
    QUERY, FROM, TO, AGENCY, SOURCE,
    { "format", API_CHOICE, .required = true, .choices = formats },
    { "limit", API_INTEGER, .least = 1, .most = 100000, .fallback = "100000" }, END };
static const struct api_field new_user_body[] = {
    { "name", API_NAME, .required = true },
    { "display_name", API_TEXT, .required = true, .least = 1, .most = 200 },
    { "role", API_CHOICE, .required = true, .choices = roles }, AGENCY,
    { "language", API_CHOICE, .choices = languages, .fallback = "vi" }, END };
static const struct api_field user_body[] = {
    { "disabled", API_BOOLEAN, .required = true }, END };

static const char *const enrolment_ways[] = { "code", "key", NULL };
static const struct api_field enrolment_body[] = {
    { "way", API_CHOICE, .choices = enrolment_ways, .fallback = "code" },
    { "days", API_INTEGER, .least = 1, .most = 1095, .fallback = "365" },
    { "folder", API_TEXT, .least = 2, .most = 200 }, END };
static const struct api_field relay_body[] = {
    { "key", API_KEY, .required = true, .least = 1 },
    { "name", API_TEXT, .required = true, .least = 1, .most = 200 },
    { "agency", API_KEY, .required = true, .least = 1 }, END };
static const struct api_field code_body[] = {
    { "code", API_SECRET, .required = true, .least = 1, .most = 128 },
    { "request", API_LINES, .required = true, .least = 1, .most = 24000 }, END };
static const struct api_field renewal_body[] = {
    { "certificate", API_TEXT, .required = true, .least = 64, .most = 64 },
    { "request", API_LINES, .required = true, .least = 1, .most = 24000 },
    { "signature", API_LINES, .required = true, .least = 1, .most = 4000 }, END };

/* ---- the table ------------------------------------------------------------------------------- */

#define GET HTTP_GET
#define POST HTTP_POST
#define PATCH HTTP_PATCH
#define DELETE HTTP_DELETE
#define QUICK API_QUICK
#define PLAN API_PLAN
#define SLOW API_SLOW

enum {
    ALL = API_EVERYBODY,
    WATCHERS = ROLE_LEAD | ROLE_AGENCY | ROLE_RESPONDER | ROLE_ADMIN,
    TRIAGE = ROLE_LEAD | ROLE_AGENCY | ROLE_RESPONDER,
    CASE_READERS = TRIAGE | ROLE_POLICE | ROLE_LEADER,
    PLAN_READERS = ALL & ~ROLE_ADMIN,
    RULE_READERS = ROLE_LEAD | ROLE_RESPONDER | ROLE_ADMIN,
    RULE_KEEPERS = ROLE_LEAD | ROLE_ADMIN,
    EXCEPTERS = ROLE_LEAD | ROLE_RESPONDER | ROLE_ADMIN,
    INTAKE_READERS = WATCHERS | ROLE_LEADER,
    ENROLLERS = ROLE_LEAD | ROLE_ADMIN | ROLE_AGENCY   /* an agency: its own sources and relays */
};

static const struct api_route table[] = {
    { GET, "/ping", 0, false, QUICK, none, NULL, api_ping },

    { GET, "/session", ALL, false, QUICK, none, NULL, api_session_get },
    { POST, "/session", 0, false, API_LOGIN, none, login_body, api_session_open },
    { PATCH, "/session", ALL, true, QUICK, none, session_body, api_session_change },
    { DELETE, "/session", ALL, true, QUICK, none, NULL, api_session_close },

    { GET, "/home", ALL, false, PLAN, standing_day, NULL, api_home },
    { GET, "/statistics/intake", INTAKE_READERS, false, QUICK, intake, NULL, api_intake },

    { GET, "/events", WATCHERS, false, SLOW, event_list, NULL, api_event_list },
    { GET, "/events/histogram", WATCHERS, false, SLOW, event_histogram, NULL,
      api_event_histogram },
    { GET, "/events/stream", WATCHERS, false, SLOW, event_stream, NULL, api_event_stream },
    { GET, "/events/live", WATCHERS, false, API_LIVE, event_live, NULL, api_event_live },
    { POST, "/events/export", TRIAGE, true, SLOW, none, export_body, api_event_export },
    { GET, "/events/{event}", WATCHERS, false, SLOW, event, NULL, api_event_get },

    { GET, "/searches", WATCHERS, false, QUICK, none, NULL, api_search_list },
    { POST, "/searches", WATCHERS, true, QUICK, none, new_search_body, api_search_save },
    { PATCH, "/searches/{search}", WATCHERS, true, QUICK, saved_search, search_body,
      api_search_change },
    { DELETE, "/searches/{search}", WATCHERS, true, QUICK, saved_search, NULL, api_search_drop },

    { GET, "/alerts", TRIAGE, false, QUICK, alert_list, NULL, api_alert_list },
    { GET, "/alerts/{alert}", TRIAGE, false, QUICK, alert, NULL, api_alert_get },
    { POST, "/alerts/{alert}/take", TRIAGE, true, QUICK, alert, NULL, api_alert_take },
    { POST, "/alerts/{alert}/release", TRIAGE, true, QUICK, alert, NULL, api_alert_release },
    { POST, "/alerts/{alert}/false_positive", TRIAGE, true, QUICK, alert, reason_body,
      api_alert_false_positive },
    { POST, "/alerts/{alert}/close", TRIAGE, true, QUICK, alert, reason_body, api_alert_close },
    { POST, "/alerts/{alert}/escalate", TRIAGE, true, QUICK, alert, escalation_body,
      api_alert_escalate },

    { GET, "/rules", RULE_READERS, false, SLOW, rule_list, NULL, api_rule_list },
    { POST, "/rules/backtest", RULE_READERS, true, SLOW, none, backtest_body, api_rule_backtest },
    { GET, "/rules/{rule}", RULE_READERS, false, SLOW, rule, NULL, api_rule_get },
    { POST, "/rules/{rule}/disable", RULE_KEEPERS, true, SLOW, rule, disable_body,
      api_rule_disable },
    { POST, "/rules/{rule}/enable", RULE_KEEPERS, true, SLOW, rule, NULL, api_rule_enable },
    { POST, "/rules/{rule}/limit", RULE_KEEPERS, true, SLOW, rule, limit_body, api_rule_limit },
    { GET, "/exceptions", WATCHERS, false, QUICK, exception_list, NULL, api_exception_list },
    { POST, "/exceptions", EXCEPTERS, true, QUICK, none, exception_body, api_exception_add },
    { POST, "/exceptions/preview", EXCEPTERS, true, SLOW, none, preview_body,
      api_exception_preview },
    { POST, "/exceptions/{exception}/end", EXCEPTERS, true, QUICK, exception, NULL,
      api_exception_end },

    { GET, "/indicators", RULE_READERS, false, SLOW, indicator_list, NULL, api_indicator_list },
    { GET, "/indicators/feeds", RULE_READERS, false, SLOW, none, NULL, api_indicator_feeds },
    { POST, "/indicators/feeds", RULE_KEEPERS, true, SLOW, none, feed_body, api_indicator_upload },
    { DELETE, "/indicators/feeds/{feed}", RULE_KEEPERS, true, SLOW, indicator_feed, NULL,
      api_indicator_feed_remove },
    { GET, "/indicators/allowed", RULE_READERS, false, QUICK, none, NULL, api_indicator_allowed },
    { POST, "/indicators/allowed", EXCEPTERS, true, QUICK, none, allow_body, api_indicator_allow },
    { POST, "/indicators/disallow", EXCEPTERS, true, QUICK, none, disallow_body,
      api_indicator_disallow },

    { GET, "/incidents", CASE_READERS, false, QUICK, incident_list, NULL, api_incident_list },
    { POST, "/incidents", TRIAGE, true, PLAN, none, incident_body, api_incident_open },
    { GET, "/incidents/{incident}", CASE_READERS, false, PLAN, incident, NULL,
      api_incident_get },
    { POST, "/incidents/{incident}/moves", TRIAGE, true, PLAN, incident, move_body,
      api_incident_move },
    { POST, "/incidents/{incident}/hold", ROLE_LEAD | ROLE_RESPONDER, true, PLAN, incident, hold_body,
      api_incident_hold },
    { POST, "/incidents/{incident}/package", TRIAGE, true, SLOW, incident, package_body,
      api_incident_package },

    { GET, "/plan", PLAN_READERS, false, QUICK, none, NULL, api_plan_get },
    { GET, "/plan/matrix", PLAN_READERS, false, PLAN, standing_day, NULL, api_plan_matrix },
    { GET, "/plan/standing/{obligation}/{agency}", PLAN_READERS, false, PLAN, standing, NULL,
      api_plan_standing },
    { POST, "/plan/standing/{obligation}/{agency}/reminders", ROLE_LEAD, true, PLAN, standing,
      remind_body, api_standing_remind },
    { POST, "/plan/standing/{obligation}/{agency}/exemptions", ROLE_LEAD | ROLE_FINANCE, true, PLAN,
      standing, exempt_body, api_standing_exempt },
    { POST, "/plan/standing/{obligation}/{agency}/evidence", ROLE_AGENCY, true, PLAN, standing,
      declare_body, api_standing_declare },
    { POST, "/notices/{notice}/acknowledge", ROLE_AGENCY, true, QUICK, notice, NULL,
      api_notice_acknowledge },
    { DELETE, "/exemptions/{exemption}", ROLE_LEAD, true, QUICK, exemption, NULL,
      api_exemption_revoke },
    { POST, "/evidence/{evidence}/return", ROLE_LEAD, true, QUICK, evidence, return_body,
      api_evidence_return },
    { GET, "/plan/coverage", PLAN_READERS, false, QUICK, none, NULL, api_plan_coverage },
    { GET, "/reports/standing.docx", ROLE_LEAD | ROLE_LEADER, false, SLOW, standing_day, NULL,
      api_report_standing },

    { GET, "/agencies", ALL, false, PLAN, agency_list, NULL, api_agency_list },
    { GET, "/agencies/{agency}", ALL, false, PLAN, agency, NULL, api_agency_get },
    { GET, "/systems", ALL, false, QUICK, system_list, NULL, api_system_list },
    { GET, "/systems/{system}", ALL, false, QUICK, system, NULL, api_system_get },
    { GET, "/sources", WATCHERS, false, QUICK, source_list, NULL, api_source_list },
    { GET, "/sources/{source}", WATCHERS, false, QUICK, source, NULL, api_source_get },

    { GET, "/sources/{source}/certificates", WATCHERS, false, QUICK, source, NULL,
      api_source_certificates },
    { POST, "/sources/{source}/enrolment", ENROLLERS, true, QUICK, source, enrolment_body,
      api_source_enrol },
    { GET, "/relays", WATCHERS, false, QUICK, none, NULL, api_relay_list },
    { POST, "/relays", ROLE_LEAD | ROLE_ADMIN, true, QUICK, none, relay_body, api_relay_add },
    { GET, "/relays/{relay}/certificates", WATCHERS, false, QUICK, relay, NULL,
      api_relay_certificates },
    { POST, "/relays/{relay}/enrolment", ENROLLERS, true, QUICK, relay, enrolment_body,
      api_relay_enrol },
    { POST, "/certificates/{certificate}/revoke", ENROLLERS, true, QUICK, certificate, reason_body,
      api_certificate_revoke },
    { POST, "/enrolment", 0, false, API_LOGIN, none, code_body, api_enrolment },
    { POST, "/enrolment/renewal", 0, false, API_LOGIN, none, renewal_body, api_enrolment_renewal },

    { GET, "/users", ROLE_ADMIN, false, QUICK, user_list, NULL, api_user_list },
    { POST, "/users", ROLE_ADMIN, true, API_LOGIN, none, new_user_body, api_user_add },
    { PATCH, "/users/{user}", ROLE_ADMIN, true, QUICK, user, user_body, api_user_change },
    { GET, "/health", ROLE_ADMIN, false, QUICK, none, NULL, api_health },
};

const struct api_route *api_routes(size_t *count_out)
{
    *count_out = sizeof table / sizeof *table;
    return table;
}

/* ---- finding a row --------------------------------------------------------------------------- */

static bool is_name(struct slice segment)
{
    return segment.len > 2 && segment.data[0] == '{' && segment.data[segment.len - 1] == '}';
}

/* How many segments stand there as text; -1: the path does not fit. So /events/fields comes before
 * /events/{event} wherever the rows stand. */
static int fit(const char *pattern, struct slice path)
{
    struct slice left = slice_of(pattern), want, have;
    int score = 0;

    for (;;) {
        bool more_want = slice_split(&left, '/', &want), more_have = slice_split(&path, '/', &have);
        if (!more_want || !more_have)
            return more_want == more_have ? score : -1;
        if (is_name(want)) {
            if (have.len == 0)
                return -1;
        } else if (slice_equal(want, have)) {
            score++;
        } else {
            return -1;
        }
    }
}

const struct api_route *api_route_find(enum http_method method, struct slice path,
                                       unsigned *methods_out)
{
    const struct api_route *best = NULL;
    int best_score = -1;

    *methods_out = 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int score = fit(table[i].path, path);
        if (score < 0)
            continue;
        *methods_out |= 1u << table[i].method;
        if (table[i].method == method && score > best_score) {
            best = &table[i];
            best_score = score;
        }
    }
    return best;
}

struct slice api_route_segment(const struct api_route *route, struct slice path, const char *name)
{
    struct slice left = slice_of(route->path), want, have;

    while (slice_split(&left, '/', &want) && slice_split(&path, '/', &have))
        if (is_name(want) && slice_is(slice_cut(want, 1, want.len - 1), name))
            return have;
    return SLICE_NONE;
}
