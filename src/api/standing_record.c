/* standing_record - what people did about one standing: reminders, exemptions, evidence that was
 * declared or sent back; and what the caller may do. */
#include "api/standings.h"

#include "records/evidence.h"
#include "records/notice.h"
#include "records/standing.h"

#include "api/shape.h"

/* ---- reminders ------------------------------------------------------------------------------- */

void shape_notice(struct api_call *call, const struct records_notice *notice)
{
    struct json_writer *json = &call->json;

    json_open_object(json);
    json_integer_member(json, "id", notice->id);
    json_time_member(json, "time", notice->sent_at);
    json_text_member(json, "by", notice->by_whom);
    json_text_member(json, "receiver", notice->receiver);
    json_text_member(json, "channel", notice->channel);
    json_text_member(json, "text", notice->text);
    shape_agency(call, "agency", notice->agency);
    json_text_member(json, "obligation", notice->obligation);
    json_text_member(json, "period", notice->period);
    json_time_member(json, "acknowledged", notice->acknowledged_at);
    json_close_object(json);
}

static bool notices_put(struct api_call *call, const struct plan_standing *s)
{
    struct records_notice *rows;
    uint32_t count;
    struct slice subject = standing_subject(call, s);

    if (!records_notice_list(call->records, &call->scope, subject, s->agency->key, call->arena,
                             &rows, &count, &call->error))
        return false;
    json_open_array_member(&call->json, "notices");
    for (uint32_t i = count; i > 0; i--)
        shape_notice(call, &rows[i - 1]);
    json_close_array(&call->json);
    return true;
}

/* ---- exemptions ------------------------------------------------------------------------------ */

static bool exemptions_put(struct api_call *call, const struct plan_standing *s)
{
    struct records_exemption *rows;
    struct json_writer *json = &call->json;
    uint32_t count;

    if (!records_exemption_list(call->records, &call->scope, call->options->plan->key.number,
                                s->obligation->id, s->agency->key, call->arena, &rows, &count,
                                &call->error))
        return false;
    json_open_array_member(json, "exemptions");
    for (uint32_t i = 0; i < count; i++) {
        const struct records_exemption *x = &rows[i];
        struct slice reason = x->reason;
        for (uint32_t k = 0; k < s->obligation->reason_count; k++)
            if (slice_equal(reason, s->obligation->reasons[k].id))
                reason = plan_words_in(&s->obligation->reasons[k].title, call->language);
        json_open_object(json);
        json_integer_member(json, "id", x->id);
        json_text_member(json, "reason", reason);
        shape_text_or_null(json, "document", x->document);
        json_text_member(json, "from", x->holds_from);
        json_text_member(json, "to", x->holds_to);
        json_text_member(json, "asked_by", x->asked_by);
        json_text_member(json, "granted_by", x->granted_by);
        json_time_member(json, "granted", x->learnt_at);
        json_time_member(json, "revoked", x->revoked_at);
        json_close_object(json);
    }
    json_close_array(json);
    return true;
}

/* ---- evidence -------------------------------------------------------------------------------- */

/* The need of a measure that comes as number `i` of all that the obligation's targets have. */
static bool need_at(const struct plan_obligation *o, uint32_t i,
                    const struct plan_target **target_out, struct slice *kind_out)
{
    for (uint32_t t = 0; t < o->target_count; t++) {
        const struct plan_measure *measure = o->targets[t].measure;
        if (i < measure->need_count) {
            *target_out = &o->targets[t];
            *kind_out = measure->needs[i];
            return true;
        }
        i -= measure->need_count;
    }
    return false;
}

/* The first obligation of the plan that counts evidence of this kind, and what its measure is called. */
static void evidence_about(const struct api_call *call, struct slice kind,
                           struct slice *obligation_out, struct slice *title_out)
{
    const struct plan *plan = call->options->plan;
    const struct plan_target *target;
    struct slice need;

    for (uint32_t o = 0; plan && o < plan->obligation_count; o++)
        for (uint32_t i = 0; need_at(&plan->obligations[o], i, &target, &need); i++)
            if (slice_equal(need, kind)) {
                *obligation_out = plan->obligations[o].id;
                *title_out = plan_words_in(&target->measure->title, call->language);
                return;
            }
}

