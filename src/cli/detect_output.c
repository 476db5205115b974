#include "cli/detect_output.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

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
        buffer_add(out, SLICE("time,level,title,rule,tags,entity,file,record,why,author,license,host\r\n"));
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
static void put_why(struct buffer *out, struct slice why, unsigned most)
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
    struct slice last = SLICE_NONE, last_field = SLICE_NONE;
    for (uint32_t i = 0; i < root->count && shown < most; i++) {
        const struct json *reason = json_element(root, i);
        struct slice field = json_member_text(reason, "field"), value = json_member_text(reason, "value");
        if (!value.data || json_boolean(json_member(reason, "not"), false) ||
            (shown && slice_equal(value, last) && slice_equal(field, last_field)))
            continue; /* one value that several tests hold for stands once */
        last = value;
        last_field = field;
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

static const char *const colours[] = { "\033[2m", "\033[36m", "\033[33m", "\033[31m",
                                       "\033[1;37;41m" };

static void put_dim(struct buffer *out, bool colour, bool on)
{
    if (colour)
        buffer_add(out, on ? SLICE("\033[2m") : SLICE("\033[0m"));
}

static struct slice title_in(const char *language, struct slice title, struct slice title_vi)
{
    return slice_starts(slice_of(language), SLICE("vi")) && title_vi.len ? title_vi : title;
}

static void put_table(const struct detect_found *found, const struct output_look *look,
                      struct buffer *out)
{
    char time[CLOCK_TEXT] = "-";
    const struct alert *alert = found->alert;
    if (alert->time)
        clock_print(alert->time, time);
    buffer_print(out, "%-29s  %s%-13s%s  ", time, look->colour ? colours[alert->level] : "",
                 alert_level_name(alert->level), look->colour ? "\033[0m" : "");
    put_safe(out, title_in(look->language, alert->title, alert->title_vi));
    buffer_add(out, SLICE("  "));
    put_dim(out, look->colour, true);
    put_safe(out, slice_of(found->file));
    buffer_print(out, ":%llu", (unsigned long long)found->place);
    put_dim(out, look->colour, false);
    buffer_add(out, SLICE("  "));
    put_why(out, alert->why, 4);
    if (alert->author.len) {
        put_dim(out, look->colour, true);
        buffer_add(out, SLICE("  ["));
        put_safe(out, alert->author);
        buffer_print(out, "%s%.*s]", alert->license.len ? ", " : "", SLICE_ARGS(alert->license));
        put_dim(out, look->colour, false);
    }
    buffer_add_byte(out, '\n');
}

/* --- by rule --- */

#define ALERTS_SHOWN 5u

/* As many characters as the terminal is wide; colours are no characters. */
static void put_cut(struct buffer *out, struct slice line, unsigned width)
{
    unsigned columns = 0;
    size_t i = 0;
    while (i < line.len && (!width || columns < width)) {
        if (line.data[i] == '\033') {
            while (i < line.len && line.data[i] != 'm')
                i++;
            i++;
            continue;
        }
        for (i++; i < line.len && ((unsigned char)line.data[i] & 0xc0) == 0x80;)
            i++;
        columns++;
    }
    buffer_add(out, slice_cut(line, 0, i));
    if (i < line.len)
        buffer_add(out, SLICE("\033[0m"));
    buffer_add_byte(out, '\n');
}

static void put_short_time(struct buffer *out, int64_t time)
{
    char text[CLOCK_TEXT] = "-";
    if (time) {
        clock_print(time, text);
        text[10] = ' ';
    }
    buffer_print(out, "%-19.19s", text);
}

static void put_shown_alert(const struct findings *f, const struct finding_alert *a,
                            const struct output_look *look, struct buffer *line)
{
    buffer_add(line, SLICE("    "));
    put_short_time(line, a->time);
    buffer_add(line, SLICE("  "));
    if (a->host != UINT32_MAX) {
        put_safe(line, f->hosts[a->host].name);
        buffer_add(line, SLICE("  "));
    }
    put_dim(line, look->colour, true);
    put_safe(line, a->file);
    buffer_print(line, ":%llu", (unsigned long long)a->place);
    put_dim(line, look->colour, false);
    buffer_add(line, SLICE("  "));
    put_why(line, a->why, 3);
}

static void put_rule(const struct findings *f, const struct finding *rule,
                     const struct output_look *look, struct buffer *line, struct buffer *out)
{
    buffer_print(line, "%s%-13s%s  ", look->colour ? colours[rule->level] : "",
                 alert_level_name(rule->level), look->colour ? "\033[0m" : "");
    buffer_add(line, look->colour ? SLICE("\033[1m") : SLICE(""));
    put_safe(line, title_in(look->language, rule->title, rule->title_vi));
    buffer_add(line, look->colour ? SLICE("\033[0m") : SLICE(""));
    buffer_print(line, "  %llu", (unsigned long long)rule->count);
    put_cut(out, buffer_slice(line), 0);
    buffer_clear(line);
    put_dim(line, look->colour, true);
    buffer_add(line, SLICE("    "));
    put_safe(line, rule->tags);
    if (rule->author.len) {
        buffer_add(line, rule->tags.len ? SLICE("  [") : SLICE("["));
        put_safe(line, rule->author);
        buffer_print(line, "%s%.*s]", rule->license.len ? ", " : "", SLICE_ARGS(rule->license));
    }
    put_dim(line, look->colour, false);
    put_cut(out, buffer_slice(line), look->width);
    for (uint32_t i = 0; i < rule->kept && i < ALERTS_SHOWN; i++) {
        buffer_clear(line);
        put_shown_alert(f, &rule->alerts[i], look, line);
        put_cut(out, buffer_slice(line), look->width);
    }
    uint32_t shown = rule->kept < ALERTS_SHOWN ? rule->kept : ALERTS_SHOWN;
    if (rule->count > shown)
        buffer_print(out, text_in(look->language, "    … %llu more (--timeline shows each)\n"),
                     (unsigned long long)(rule->count - shown));
    buffer_add_byte(out, '\n');
}

void output_by_rule(const struct findings *f, const struct output_look *look, struct buffer *out)
{
    BUFFER_AUTO line;
    buffer_init(&line, 1024u * 1024);
    for (uint32_t i = 0; i < f->rule_count; i++) {
        buffer_clear(&line);
        put_rule(f, f->rules[i], look, &line, out);
    }
}

/* The events that a correlation counted before the one it fired at. */
static void put_earlier(struct json_writer *w, const struct detect_found *found)
{
    json_open_array_member(w, "earlier");
    for (uint32_t i = 0; i < found->earlier_count; i++) {
        json_open_object(w);
        json_text_member(w, "file", slice_of(found->earlier[i].file));
        json_integer_member(w, "record", (int64_t)found->earlier[i].place);
        json_close_object(w);
    }
    json_close_array(w);
}

static void put_json(const struct detect_found *found, struct buffer *out)
{
    const struct alert *alert = found->alert;
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
    json_open_array_member(&w, "tags");
    while (tags.len && slice_split(&tags, ' ', &tag))
        json_put_text(&w, tag);
    json_close_array(&w);
    json_text_member(&w, "entity", alert->entity);
    json_text_member(&w, "host", found->host.data ? found->host : SLICE(""));
    json_text_member(&w, "file", slice_of(found->file));
    json_integer_member(&w, "record", (int64_t)found->place);
    json_name(&w, "why");
    json_put_raw(&w, alert->why.len ? alert->why : SLICE("[]"));
    if (found->earlier_count)
        put_earlier(&w, found);
    json_text_member(&w, "author", alert->author);
    json_text_member(&w, "license", alert->license);
    json_close_object(&w);
    buffer_add_byte(out, '\n');
}

void output_put(enum output_form form, const struct detect_found *found,
                const struct output_look *look, struct buffer *out)
{
    char time[CLOCK_TEXT] = "", place[24];
    const struct alert *alert = found->alert;
    if (form == OUTPUT_TABLE) {
        put_table(found, look, out);
        return;
    }
    if (form == OUTPUT_JSON) {
        put_json(found, out);
        return;
    }
    if (alert->time)
        clock_print(alert->time, time);
    snprintf(place, sizeof place, "%llu", (unsigned long long)found->place);
    put_csv(out, slice_of(time), false);
    put_csv(out, slice_of(alert_level_name(alert->level)), false);
    put_csv(out, alert->title, false);
    put_csv(out, alert->rule, false);
    put_csv(out, alert->tags, false);
    put_csv(out, alert->entity, false);
    put_csv(out, slice_of(found->file), false);
    put_csv(out, slice_of(place), false);
    put_csv(out, alert->why, false);
    put_csv(out, alert->author, false);
    put_csv(out, alert->license, false);
    put_csv(out, found->host, true);
}
