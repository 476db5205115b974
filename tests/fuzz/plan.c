/* A plan file from outside: read it, cover its text, look at its quotes. */
#include "base/file.h"
#include "plan/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64], regimes[128];

static void put(const char *name, struct slice bytes)
{
    char path[256];
    struct error e = ERROR_NONE;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (!file_replace(path, bytes, 0600, &e))
        abort();
}

static void remove_all(void)
{
    static const char *const names[] = { "plan.yaml", "text.txt", "measures/m.sql", "measures",
                                         "regimes/r.yaml", "regimes/c.yaml", "regimes", "" };
    char path[256];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
}

static void set_up(void)
{
    char path[256];
    struct error e = ERROR_NONE;

    snprintf(folder, sizeof folder, "/tmp/haidang-fuzz-XXXXXX");
    if (!mkdtemp(folder))
        abort();
    atexit(remove_all);
    snprintf(path, sizeof path, "%s/measures", folder);
    snprintf(regimes, sizeof regimes, "%s/regimes", folder);
    if (!file_make_folder(path, 0700, &e) || !file_make_folder(regimes, 0700, &e))
        abort();
    put("text.txt", SLICE("# I. **Head**\n\n- Keep the *lamp*; and\n\nreport oil.\n\na) Rest.\n"));
    put("measures/m.sql", SLICE("SELECT 1"));
    put("regimes/r.yaml", SLICE("regime: r\ntitle: {vi: r}\nholds: {from: 2019-01-01}\n"
                                "working_days: c.yaml\nvalues:\n"
                                "  cutoff_day: {vi: c, value: 14, source: x, confirmed: true}\n"
                                "  share: {vi: s, share: {num: 1, of: 10}, source: x, confirmed: true}\n"
                                "  before: {vi: b, day: 12-14, source: x, confirmed: true}\n"));
    put("regimes/c.yaml", SLICE("calendar: c\nweekend: [sunday]\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plan *plan;
    struct plan_coverage coverage;
    struct error e = ERROR_NONE;

    if (!folder[0])
        set_up();
    put("plan.yaml", slice_from(data, size));
    if (plan_load(folder, regimes, &plan, &e)) {
        ARENA_AUTO arena;
        arena_init(&arena, 64u << 20);
        plan_cover(plan, &arena, &coverage, &e);
        plan_free(&plan);
    }
    return 0;
}
