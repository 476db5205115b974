#include "serve/machine.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"

#include "intake/listeners.h"

#include "serve/canary_watch.h"
#include "serve/damage_watch.h"

#define LISTENER_TEXT(id, name, kind, standard, help) name,
#define LISTENER_NAMES INTAKE_LISTENERS(LISTENER_TEXT)

#define CHECKS_MOST 4u
#define FILE_MOST (1024u * 1024)
#define PULSE_MOST (15 * CLOCK_SECOND)

static const struct json *read_json(const char *folder, const char *name, struct arena *arena)
{
    struct slice text;
    struct json *json = NULL;
    const char *path = file_join(arena, folder, name);
    if (!path || !file_read(path, FILE_MOST, arena, &text, NULL) ||
        !json_parse(text, arena, &json, NULL))
        return NULL;
    return json;
}

static int64_t number(const struct json *json, const char *name)
{
    return json_integer(json_member(json, name), 0);
}

struct machine_pulse machine_pulse(const char *run)
{
    ARENA_AUTO arena;
    arena_init(&arena, 8u * FILE_MOST);
    const struct json *json = read_json(run, "pipeline.json", &arena);
    return (struct machine_pulse){ number(json, "alive"), number(json, "started"),
                                   number(json, "before") };
}

static bool look_roles(const struct json *json, struct arena *arena,
                       struct api_machine_state *state)
{
    uint32_t count = json && json->kind == JSON_ARRAY ? json->count : 0;
    state->roles = arena_array(arena, count + 1, sizeof *state->roles);
    for (uint32_t i = 0; state->roles && i < count; i++) {
        const struct json *row = &json->children[i];
        if (slice_is(json_member_text(row, "name"), "compiler"))
            continue; /* short-lived: not running is how it should be */
        struct api_role *role = &state->roles[state->role_count++];
        role->name = json_member_text(row, "name");
        role->state = json_member_text(row, "state");
        role->pid = number(row, "pid");
        role->since = number(row, "since");
        role->restarts = (uint64_t)number(row, "restarts");
        role->memory = (uint64_t)number(row, "memory");
    }
    return state->roles != NULL;
}

/* The protocols that stand on one listener of the configuration have its address. */
static struct slice address_of(const struct machine *machine, struct slice protocol)
{
    static const char *const names[] = { LISTENER_NAMES };
    for (size_t i = 0; i < INTAKE_LISTENERS_COUNT; i++) {
        size_t len = strlen(names[i]), k = 0;
        while (k < len && k < protocol.len &&
               (names[i][k] == protocol.data[k] ||
                (names[i][k] == '_' && protocol.data[k] == '-')))
            k++;
        if (k == len && k == protocol.len)
            return slice_of(machine->addresses[i]);
    }
    return SLICE("");
}

static bool look_listeners(const struct machine *machine, const struct json *json,
                           struct arena *arena, struct api_machine_state *state)
{
    const struct json *list = json_member(json, "listeners");
    uint32_t count = list && list->kind == JSON_ARRAY ? list->count : 0;
    state->listeners = arena_array(arena, count + 1, sizeof *state->listeners);
    for (uint32_t i = 0; state->listeners && i < count; i++) {
        const struct json *row = &list->children[i];
        struct api_listener *listener = &state->listeners[state->listener_count++];
        listener->protocol = json_member_text(row, "protocol");
        listener->address = address_of(machine, listener->protocol);
        listener->received = number(row, "received");
        listener->stored = number(row, "stored");
        listener->repeated = number(row, "repeated");
        listener->quarantined = number(row, "quarantined");
        listener->refused = number(row, "refused");
        listener->waiting = number(row, "waiting");
        listener->dropped = number(row, "dropped");
        listener->connections = number(row, "connections");
        canary_watch_listener(machine->canary, listener->protocol, listener);
    }
    return state->listeners != NULL;
}

static bool look_rules(const struct json *json, const char *language, struct arena *arena,
                       struct api_machine_state *state)
{
    const struct json *list = json_member(json, "faults");
    uint32_t count = list && list->kind == JSON_ARRAY ? list->count : 0;
    bool vietnamese = language && language[0] == 'v';
    state->rules_loaded = (uint64_t)number(json, "rules");
    state->faults = arena_array(arena, count + 1, sizeof *state->faults);
    for (uint32_t i = 0; state->faults && i < count; i++) {
        struct api_rule_fault *fault = &state->faults[state->fault_count++];
        fault->path = json_member_text(&list->children[i], "path");
        fault->sentence = json_member_text(&list->children[i],
                                           vietnamese ? "sentence_vi" : "sentence");
    }
    return state->faults != NULL;
}

static void look_archive(const struct machine *machine, struct api_machine_state *state)
{
    struct holdings_sums sums;
    struct error e = ERROR_NONE;
    if (!machine->holdings || !holdings_look(machine->holdings, machine->archive, &sums, &e))
        return;
    state->days = sums.days;
    state->events = sums.events;
    state->bytes = sums.bytes;
    state->raw_bytes = sums.raw_bytes;
    state->oldest = sums.oldest;
    state->newest = sums.newest;
}

static bool look_checks(const struct machine *machine, const char *language, struct arena *arena,
                        struct api_machine_state *state)
{
    state->checks = arena_array(arena, CHECKS_MOST, sizeof *state->checks);
    if (!state->checks)
        return false;
    state->check_count += canary_watch_check(machine->canary, language, arena,
                                             &state->checks[state->check_count]);
    state->check_count += damage_watch_check(machine->damage, language, arena,
                                             &state->checks[state->check_count]);
    return true;
}

bool machine_look(void *owner, const char *language, struct arena *arena,
                  struct api_machine_state *state_out, struct error *e)
{
    const struct machine *machine = owner;
    const struct json *pipeline = read_json(machine->run, "pipeline.json", arena);
    bool alive = pipeline && clock_now() - number(pipeline, "alive") < PULSE_MOST;
    state_out->started = machine->started;
    look_archive(machine, state_out);
    state_out->losses_known = alive && losses_read(json_member(pipeline, "detection"), &state_out->losses);
    return (look_checks(machine, language, arena, state_out) &&
            look_roles(read_json(machine->run, "roles.json", arena), arena, state_out) &&
            look_listeners(machine, alive ? pipeline : NULL, arena, state_out) &&
            look_rules(read_json(machine->cache, "rules.json", arena), language, arena,
                       state_out)) ||
           error_set(e, "not enough memory to look at the machine");
}
