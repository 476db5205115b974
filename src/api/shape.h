/* shape - the schemas of openapi.yaml that several resources write. */
#ifndef API_SHAPE_H
#define API_SHAPE_H

#include "api/call.h"
#include "records/agency.h"
#include "records/source.h"

struct records_alert;
struct records_incident;
struct records_system;

/* {id, name, short?}; an empty id: null. */
void shape_ref(struct json_writer *json, struct slice id, struct slice name,
               struct slice short_name);
void shape_ref_member(struct json_writer *json, const char *name, struct slice id,
                      struct slice title, struct slice short_name);
/* Ref of an agency by its key (empty: null); name NULL: an element. Its title follows the language. */
void shape_agency(struct api_call *call, const char *name, struct slice key);
/* Its short name, else its title, else the key. */
struct slice shape_agency_short(struct api_call *call, struct slice key);
struct slice shape_agency_title(const struct api_call *call, const struct records_agency *agency);
/* Text, or null when empty. */
void shape_text_or_null(struct json_writer *json, const char *name, struct slice text);
void shape_integer_or_null(struct json_writer *json, const char *name, bool there, int64_t value);
void shape_health(struct json_writer *json, const char *name,
                  const struct records_health_counts *counts);
/* {query, from, to, agency, source} */
void shape_events_link(struct json_writer *json, struct slice query, int64_t from, int64_t to,
                       struct slice agency, struct slice source);
/* An object, and in it the list `items`: between them stand the items. */
void shape_list_open(struct json_writer *json);
/* Ends the items; the page's `next` and the `total`. The object stays open. */
void shape_list_close(struct json_writer *json, struct slice next, uint64_t total);
/* A page's `next`. */
void shape_next(struct json_writer *json, struct slice next);

/* These four write members only, into an object that the caller opened and closes. */
void shape_alert_summary(struct api_call *call, const struct records_alert *alert);
/* An alert's title in the call's language. */
struct slice shape_alert_title(const struct api_call *call, struct slice title, struct slice title_vi);
void shape_incident_summary(struct api_call *call, const struct records_incident *incident);
/* Its clock of telling, an object; false (nothing written): it has none, or with running_only none
 * that still runs. */
bool shape_incident_clock(struct api_call *call, const struct records_incident *incident,
                          bool running_only);
void shape_system(struct api_call *call, const struct records_system *system);
void shape_source(struct api_call *call, const struct records_source *source);
/* One event, from an alert's own copy or from the archive. */
struct shape_event {
    struct slice id;
    int64_t time, received;
    struct slice agency, system, system_name, source, source_name;
    struct slice decoder, product, category, service, raw;
    const struct json *fields;          /* object; an array's elements are joined; NULL: none */
};
void shape_event_put(struct api_call *call, const struct shape_event *event);
/* An entity's value alone: "src_ip=203.0.113.77" → 203.0.113.77. */
struct slice shape_entity(struct slice entity);
/* The member `why`, of what detect wrote (detect/why.h); NULL or a correlation's: an empty list. */
void shape_why(struct json_writer *json, const struct json *why);
/* The member `correlation`; null where it is none. Its threshold is the rule's text's; NULL: the count. */
struct yaml;
void shape_correlation(struct json_writer *json, const struct json *why, const struct yaml *rule);
/* "so-nganh" → "Departments", in the call's language. */
struct slice shape_kind_title(const struct api_call *call, struct slice kind);
/* The members alerts_new and incidents_open of an agency (empty: of all in scope); null where the
 * role does not see them. False: call->error. */
bool shape_open_counts(struct api_call *call, struct slice agency);
/* The member `detection` of a machine's state: what was not looked at; null when it is not known. */
void shape_detection(struct json_writer *json, const struct api_machine_state *state);
/* Doctor: an object. */
bool shape_doctor(struct api_call *call);
/* The members of PlanHead, into an object that the caller opened. */
void shape_plan_head(struct api_call *call);
/* The clock of telling that the plan's regime sets. */
struct regime_clock;
struct regime_clock shape_clock(const struct api_call *call);
/* A reminder or other notice; a fact that was declared, verified or sent back: objects. */
struct records_notice;
void shape_notice(struct api_call *call, const struct records_notice *notice);
struct records_evidence;
void shape_evidence(struct api_call *call, const struct records_evidence *evidence);
/* How to connect; of one source (NULL: in general). */
void shape_connect(struct api_call *call, const char *name, const struct records_source *source);

#endif
