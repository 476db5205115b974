#include "event/event.h"

#include <stdatomic.h>

#include <stdio.h>

#define IDS_MOST 0x7ffffffeu /* event_field.id has 31 bits */

uint32_t event_name_id(void)
{
    static _Atomic uint32_t given;
    uint32_t id = atomic_load(&given);
    while (id < IDS_MOST && !atomic_compare_exchange_weak(&given, &id, id + 1))
        ;
    return id < IDS_MOST ? id + 1 : 0;
}

const struct event_field *event_field(const struct event *event, struct slice name)
{
    for (uint32_t i = 0; i < event->field_count; i++)
        if (slice_equal(event->fields[i].name, name))
            return &event->fields[i];
    return NULL;
}

struct slice event_value(const struct event *event, struct slice name)
{
    const struct event_field *field = event_field(event, name);
    return field ? field->value : SLICE_NONE;
}

void event_id_print(const struct event_id *id, char *text)
{
    snprintf(text, EVENT_ID_TEXT, "%08d.%.15s.%llu", (int)id->day, id->class,
             (unsigned long long)id->sequence);
}

/* A class stands in file names, so only small letters, digits and '-'. */
bool event_class_valid(struct slice class)
{
    if (class.len == 0 || class.len >= sizeof((struct event_id *)0)->class)
        return false;
    for (size_t i = 0; i < class.len; i++) {
        char c = class.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '-' && i > 0)))
            return false;
    }
    return true;
}

bool event_id_parse(struct slice text, struct event_id *id_out)
{
    struct slice rest = text, day, class;
    uint64_t number, sequence;

    if (!slice_split(&rest, '.', &day) || !slice_split(&rest, '.', &class))
        return false;
    if (day.len != 8 || !slice_to_u64(day, &number) || !event_class_valid(class) ||
        !slice_to_u64(rest, &sequence) || sequence == 0)
        return false;
    *id_out = (struct event_id){ .day = (int32_t)number, .sequence = sequence };
    memcpy(id_out->class, class.data, class.len);
    return true;
}
