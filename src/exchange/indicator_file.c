#include "exchange/indicator_file.h"

#include <stdio.h>

#include "base/clock.h"
#include "exchange/indicator_read.h"

#define TREE_MOST ((size_t)1 << 30)

const char *indicator_format_name(enum indicator_format format)
{
    static const char *const names[] = { "auto", "list", "csv", "stix", "misp" };
    return (unsigned)format < sizeof names / sizeof *names ? names[format] : "auto";
}

/* ---- shared -------------------------------------------------------------------------------------- */

void indicator_refuse(struct indicator_reading *r, struct error *e, const char *place)
{
    r->count->refused++;
    if (!e->place[0])
        error_place(e, "%.150s:%.90s", r->file->name, place);
    if (r->file->refused)
        r->file->refused(r->file->owner, e);
}

/* "192.0.2.1:443", "evil.example|8080": feeds of command servers. */
static struct slice without_port(struct slice text)
{
    size_t at = text.len;
    while (at && text.data[at - 1] >= '0' && text.data[at - 1] <= '9')
        at--;
    if (at == text.len || at < 2 || (text.data[at - 1] != ':' && text.data[at - 1] != '|'))
        return text;
    struct slice before = slice_cut(text, 0, at - 1);
    bool v6 = slice_find_byte(before, ':') < before.len;
    return v6 && text.data[at - 1] == ':' && before.data[0] != '[' ? text : before;
}

void indicator_put(struct indicator_reading *r, struct slice text, enum indicator_type wanted,
                   struct indicator_item item, const char *place)
{
    struct error wrong = ERROR_NONE;
    arena_clear(&r->scratch);
    if (!indicator_read(text, wanted, &r->scratch, &item.indicator, &wrong)) {
        indicator_refuse(r, &wrong, place);
        return;
    }
    r->count->taken++;
    if (!r->file->take(r->file->owner, &item))
        r->ended = true;
}

int64_t indicator_time(struct slice text)
{
    int64_t time;
    text = slice_trim(text);
    return text.len && clock_parse(text, &time) && time > 0 ? time : 0;
}