void shape_evidence(struct api_call *call, const struct records_evidence *v)
{
    struct json_writer *json = &call->json;
    struct slice obligation = SLICE_NONE, title = v->kind;

    evidence_about(call, v->kind, &obligation, &title);

    json_open_object(json);
    json_integer_member(json, "id", v->id);
    json_text_member(json, "kind", v->kind);
    json_text_member(json, "kind_title", title);
    shape_text_or_null(json, "obligation", obligation);
    json_text_member(json, "title", v->title);
    shape_text_or_null(json, "document", v->document);
    json_text_member(json, "basis", v->basis);
    json_time_member(json, "holds_from", v->holds_from);
    json_time_member(json, "learnt", v->learnt_at);
    json_text_member(json, "by", v->by_whom);
    json_name(json, "returned");
    if (v->revoked_at) {
        json_open_object(json);
        json_time_member(json, "time", v->revoked_at);
        json_text_member(json, "by", v->revoked_by);
        json_text_member(json, "reason", v->revoked_why);
        json_close_object(json);
    } else {
        json_put_null(json);
    }
    json_close_object(json);
}

/* Kinds that measures need and that come from other tables than the evidence (m_evidence_kind). */
static bool is_evidence(struct slice kind)
{
    return !slice_is(kind, "post") && !slice_is(kind, "notice") && !slice_is(kind, "standing");
}

const struct plan_target *standing_declarable(const struct plan_obligation *o, struct slice kind)
{
    const struct plan_target *target;
    struct slice need;

    for (uint32_t i = 0; need_at(o, i, &target, &need); i++)
        if (slice_equal(need, kind))
            return slice_is(target->measure->unit->id, "agency") && is_evidence(kind) ? target : NULL;
    return NULL;
}

/* Evidence of the kind that says nothing else than what the target asks with :with_<name>. */
static bool has_topics(struct api_call *call, const struct plan_target *target,
                       const struct records_evidence *v)
{
    struct error e = ERROR_NONE;
    struct json *data;

    if (!json_parse(v->data, call->arena, &data, &e))
        return true;
    for (uint32_t i = 0; i < target->topic_count; i++) {
        const char *name = arena_text(call->arena, target->topics[i].name);
        struct slice value = name ? json_member_text(data, name) : SLICE_NONE;
        if (value.len && !slice_equal(value, target->topics[i].value))
            return false;
    }
    return true;
}

static bool evidence_put(struct api_call *call, const struct plan_standing *s)
{
    const struct plan_target *target;
    struct json_writer *json = &call->json;
    struct slice kind;

    json_open_array_member(json, "evidence");
    for (uint32_t i = 0; need_at(s->obligation, i, &target, &kind); i++) {
        struct records_evidence_filter filter = {
            .kind = kind, .agency = s->agency->key, .revoked = true, .to = s->period.to,
            .from = s->period.from };
        struct records_page page = { .limit = 50 };
        struct records_evidence_list list;
        if (!records_evidence_list(call->records, &call->scope, &filter, &page, call->arena, &list,
                                   &call->error))
            return false;
        for (uint32_t k = 0; k < list.count; k++)
            if (has_topics(call, target, &list.rows[k]))
                shape_evidence(call, &list.rows[k]);
    }
    json_close_array(json);
    json_open_array_member(json, "declare");
    for (uint32_t i = 0; need_at(s->obligation, i, &target, &kind); i++) {
        if (!standing_declarable(s->obligation, kind))
            continue;
        json_open_object(json);
        json_text_member(json, "kind", kind);
        json_text_member(json, "title", plan_words_in(&target->measure->title, call->language));
        json_close_object(json);
    }
    json_close_array(json);
    return true;
}

/* ---- what may be done ------------------------------------------------------------------------ */

enum role standing_grantor(const struct plan_obligation *o)
{
    enum role role = ROLE_LEAD;

    if (o->granted_by && !role_parse(o->granted_by->id, &role))
        role = ROLE_LEAD;
    return role;
}

static void moves_put(struct api_call *call, const struct plan_standing *s)
{
    struct json_writer *json = &call->json;
    enum role role = call->actor.role;
    bool open = s->standing != STANDING_MET && s->standing != STANDING_EXEMPT;

    json_open_array_member(json, "moves");
    if (role == ROLE_LEAD && open)
        json_put_text(json, SLICE("remind"));
    if (role == standing_grantor(s->obligation))
        json_put_text(json, SLICE("exempt"));
    if (role == ROLE_LEAD)
        json_put_text(json, SLICE("return"));
    if (role == ROLE_AGENCY)
        json_put_text(json, SLICE("declare"));
    json_close_array(json);
    json_open_array_member(json, "exemption_reasons");
    for (uint32_t i = 0; i < s->obligation->reason_count; i++) {
        json_open_object(json);
        json_text_member(json, "id", s->obligation->reasons[i].id);
        json_text_member(json, "title",
                         plan_words_in(&s->obligation->reasons[i].title, call->language));
        json_close_object(json);
    }
    json_close_array(json);
}

bool standing_record_put(struct api_call *call, const struct plan_standing *standing)
{
    if (!notices_put(call, standing) || !exemptions_put(call, standing) ||
        !evidence_put(call, standing))
        return false;
    moves_put(call, standing);
    return true;
}
