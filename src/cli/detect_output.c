#include "cli/detect_output.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"

static void put_csv(struct buffer *out, struct slice text, bool last)
{
    /* a cell that begins like a formula is one to spreadsheets */
    bool formula = text.len && strchr("=+-@\t\r", text.data[0]);
    buffer_add_byte(out, '"');
    if (formula)
        buffer_add_byte(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"')
            buffer_add_byte(out, '"');
        buffer_add_byte(out, text.data[i]);
    }
    buffer_add(out, last ? SLICE("\"\r\n") : SLICE("\","));
}

void output_head(enum output_form form, struct buffer *out)
{
    if (form == OUTPUT_CSV)
        buffer_add(out, SLICE("time,level,title,rule,tags,entity,file,record,why,author,license\r\n"));
}

/* Control characters of a log must not reach the terminal: they could repaint it. */
static void put_safe(struct buffer *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bool c1 = c == 0xc2 && i + 1 < text.len && (unsigned char)text.data[i + 1] < 0xa0;
        if (c1)
            buffer_print(out, "\\x%02x", (unsigned char)text.data[++i]);
        else if (c < 0x20 || c == 0x7f)
            buffer_print(out, "\\x%02x", c);
        else
            buffer_add_byte(out, (char)c);
    }
}

/* field=value of each reason, short: the whole stands in --json. */
static void put_why(struct buffer *out, struct slice why)
{
    ARENA_AUTO arena;
    struct json *root;
    unsigned shown = 0;
    arena_init(&arena, 4u * 1024 * 1024);
    if (!json_parse(why, &arena, &root, NULL))
        return;
    if (root->kind == JSON_OBJECT) {
        const struct json *group = json_member(root, "group");
        put_safe(out, json_member_text(root, "type"));
        buffer_print(out, " %lld", (long long)json_integer(json_member(root, "count"), 0));
        for (uint32_t i = 0; group && i < group->count; i++) {
            buffer_add(out, SLICE("  "));
            put_safe(out, group->children[i].name);
            buffer_add_byte(out, '=');
            put_safe(out, group->children[i].text);
        }
        return;
    }
    for (uint32_t i = 0; i < root->count && shown < 4; i++) {
        const struct json *reason = json_element(root, i);
        struct slice field = json_member_text(reason, "field"), value = json_member_text(reason, "value");
        if (!value.data)
            continue;
        if (shown++)
            buffer_add(out, SLICE("  "));
        if (field.len) {
            put_safe(out, field);
            buffer_add_byte(out, '=');
        }
        put_safe(out, slice_cut(value, 0, 90));
        if (value.len > 90)
            buffer_add(out, SLICE("…"));
    }
}

static void put_table(const struct output_alert *a, struct buffer *out)
{
    static const char *const colours[] = { "\033[2m", "\033[36m", "\033[33m", "\033[31m",
                                           "\033[1;37;41m" };
    char time[CLOCK_TEXT] = "-";
    const struct alert *alert = a->alert;
    bool vietnamese = slice_starts(slice_of(a->language), SLICE("vi")) && alert->title_vi.len;
    if (alert->time)
        clock_print(alert->time, time);
    buffer_print(out, "%-29s  %s%-13s%s  ", time, a->colour ? colours[alert->level] : "",
                 alert_level_name(alert->level), a->colour ? "\033[0m" : "");
    put_safe(out, vietnamese ? alert->title_vi : alert->title);
    buffer_add(out, SLICE("  "));
    if (a->colour)
        buffer_add(out, SLICE("\033[2m"));
    put_safe(out, slice_of(a->file));
    buffer_print(out, ":%llu", (unsigned long long)a->place);
    if (a->colour)
        buffer_add(out, SLICE("\033[0m"));
    buffer_add(out, SLICE("  "));
    put_why(out, alert->why);
    buffer_add_byte(out, '\n');
}

static void put_json(const struct output_alert *a, struct buffer *out)
{
    const struct alert *alert = a->alert;
    struct slice tags = alert->tags, tag;
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w);
    json_time_member(&w, "time", alert->time);
    json_text_member(&w, "level", slice_of(alert_level_name(alert->level)));
    json_text_member(&w, "title", alert->title);
    if (alert->title_vi.len)
        json_text_member(&w, "title_vi", alert->title_vi);
    json_text_member(&w, "rule", alert->rule);
    json_name(&w, "tags");
    json_open_array(&w);
    while (tags.len && slice_split(&tags, ' ', &tag))
        json_put_text(&w, tag);
    json_close_array(&w);
    json_text_member(&w, "entity", alert->entity);
    json_text_member(&w, "file", slice_of(a->file));
    json_integer_member(&w, "record", (int64_t)a->place);
    json_name(&w, "why");
    json_put_raw(&w, alert->why.len ? alert->why : SLICE("[]"));
    json_text_member(&w, "author", alert->author);
    json_text_member(&w, "license", alert->license);
    json_close_object(&w);
    buffer_add_byte(out, '\n');
}

void output_put(enum output_form form, const struct output_alert *a, struct buffer *out)
{
    char time[CLOCK_TEXT] = "", place[24];
    const struct alert *alert = a->alert;
    if (form == OUTPUT_TABLE) {
        put_table(a, out);
        return;
    }
    if (form == OUTPUT_JSON) {
        put_json(a, out);
        return;
    }
    if (alert->time)
        clock_print(alert->time, time);
    snprintf(place, sizeof place, "%llu", (unsigned long long)a->place);
    put_csv(out, slice_of(time), false);
    put_csv(out, slice_of(alert_level_name(alert->level)), false);
    put_csv(out, alert->title, false);
    put_csv(out, alert->rule, false);
    put_csv(out, alert->tags, false);
    put_csv(out, alert->entity, false);
    put_csv(out, slice_of(a->file), false);
    put_csv(out, slice_of(place), false);
    put_csv(out, alert->why, false);
    put_csv(out, alert->author, false);
    put_csv(out, alert->license, true);
}
