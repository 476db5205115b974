/* standing_moves - what people do about a standing: remind, exempt, declare, send back. */
#include <stdio.h>

#include "api/resource.h"
#include "api/shape.h"
#include "api/standings.h"
#include "plan/calendar.h"
#include "records/agency.h"
#include "records/evidence.h"
#include "records/notice.h"
#include "records/person.h"
#include "records/standing.h"

#define REMIND_AGAIN CLOCK_HOUR   /* sooner a second reminder of the same is refused */

struct slice standing_subject(struct api_call *call, const struct plan_standing *s)
{
    return arena_print(call->arena, "standing:%.*s/%s", SLICE_ARGS(s->obligation->id),
                       s->period.id);
}

/* ---- remind ---------------------------------------------------------------------------------- */

/* The focal points who hold the post today, else the agency itself. */
static bool receiver_of(struct api_call *call, const struct plan_standing *s,
                        struct slice *receiver_out)
{
    char today[CALENDAR_DAY];
    struct records_page page = { .limit = 5 };
    struct records_person_list people;
    BUFFER_AUTO names;

    buffer_init(&names, 2000);
    calendar_day_text(call->now, today);
    struct records_person_filter filter = { .agency = s->agency->key, .duty = SLICE("focal"),
                                            .on = slice_of(today) };
    if (!records_person_list(call->records, &RECORDS_SCOPE_ALL, &filter, &page, call->arena,
                             &people, &call->error))
        return false;
    for (uint32_t i = 0; i < people.count; i++)
        buffer_print(&names, "%s%.*s", i ? ", " : "", SLICE_ARGS(people.rows[i].name));
    *receiver_out = names.len ? arena_copy(call->arena, buffer_slice(&names))
                              : shape_agency_short(call, s->agency->key);
    return receiver_out->data != NULL;
}

static bool reminded_just_now(struct api_call *call, const struct plan_standing *s, bool *was_out)
{
    struct records_notice *rows;
    uint32_t count;

    *was_out = false;
    if (!records_notice_list(call->records, &call->scope, standing_subject(call, s),
                             s->agency->key, call->arena, &rows, &count, &call->error))
        return false;
    for (uint32_t i = 0; i < count; i++)
        *was_out |= call->now - rows[i].sent_at < REMIND_AGAIN;
    return true;
}

bool api_standing_remind(struct api_call *call)
{
    const struct plan_standing *s;
    struct plan_result *result;
    struct slice receiver;
    bool again;
    int64_t id;

    if (!standing_find(call, &result, &s) || !reminded_just_now(call, s, &again))
        return false;
    if (s->standing == STANDING_MET || s->standing == STANDING_EXEMPT)
        return api_fail(call, 409, "refused", NULL, "this is done: there is nothing to remind of");
    if (again)
        return api_fail(call, 409, "refused", NULL, "a reminder of this was sent within the hour");
    if (!receiver_of(call, s, &receiver))
        return false;
    struct records_notice notice = {
        .kind = SLICE("reminder"), .subject = standing_subject(call, s), .agency = s->agency->key,
        .obligation = s->obligation->id, .period = slice_of(s->period.id),
        .receiver = receiver, .channel = api_text(call, "channel"), .text = api_text(call, "text"),
        .due_at = s->due };
    if (!records_notice_add(call->records, &call->actor, &notice, &id, &call->error))
        return false;
    api_changed(call);
    return standing_answer(call);
}

bool api_notice_acknowledge(struct api_call *call)
{
    struct records_notice *rows;
    int64_t id = api_number(call, "notice");
    uint32_t count, i;

    if (!records_notice_list(call->records, &call->scope, SLICE_NONE, call->actor.agency,
                             call->arena, &rows, &count, &call->error))
        return false;
    for (i = 0; i < count && rows[i].id != id; i++)
        ;
    if (i == count)
        return api_fail(call, 404, "not_found", NULL, "there is no such thing");
    if (!rows[i].acknowledged_at) {
        if (!records_notice_answer(call->records, &call->actor, id, call->now, call->now,
                                   &call->error))
            return false;
        rows[i].acknowledged_at = call->now;
        api_changed(call);
    }
    shape_notice(call, &rows[i]);
    return true;
}

/* ---- exempt ---------------------------------------------------------------------------------- */

static bool reason_known(struct api_call *call, const struct plan_obligation *o)
{
    struct slice reason = api_text(call, "reason");

    for (uint32_t i = 0; i < o->reason_count; i++)
        if (slice_equal(reason, o->reasons[i].id))
            return true;
    return o->reason_count == 0 ||
           api_fail(call, 400, "input_wrong", "reason",
                    "the plan names the reasons for which this may be exempted");
}

static struct slice day_of(struct api_call *call, const char *name)
{
    char text[CALENDAR_DAY];

    calendar_day_text(api_number(call, name), text);
    return arena_copy(call->arena, slice_of(text));
}

