#include "serve/enrolment.h"

#include "base/config.h"

static const char *port_of(const char *address, struct arena *arena)
{
    struct slice host;
    uint16_t port;
    if (!address[0] || !config_split_address(slice_of(address), &host, &port))
        return "";
    return arena_print(arena, "%u", port).data;
}

bool enrolment_open(const struct enrolment_places *places, struct arena *arena,
                    struct office **office_out, struct error *e)
{
    struct slice rest = slice_of(places->names), name = SLICE("localhost");
    slice_split(&rest, '\n', &name);
    struct office_options options = {
        .secrets = places->secrets,
        .templates = places->templates,
        .trust = places->trust[0] ? places->trust : places->certificate,
        .name = arena_text(arena, slice_trim(name)),
        .syslog_tls_port = port_of(places->syslog_tls, arena),
        .https_port = port_of(places->https, arena),
        .console = places->console_url,
    };
    if (!options.console[0])
        options.console = arena_print(arena, "%s://%s:%s", places->certificate[0] ? "https" : "http",
                                      options.name, port_of(places->console, arena)).data;
    if (!options.name || !options.syslog_tls_port || !options.https_port || !options.console)
        return error_set(e, "not enough memory to start");
    return office_open(&options, office_out, e);
}
