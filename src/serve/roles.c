#include "serve/roles.h"

/* The names are those under which supervisor.c hands the folders over. */
const struct role_row serve_roles[] = {
    { "compiler", compiler_role_run, .write = { "cache" },
      .read = { "rules", "logsources", "placeholders" } },
    { "pipeline", pipeline_run, .write = { "archive", "run", "spool" },
      .read = { "roster_folder", "cache", "decoders", "certificate", "key", "clients", "watched", "tls",
                "indicators", "logsources" },
      .restart = true },
    { "reader", reader_run, .read = { "archive", "logsources", "placeholders", "roster_folder" },
      .fork = true, .restart = true },
    { "hub", hub_run, .write = { "records_folder", "roster_folder", "secrets", "run", "tls",
                                         "heads" },
      .read = { "archive", "cache", "plan", "regimes", "rules", "import", "templates", "certificate",
                "key", "enrol_templates", "enrol_trust", "indicators" },
      .restart = true },
    { "canary", canary_run, .write = { "run" }, .connect = true, .restart = true },
    { 0 },
};
