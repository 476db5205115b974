#include "api/private.h"
#include "api/resource.h"
#include "api/shape.h"
#include "base/file.h"

#define DISK_LOW 10    /* percent free */
#define DISK_OUT 3

static void check_put(struct json_writer *json, struct slice id, struct slice state,
                      struct slice sentence, struct slice hint)
{
    json_open_object(json);
    json_text_member(json, "id", id);
    json_text_member(json, "state", state);
    json_text_member(json, "sentence", sentence);
    shape_text_or_null(json, "hint", hint);
    json_close_object(json);
}

static bool disk_of(const struct api_call *call, uint64_t *free_out, uint64_t *total_out)
{
    *free_out = *total_out = 0;
    return file_room(call->options->archive ? call->options->archive : call->options->records, free_out,
                     total_out);
}

static void disk_check(struct api_call *call, bool known, uint64_t left, uint64_t total)
{
    const char *state = "well", *hint = "";
    struct slice sentence;

    if (!known || total == 0) {
        check_put(&call->json, SLICE("disk"), SLICE("warning"),
                  slice_of(api_say(call, "the disk cannot be asked")), SLICE_NONE);
        return;
    }
    uint64_t percent = left / (total / 100 ? total / 100 : 1);
    if (percent < DISK_LOW) {
        state = percent < DISK_OUT ? "failed" : "warning";
        hint = api_say(call, "free space, or shorten how long events are kept");
    }
    sentence = arena_print(call->arena, api_say(call, "%u %% of the disk is free"),
                           (unsigned)percent);
    check_put(&call->json, SLICE("disk"), slice_of(state), sentence, slice_of(hint));
}

static void source_check(struct api_call *call, const struct records_health_counts *sources)
{
    bool silent = sources->silent > 0;
    struct slice sentence = arena_print(
        call->arena, api_say(call, "%u sources are heard, %u are silent, %u never sent"),
        sources->heard, sources->silent, sources->never);

    check_put(&call->json, SLICE("sources"), silent ? SLICE("warning") : SLICE("well"), sentence,
              silent ? slice_of(api_say(call, "the page of the sources says which, and since when"))
                     : SLICE_NONE);
}

static void plan_check_put(struct api_call *call)
{
    if (call->options->plan)
        check_put(&call->json, SLICE("plan"), SLICE("well"),
                  arena_print(call->arena, api_say(call, "the plan %.*s is in force with %u "
                                                         "obligations"),
                              SLICE_ARGS(call->options->plan->key.number),
                              call->options->plan->obligation_count),
                  SLICE_NONE);
    else
        check_put(&call->json, SLICE("plan"), SLICE("warning"),
                  slice_of(api_say(call, "there is no plan in force here")),
                  slice_of(api_say(call, "name its folder in the configuration")));
}

static void rules_check(struct api_call *call, const struct api_machine_state *state)
{
    struct slice sentence =
        arena_print(call->arena, api_say(call, "%llu rules run, %u could not be loaded"),
                    (unsigned long long)state->rules_loaded, state->fault_count);

    check_put(&call->json, SLICE("rules"),
              state->fault_count || !state->rules_loaded ? SLICE("warning") : SLICE("well"),
              sentence, SLICE_NONE);
}

/* Unknown log sources are no fault of the machine: the page lists them. What was lost is. */
static void detection_check(struct api_call *call, const struct api_machine_state *state)
{
    const struct losses *l = &state->losses;
    bool lost = l->dropped || l->regex_limit || l->cut;

    if (!state->losses_known)
        return;
    check_put(&call->json, SLICE("detection"), lost ? SLICE("warning") : SLICE("well"),
              lost ? arena_print(call->arena,
                                 api_say(call, "detection lost: %llu hits of correlations, %llu regular "
                                               "expressions, alerts of %llu batches"),
                                 (unsigned long long)l->dropped, (unsigned long long)l->regex_limit,
                                 (unsigned long long)l->cut)
                   : slice_of(api_say(call, "detection lost nothing since the pipeline started")),
              lost ? slice_of(api_say(call, "narrow the rules that match most: the list of rules shows them"))
                   : SLICE_NONE);
}

/* ---- what the hub knows ---------------------------------------------------------------------- */

static void roles_put(struct json_writer *json, const struct api_machine_state *state)
{
    json_open_array_member(json, "roles");
    for (uint32_t i = 0; i < state->role_count; i++) {
        const struct api_role *role = &state->roles[i];
        json_open_object(json);
        json_text_member(json, "name", role->name);
        json_text_member(json, "state", role->state);
        shape_integer_or_null(json, "pid", role->pid != 0, role->pid);
        json_time_member(json, "since", role->since);
        json_integer_member(json, "restarts", (int64_t)role->restarts);
        shape_integer_or_null(json, "memory", role->memory != 0, (int64_t)role->memory);
        json_close_object(json);
    }
    json_close_array(json);
}