bool api_standing_exempt(struct api_call *call)
{
    const struct plan_standing *s;
    struct plan_result *result;
    int64_t id;

    if (!standing_find(call, &result, &s))
        return false;
    if (call->actor.role != standing_grantor(s->obligation))
        return api_fail(call, 403, "role_denied", NULL, "your role may not do this");
    if (!reason_known(call, s->obligation))
        return false;
    struct records_exemption exemption = {
        .plan = call->options->plan->key.number, .obligation = s->obligation->id,
        .agency = s->agency->key, .reason = api_text(call, "reason"),
        .document = api_text(call, "document"), .asked_by = api_text(call, "asked_by"),
        .holds_from = day_of(call, "from"), .holds_to = day_of(call, "to") };
    if (!records_exemption_grant(call->records, &call->actor, &exemption, &id, &call->error))
        return false;
    api_changed(call);
    return standing_answer(call);
}

bool api_exemption_revoke(struct api_call *call)
{
    call->status = 204;
    if (!records_exemption_revoke(call->records, &call->actor, api_number(call, "exemption"),
                                  &call->error))
        return false;
    api_changed(call);
    return true;
}

/* ---- declare, send back ---------------------------------------------------------------------- */

bool api_standing_declare(struct api_call *call)
{
    const struct plan_standing *s;
    struct plan_result *result;
    struct json_writer json;
    BUFFER_AUTO data;
    int64_t id;

    buffer_init(&data, 1024);
    if (!standing_find(call, &result, &s))
        return false;
    const struct plan_target *target = standing_declarable(s->obligation, api_text(call, "kind"));
    if (!target)
        return api_fail(call, 400, "input_wrong", "kind",
                        "this is not among what an agency itself declares here");
    int64_t day = api_number(call, "day");
    if (day > call->now)
        return api_fail(call, 400, "input_wrong", "day", "a day that has not come yet");
    json_writer_init(&json, &data);
    json_open_object(&json);
    json_text_member(&json, "period", slice_of(s->period.id));
    for (uint32_t i = 0; i < target->topic_count; i++) {
        const char *name = arena_text(call->arena, target->topics[i].name);
        if (!name)
            return error_set(&call->error, "not enough memory for the evidence");
        json_text_member(&json, name, target->topics[i].value);
    }
    json_close_object(&json);
    struct records_evidence evidence = {
        .kind = api_text(call, "kind"), .subject = s->agency->key, .agency = s->agency->key,
        .holds_from = day, .basis = SLICE("declared"), .ok = 1, .title = api_text(call, "title"),
        .document = api_text(call, "document"), .data = buffer_slice(&data) };
    if (!records_evidence_add(call->records, &call->actor, &evidence, &id, &call->error))
        return false;
    api_changed(call);
    call->status = 201;
    return standing_answer(call);
}

bool api_evidence_return(struct api_call *call)
{
    struct records_evidence evidence;
    int64_t id = api_number(call, "evidence");

    if (!records_evidence_get(call->records, &call->scope, id, call->arena, &evidence,
                              &call->error))
        return false;
    if (!slice_is(evidence.basis, "declared"))
        return api_fail(call, 409, "refused", NULL,
                        "only what an agency declared can be sent back to it");
    if (!records_evidence_revoke(call->records, &call->actor, id, api_text(call, "reason"),
                                 &call->error) ||
        !records_evidence_get(call->records, &call->scope, id, call->arena, &evidence,
                              &call->error))
        return false;
    api_changed(call);
    shape_evidence(call, &evidence);
    return true;
}

/* ---- what waits for an agency ---------------------------------------------------------------- */

#define WAITING_MOST 20
#define RETURNED_SHOWN (60 * CLOCK_DAY)

bool standing_waiting_put(struct api_call *call)
{
    struct records_notice *rows;
    struct records_evidence_filter filter = { .agency = call->actor.agency, .revoked = true };
    struct records_page page = { .limit = RECORDS_LIMIT_MOST };
    struct records_evidence_list list;
    struct json_writer *json = &call->json;
    uint32_t count, shown = 0;

    if (!records_notice_list(call->records, &call->scope, SLICE_NONE, call->actor.agency,
                             call->arena, &rows, &count, &call->error) ||
        !records_evidence_list(call->records, &call->scope, &filter, &page, call->arena, &list,
                               &call->error))
        return false;
    json_open_array_member(json, "notices");
    for (uint32_t i = count; i > 0 && shown < WAITING_MOST; i--)
        if (slice_is(rows[i - 1].kind, "reminder") && !rows[i - 1].acknowledged_at) {
            shape_notice(call, &rows[i - 1]);
            shown++;
        }
    json_close_array(json);
    json_open_array_member(json, "returned");
    shown = 0;
    for (uint32_t i = 0; i < list.count && shown < WAITING_MOST; i++)
        if (list.rows[i].revoked_at && call->now - list.rows[i].revoked_at < RETURNED_SHOWN) {
            shape_evidence(call, &list.rows[i]);
            shown++;
        }
    json_close_array(json);
    return true;
}
