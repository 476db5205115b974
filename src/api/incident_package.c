/* An incident's events as a signed package; who takes it is in the time line before it goes out. */
#include "api/private.h"
#include "api/resource.h"
#include "cases/evidence.h"
#include "records/incident.h"

static bool make(struct api_call *call, struct arena *arena, struct evidence_package *package)
{
    const struct api_options *o = call->options;
    struct heads_key key;
    struct records_incident incident;
    struct evidence_order order = {
        .incident = api_number(call, "incident"), .by = call->actor.user,
        .reason = api_text(call, "reason"), .place = { o->archive, o->heads }, .key = &key,
        .version = HAIDANG_VERSION, .now = call->now,
    };
    if (!records_incident_get(call->records, &call->scope, order.incident, call->arena, &incident,
                              &call->error))
        return false;
    if (!o->archive || !o->archive_key)
        return api_fail(call, 503, NULL, NULL, "this server has no archive to take events from");
    if (!heads_key_load(o->archive_key, &key, &call->error))
        return false;
    bool well = evidence_make(call->records, &call->scope, &order, arena, package, &call->error);
    heads_key_forget(&key);
    return well;
}

bool api_incident_package(struct api_call *call)
{
    ARENA_AUTO arena;
    struct evidence_package package;
    int64_t incident = api_number(call, "incident");
    arena_init(&arena, ARENA_NO_CEILING);
    if (!make(call, &arena, &package))
        return false;
    if (package.zip.len > API_ANSWER_MOST)
        return api_fail(call, 413, NULL, NULL,
                        "the package is too large to be sent here: make it with haidang archive "
                        "export --incident %lld", (long long)incident);
    if (!evidence_record(call->records, &call->actor, incident, slice_of(package.sha256),
                         package.events, api_text(call, "reason"), &call->error))
        return false;
    api_changed(call);
    call->type = "application/zip";
    http_reply_header(call->request, "Content-Disposition",
                      arena_print(call->arena, "attachment; filename=\"%.*s\"",
                                  SLICE_ARGS(package.name)));
    buffer_add(&call->body, package.zip);
    return true;
}