static void listeners_put(struct json_writer *json, const struct api_machine_state *state)
{
    json_open_array_member(json, "listeners");
    for (uint32_t i = 0; i < state->listener_count; i++) {
        const struct api_listener *one = &state->listeners[i];
        json_open_object(json);
        json_text_member(json, "protocol", one->protocol);
        json_text_member(json, "address", one->address);
        shape_integer_or_null(json, "received", one->received >= 0, one->received);
        shape_integer_or_null(json, "stored", one->stored >= 0, one->stored);
        shape_integer_or_null(json, "repeated", one->repeated >= 0, one->repeated);
        shape_integer_or_null(json, "quarantined", one->quarantined >= 0, one->quarantined);
        shape_integer_or_null(json, "refused", one->refused >= 0, one->refused);
        shape_integer_or_null(json, "waiting", one->waiting >= 0, one->waiting);
        shape_integer_or_null(json, "dropped", one->dropped >= 0, one->dropped);
        shape_integer_or_null(json, "connections", one->connections >= 0, one->connections);
        json_text_member(json, "canary", one->canary.len ? one->canary : SLICE("none"));
        json_time_member(json, "canary_found", one->canary_found);
        json_close_object(json);
    }
    json_close_array(json);
}

static void archive_put(struct json_writer *json, const struct api_machine_state *state)
{
    json_open_object_member(json, "archive");
    json_integer_member(json, "days", (int64_t)state->days);
    json_integer_member(json, "events", (int64_t)state->events);
    json_integer_member(json, "bytes", (int64_t)state->bytes);
    json_integer_member(json, "raw_bytes", (int64_t)state->raw_bytes);
    json_time_member(json, "oldest", state->oldest);
    json_time_member(json, "newest", state->newest);
    json_close_object(json);
}

static void rules_put(struct json_writer *json, const struct api_machine_state *state)
{
    json_open_object_member(json, "rules");
    json_integer_member(json, "loaded", (int64_t)state->rules_loaded);
    json_open_array_member(json, "failed");
    for (uint32_t i = 0; i < state->fault_count; i++) {
        json_open_object(json);
        json_text_member(json, "path", state->faults[i].path);
        json_text_member(json, "sentence", state->faults[i].sentence);
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
}

void shape_detection(struct json_writer *json, const struct api_machine_state *state)
{
    json_name(json, "detection");
    if (state->losses_known)
        losses_write(&state->losses, json);
    else
        json_put_null(json);
}

static void disk_put(struct json_writer *json, uint64_t left, uint64_t total)
{
    json_open_object_member(json, "disk");
    json_integer_member(json, "free", (int64_t)left);
    json_integer_member(json, "total", (int64_t)total);
    json_close_object(json);
}

bool shape_doctor(struct api_call *call)
{
    const struct api_machine *machine = &call->options->machine;
    struct api_machine_state state = { 0 };
    struct records_health_counts sources;
    struct json_writer *json = &call->json;
    struct error e = ERROR_NONE;
    uint64_t left, total;
    bool disk = disk_of(call, &left, &total), looked = false;

    if (!records_source_counts(call->records, &call->scope, SLICE_NONE, &sources, &call->error))
        return false;
    if (machine->look)
        looked = machine->look(machine->owner, call->language, call->arena, &state, &e);
    json_open_object(json);
    json_text_member(json, "version", SLICE(HAIDANG_VERSION));
    json_time_member(json, "started", state.started ? state.started : api_started(call));
    json_open_array_member(json, "checks");
    disk_check(call, disk, left, total);
    source_check(call, &sources);
    plan_check_put(call);
    if (looked) {
        rules_check(call, &state);
        detection_check(call, &state);
    } else if (machine->look) {
        check_put(json, SLICE("processes"), SLICE("failed"),
                  slice_of(error_sentence(&e, call->language)), SLICE_NONE);
    }
    for (uint32_t i = 0; i < state.check_count; i++)
        check_put(json, state.checks[i].id, state.checks[i].state, state.checks[i].sentence,
                  state.checks[i].hint);
    json_close_array(json);
    roles_put(json, &state);
    listeners_put(json, &state);
    archive_put(json, &state);
    rules_put(json, &state);
    shape_detection(json, &state);
    disk_put(json, left, total);
    json_close_object(json);
    return true;
}

bool api_health(struct api_call *call)
{
    return shape_doctor(call);
}
