#include "cli/detect_event.h"

#include <stdio.h>

#include "base/clock.h"

static bool parse_time(struct slice text, int64_t *out)
{
    double number;
    if (slice_to_double(text, &number)) { /* seconds, or milliseconds beyond the year 5000 */
        double seconds = number > 1e11 ? number / 1000 : number;
        if (!(seconds > 1e8 && seconds < 9e9))
            return false;
        *out = (int64_t)(seconds * 1e3) * 1000000;
        return true;
    }
    if (text.len > 30) { /* seven digits of Windows are fine, a tail such as " UTC" is cut */
        size_t blank = slice_find_byte(slice_after(text, 19), ' ');
        text = slice_cut(text, 0, 19 + blank);
    }
    return clock_parse(text, out);
}

int64_t detect_event_time(const struct event *event)
{
    static const char *const names[] = {
        "@timestamp", "Event.System.TimeCreated.#attributes.SystemTime", "TimeCreated",
        "Event.System.TimeCreated.@SystemTime", "System.TimeCreated.SystemTime", "SystemTime",
        "winlog.time_created", "eventTime", "EventTime", "timestamp", "time", "ts", "published",
        "requestReceivedTimestamp", "createdDateTime", "activityDateTime", "CreationTime",
        "eventTimestamp", "TimeGenerated", "event.created", "date", "_source.@timestamp"
    };
    int64_t time;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct slice value = event_value(event, slice_of(names[i]));
        if (value.len && parse_time(value, &time))
            return time;
    }
    struct slice utc = event_value(event, SLICE("UtcTime")); /* Sysmon's has no zone */
    char zoned[CLOCK_TEXT];
    if (utc.len >= 19 && utc.len < 30) {
        int n = snprintf(zoned, sizeof zoned, "%.*sZ", SLICE_ARGS(utc));
        if (clock_parse(slice_from(zoned, (size_t)n), &time))
            return time;
    }
    return 0;
}

struct slice detect_event_host(const struct event *event)
{
    static const char *const names[] = {
        "Event.System.Computer", "Computer", "winlog.computer_name", "host.name", "host.hostname",
        "agent.hostname", "Hostname", "hostname", "ComputerName", "DeviceName", "devname",
        "System.Computer", "host", "node", "dvchost", "data.win.system.computer",
        "_source.winlog.computer_name", "_source.host.name"
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct event_field *field = event_field(event, slice_of(names[i]));
        if (field && field->value.len && field->kind == EVENT_TEXT)
            return field->value;
    }
    return SLICE_NONE;
}