bool indicator_word(struct slice word, enum indicator_type *type_out, bool *port_out)
{
    static const struct { const char *word; enum indicator_type type; bool port; } words[] = {
        { "address", INDICATOR_TYPE_ADDRESS, false }, { "ip", INDICATOR_TYPE_ADDRESS, false },
        { "ipv4", INDICATOR_TYPE_ADDRESS, false }, { "ipv6", INDICATOR_TYPE_ADDRESS, false },
        { "ipv4-addr", INDICATOR_TYPE_ADDRESS, false },
        { "ipv6-addr", INDICATOR_TYPE_ADDRESS, false },
        { "ip-src", INDICATOR_TYPE_ADDRESS, false }, { "ip-dst", INDICATOR_TYPE_ADDRESS, false },
        { "ip_address", INDICATOR_TYPE_ADDRESS, false }, { "dst_ip", INDICATOR_TYPE_ADDRESS, false },
        { "src_ip", INDICATOR_TYPE_ADDRESS, false }, { "ip:port", INDICATOR_TYPE_ADDRESS, true },
        { "ip-src|port", INDICATOR_TYPE_ADDRESS, true },
        { "ip-dst|port", INDICATOR_TYPE_ADDRESS, true },
        { "network", INDICATOR_TYPE_NETWORK, false }, { "cidr", INDICATOR_TYPE_NETWORK, false },
        { "domain", INDICATOR_TYPE_DOMAIN, false }, { "hostname", INDICATOR_TYPE_DOMAIN, false },
        { "domain-name", INDICATOR_TYPE_DOMAIN, false }, { "fqdn", INDICATOR_TYPE_DOMAIN, false },
        { "host", INDICATOR_TYPE_DOMAIN, false },
        { "hostname|port", INDICATOR_TYPE_DOMAIN, true },
        { "url", INDICATOR_TYPE_URL, false }, { "uri", INDICATOR_TYPE_URL, false },
        { "link", INDICATOR_TYPE_URL, false },
        { "email", INDICATOR_TYPE_EMAIL, false }, { "email-src", INDICATOR_TYPE_EMAIL, false },
        { "email-dst", INDICATOR_TYPE_EMAIL, false }, { "email-addr", INDICATOR_TYPE_EMAIL, false },
        { "md5", INDICATOR_TYPE_MD5, false }, { "md5_hash", INDICATOR_TYPE_MD5, false },
        { "filehash-md5", INDICATOR_TYPE_MD5, false },
        { "sha1", INDICATOR_TYPE_SHA1, false }, { "sha1_hash", INDICATOR_TYPE_SHA1, false },
        { "filehash-sha1", INDICATOR_TYPE_SHA1, false },
        { "sha256", INDICATOR_TYPE_SHA256, false },
        { "sha256_hash", INDICATOR_TYPE_SHA256, false },
        { "filehash-sha256", INDICATOR_TYPE_SHA256, false },
        { "hash", INDICATOR_TYPE_ANY, false }, { "", INDICATOR_TYPE_ANY, false },
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (slice_equal_nocase(word, slice_of(words[i].word))) {
            *type_out = words[i].type;
            *port_out = words[i].port;
            return true;
        }
    return false;
}

/* ---- lists and CSV ------------------------------------------------------------------------------- */

#define COLUMNS_MOST 64u

enum column { COLUMN_OTHER, COLUMN_VALUE, COLUMN_TYPED, COLUMN_TYPE, COLUMN_CONFIDENCE, COLUMN_TLP,
              COLUMN_UNTIL, COLUMN_NOTE, COLUMN_STATE };

struct table {
    char separator;
    uint32_t count;                /* 0: no header */
    enum column columns[COLUMNS_MOST];
    enum indicator_type types[COLUMNS_MOST];
};

/* Cells of a line; "" within quotes is one quote (the cell is then written over in place). */
static uint32_t split_cells(struct slice line, char separator, char *room, struct slice *cells)
{
    uint32_t count = 0;
    size_t at = 0, used = 0;
    while (count < COLUMNS_MOST) {
        while (at < line.len && line.data[at] == ' ')
            at++;
        size_t from = used;
        if (at < line.len && line.data[at] == '"') {
            for (at++; at < line.len; at++) {
                if (line.data[at] == '"' && (at + 1 >= line.len || line.data[at + 1] != '"'))
                    break;
                at += line.data[at] == '"';
                room[used++] = line.data[at];
            }
            while (at < line.len && line.data[at] != separator)
                at++;
        } else {
            while (at < line.len && line.data[at] != separator)
                room[used++] = line.data[at++];
        }
        cells[count++] = slice_trim(slice_from(room + from, used - from));
        if (at >= line.len)
            break;
        at++;
    }
    return count;
}

static enum column column_of(struct slice name, enum indicator_type *type)
{
    static const struct { const char *name; enum column column; } known[] = {
        { "value", COLUMN_VALUE }, { "indicator", COLUMN_VALUE }, { "ioc", COLUMN_VALUE },
        { "ioc_value", COLUMN_VALUE }, { "observable", COLUMN_VALUE }, { "giá trị", COLUMN_VALUE },
        { "type", COLUMN_TYPE }, { "ioc_type", COLUMN_TYPE }, { "indicator_type", COLUMN_TYPE },
        { "confidence", COLUMN_CONFIDENCE }, { "confidence_level", COLUMN_CONFIDENCE },
        { "tlp", COLUMN_TLP }, { "valid_until", COLUMN_UNTIL }, { "expires", COLUMN_UNTIL },
        { "expiration", COLUMN_UNTIL }, { "note", COLUMN_NOTE }, { "description", COLUMN_NOTE },
        { "comment", COLUMN_NOTE }, { "threat", COLUMN_NOTE }, { "malware", COLUMN_NOTE },
        { "malware_printable", COLUMN_NOTE }, { "signature", COLUMN_NOTE },
        { "to_ids", COLUMN_STATE },
    };
    bool port;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (slice_equal_nocase(name, slice_of(known[i].name)))
            return known[i].column;
    if (name.len && indicator_word(name, type, &port) && !port &&
        !slice_equal_nocase(name, SLICE("link")) && !slice_equal_nocase(name, SLICE("host")))
        return COLUMN_TYPED;
    return COLUMN_OTHER;
}

/* Takes the line for a header when it has at least so many columns and one of them holds values. */
static bool read_header(struct slice line, uint32_t least, struct table *t, char *room)
{
    static const char separators[] = { ',', ';', '\t', '|' };
    struct slice cells[COLUMNS_MOST];
    for (size_t s = 0; s < sizeof separators; s++) {
        struct table found = { .separator = separators[s] };
        bool any = false;
        found.count = split_cells(line, separators[s], room, cells);
        for (uint32_t i = 0; i < found.count; i++) {
            found.columns[i] = column_of(cells[i], &found.types[i]);
            any |= found.columns[i] == COLUMN_VALUE || found.columns[i] == COLUMN_TYPED;
        }
        if (any && found.count >= least && (found.count > 1 || s == 0)) {
            *t = found;
            return true;
        }
    }
    return false;
}

static void read_row(struct indicator_reading *r, const struct table *t, struct slice line,
                     char *room, const char *place)
{
    struct slice cells[COLUMNS_MOST];
    struct indicator_item item = { .confidence = -1, .tlp = -1 };
    enum indicator_type wanted = INDICATOR_TYPE_ANY;
    enum indicator_tlp tlp;
    bool port = false;
    uint64_t number;
    uint32_t count = split_cells(line, t->separator, room, cells);
    for (uint32_t i = 0; i < count && i < t->count; i++) {
        if (t->columns[i] == COLUMN_TYPE && !indicator_word(cells[i], &wanted, &port)) {
            r->count->skipped++;
            return;
        }
        if (t->columns[i] == COLUMN_STATE && (slice_is(cells[i], "0") ||
                                              slice_equal_nocase(cells[i], SLICE("false")))) {
            r->count->skipped++;
            return;
        }
        if (t->columns[i] == COLUMN_CONFIDENCE && slice_to_u64(cells[i], &number) && number <= 100)
            item.confidence = (int)number;
        if (t->columns[i] == COLUMN_TLP && indicator_tlp_parse(cells[i], &tlp))
            item.tlp = (int)tlp;
        if (t->columns[i] == COLUMN_UNTIL)
            item.valid_until = indicator_time(cells[i]);
        if (t->columns[i] == COLUMN_NOTE && !item.note.len)
            item.note = cells[i];
    }
    for (uint32_t i = 0; i < count && i < t->count && !r->ended; i++) {
        bool typed = t->columns[i] == COLUMN_TYPED;
        if ((typed || t->columns[i] == COLUMN_VALUE) && cells[i].len &&
            !slice_equal_nocase(cells[i], SLICE("n/a")))
            indicator_put(r, port ? without_port(cells[i]) : cells[i],
                          typed ? t->types[i] : wanted, item, place);
    }
}

/* "0.0.0.0 evil.example" of hosts files means the name behind. */
static struct slice list_value(struct slice line)
{
    size_t end = 0;
    while (end < line.len && line.data[end] != ' ' && line.data[end] != '\t')
        end++;
    struct slice first = slice_cut(line, 0, end), rest = slice_trim(slice_after(line, end));
    bool hosts = slice_is(first, "0.0.0.0") || slice_is(first, "127.0.0.1") ||
                 slice_is(first, "::1") || slice_is(first, "::");
    if (!hosts || !rest.len)
        return first;
    for (end = 0; end < rest.len && rest.data[end] != ' ' && rest.data[end] != '\t';)
        end++;
    return slice_cut(rest, 0, end);
}

static bool is_comment(struct slice line)
{
    return line.data[0] == '#' || line.data[0] == ';' || slice_starts(line, SLICE("//"));
}

void indicator_read_lines(struct indicator_reading *r)
{
    static char nothing[1];
    struct slice rest = r->file->bytes, line;
    struct table table = { .separator = ',' };
    struct indicator_item plain = { .confidence = -1, .tlp = -1 };
    struct arena room_arena;
    bool started = false;
    uint64_t number = 0;
    arena_init(&room_arena, 0);
    if (slice_starts(rest, SLICE("\xef\xbb\xbf")))
        rest = slice_after(rest, 3);
    while (!r->ended && slice_split(&rest, '\n', &line)) {
        char place[32];
        snprintf(place, sizeof place, "%llu", (unsigned long long)++number);
        line = slice_trim(line);
        if (!line.len)
            continue;
        arena_clear(&room_arena);
        char *room = line.len <= 65536 ? arena_alloc(&room_arena, line.len + 1) : nothing;
        if (!room || room == nothing) {
            struct error e = ERROR_NONE;
            error_set(&e, "the line is longer than %u bytes", 65536u);
            indicator_refuse(r, &e, place);
            continue;
        }
        if (is_comment(line)) {
            if (!started && line.data[0] == '#')
                read_header(slice_trim(slice_after(line, 1)), 2, &table, room);
            continue;
        }
        bool header = !started && read_header(line, 1, &table, room);
        started = true;
        if (header)
            continue;
        if (table.count)
            read_row(r, &table, line, room, place);
        else
            indicator_put(r, without_port(list_value(line)), INDICATOR_TYPE_ANY, plain, place);
    }
    r->count->format = table.count ? INDICATOR_CSV : INDICATOR_LIST;
    arena_free(&room_arena);
}

/* ---- the file ------------------------------------------------------------------------------------ */

static bool read_json(struct indicator_reading *r)
{
    ARENA_AUTO tree;
    struct json *document;
    arena_init(&tree, TREE_MOST);
    if (!json_parse(r->file->bytes, &tree, &document, r->e)) {
        if (r->e && !strchr(r->e->place, ':')) {
            char at[sizeof r->e->place];
            snprintf(at, sizeof at, "%s", r->e->place);
            snprintf(r->e->place, sizeof r->e->place, "%.200s:%.40s", r->file->name, at);
        }
        return error_kind(r->e, ERROR_INPUT);
    }
    if (slice_is(json_member_text(document, "type"), "bundle") ||
        slice_is(json_member_text(document, "type"), "indicator")) {
        r->count->format = INDICATOR_STIX;
        return indicator_read_stix(r, document);
    }
    r->count->format = INDICATOR_MISP;
    if (indicator_read_misp(r, document))
        return true;
    error_set(r->e, "this JSON is neither a STIX bundle nor a MISP event");
    error_place(r->e, "%s", r->file->name);
    return error_kind(r->e, ERROR_INPUT);
}

bool indicator_file_read(const struct indicator_file *file, struct indicator_file_count *count_out,
                         struct error *e)
{
    struct slice start = slice_trim(slice_cut(file->bytes, 0, 4096));
    struct indicator_reading r = { .file = file, .count = count_out, .e = e };
    if (slice_starts(start, SLICE("\xef\xbb\xbf")))
        start = slice_trim(slice_after(start, 3));
    bool json = start.len && (start.data[0] == '{' ||
                              (start.data[0] == '[' && start.len > 1 &&
                               strchr("{] \t\r\n", start.data[1])));
    *count_out = (struct indicator_file_count){ 0 };
    arena_init(&r.scratch, 1u << 20);
    bool fine = true;
    if (json)
        fine = read_json(&r);
    else
        indicator_read_lines(&r);
    arena_free(&r.scratch);
    return fine && (!r.ended || error_set(e, "the import was stopped"));
}
