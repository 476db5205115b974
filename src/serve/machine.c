#include "serve/machine.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"

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

/* Resident memory, from /proc/PID/statm; 0 when the process is gone. */
static uint64_t memory_of(int64_t pid)
{
    char path[64];
    unsigned long long total, resident = 0;
    snprintf(path, sizeof path, "/proc/%lld/statm", (long long)pid);
    FILE *file = pid > 0 ? fopen(path, "re") : NULL;
    if (file) {
        if (fscanf(file, "%llu %llu", &total, &resident) != 2)
            resident = 0;
        fclose(file);
    }
    return resident * 4096;
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
        role->memory = memory_of(role->pid);
    }
    return state->roles != NULL;
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
        bool http = slice_is(listener->protocol, "http");
        listener->address = slice_of(http ? machine->http_address : machine->syslog_address);
        listener->received = number(row, "received");
        listener->stored = -1;
        listener->quarantined = number(row, "quarantined");
        listener->refused = number(row, "refused") + number(row, "dropped");
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

static void look_archive(const char *archive, struct arena *arena,
                         struct api_machine_state *state)
{
    static const char *const suffixes[] = { ".db", NULL };
    struct slice *paths;
    size_t count;
    int32_t last_day = 0;
    if (!file_list(archive, suffixes, 100000, arena, &paths, &count, NULL))
        return;
    for (size_t i = 0; i < count; i++) {
        struct stat info;
        struct slice name = slice_after(paths[i], strlen(archive));
        int64_t day = 0;
        while (name.len && name.data[0] == '/')
            name = slice_after(name, 1);
        if (!slice_to_i64(slice_cut(name, 0, 8), &day) || stat(paths[i].data, &info) != 0)
            continue;
        state->bytes += (uint64_t)info.st_size;
        state->days += (int32_t)day != last_day; /* sorted: classes of a day stand together */
        last_day = (int32_t)day;
        int64_t begins;
        if (clock_from_day((int32_t)day, 0, &begins)) {
            state->oldest = state->oldest ? state->oldest : begins;
            state->newest = begins;
        }
    }
}

bool machine_look(void *owner, const char *language, struct arena *arena,
                  struct api_machine_state *state_out, struct error *e)
{
    const struct machine *machine = owner;
    const struct json *pipeline = read_json(machine->run, "pipeline.json", arena);
    bool alive = pipeline && clock_now() - number(pipeline, "alive") < PULSE_MOST;
    state_out->started = machine->started;
    state_out->events = (uint64_t)number(pipeline, "events");
    look_archive(machine->archive, arena, state_out);
    return (look_roles(read_json(machine->run, "roles.json", arena), arena, state_out) &&
            look_listeners(machine, alive ? pipeline : NULL, arena, state_out) &&
            look_rules(read_json(machine->cache, "rules.json", arena), language, arena,
                       state_out)) ||
           error_set(e, "not enough memory to look at the machine");
}
