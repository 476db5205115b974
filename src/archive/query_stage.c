#include "archive/query_stage.h"

#include "base/clock.h"

struct stages {
    struct lexer *lexer;
    struct token token;
    struct arena *arena;
    bool table;             /* comes in here, not events */
};

static void next(struct stages *p)
{
    p->token = lexer_next(p->lexer);
}

static bool is_word(const struct stages *p, const char *word)
{
    return p->token.kind == TOKEN_WORD && slice_equal_nocase(p->token.text, slice_of(word));
}

static bool at_end(const struct stages *p)
{
    return p->token.kind == TOKEN_END || p->token.kind == TOKEN_PIPE;
}

static bool is_name(const struct stages *p)
{
    return (p->token.kind == TOKEN_WORD || p->token.kind == TOKEN_QUOTED) && p->token.text.len;
}

/* Field names with blanks or commas between, up to a word that goes on with the stage. */
static bool read_names(struct stages *p, struct slice *names, uint32_t *count)
{
    size_t at = p->token.at;
    while (is_name(p) && !is_word(p, "over") && !is_word(p, "by")) {
        if (*count == QUERY_COLUMNS_MAX)
            return lexer_error(p->lexer, p->token.at, NULL, "at most %d fields can be named here",
                               QUERY_COLUMNS_MAX);
        names[(*count)++] = arena_copy(p->arena, p->token.text);
        next(p);
        if (p->token.kind == TOKEN_COMMA)
            next(p);
    }
    if (*count == 0)
        return lexer_error(p->lexer, at, "name a field, as in: by user", "a field is missing here");
    return !p->lexer->failed;
}

/* A table's rows have no time of their own, even where a column holds one. */
static bool spans_fit(struct stages *p, size_t at)
{
    return !p->table || lexer_error(p->lexer, at, "put it first, as in: count by user over 1d",
                                    "a table has no spans of time");
}

static bool read_span(struct stages *p, struct stage *stage)
{
    if (!spans_fit(p, p->token.at))
        return false;
    if (p->token.kind != TOKEN_WORD || !query_duration(p->token.text, &stage->span))
        return lexer_error(p->lexer, p->token.at, "write 30s, 5m, 1h or 7d",
                           "a length of time is missing here");
    next(p);
    return true;
}

static bool read_by_over(struct stages *p, struct stage *stage)
{
    while (!at_end(p) && !p->lexer->failed) {
        bool by = is_word(p, "by"), over = is_word(p, "over");
        if (!by && !over)
            return lexer_error(p->lexer, p->token.at, "write: by field, over 1h",
                               "this does not belong here");
        next(p);
        if (by ? !read_names(p, stage->by, &stage->by_count) : !read_span(p, stage))
            return false;
    }
    return !p->lexer->failed;
}

static const struct {
    const char *name;
    enum stat_kind kind;
    bool needs_field;
} stats[] = {
    { "count", STAT_COUNT, false }, { "sum", STAT_SUM, true },      { "avg", STAT_AVG, true },
    { "min", STAT_MIN, true },      { "max", STAT_MAX, true },      { "distinct", STAT_DISTINCT, true },
    { "dc", STAT_DISTINCT, true },
};

static bool add_count(struct stages *p, struct stage *stage)
{
    (void)p;
    stage->stats[stage->stat_count++] = (struct stat){ STAT_COUNT, SLICE_NONE, SLICE("count") };
    return true;
}

static bool read_stat_field(struct stages *p, struct stat *stat, const char *function, size_t at,
                            bool needed)
{
    if (p->token.kind == TOKEN_OPEN) {
        next(p);
        if (is_name(p)) {
            stat->field = arena_copy(p->arena, p->token.text);
            next(p);
        }
        if (p->token.kind != TOKEN_CLOSE)
            return lexer_error(p->lexer, p->token.at, "write sum(bytes)",
                               "the parenthesis is not closed");
        next(p);
    }
    if (needed && stat->field.len == 0)
        return lexer_error(p->lexer, at, "write sum(bytes)", "%s needs a field", function);
    return true;
}

static bool read_stat(struct stages *p, struct stage *stage)
{
    size_t at = p->token.at;
    for (size_t i = 0; i < sizeof stats / sizeof *stats; i++) {
        if (!is_word(p, stats[i].name))
            continue;
        if (stage->stat_count == QUERY_COLUMNS_MAX)
            return lexer_error(p->lexer, at, NULL, "at most %d fields can be named here",
                               QUERY_COLUMNS_MAX);
        struct stat *stat = &stage->stats[stage->stat_count++];
        stat->kind = stats[i].kind;
        next(p);
        if (!read_stat_field(p, stat, stats[i].name, at, stats[i].needs_field))
            return false;
        stat->name = stat->field.len ? arena_print(p->arena, "%s(%.*s)", stats[i].name,
                                                   SLICE_ARGS(stat->field))
                                     : slice_of(stats[i].name);
        if (is_word(p, "as")) {
            next(p);
            if (!is_name(p))
                return lexer_error(p->lexer, p->token.at, NULL, "a name is missing behind `as`");
            stat->name = arena_copy(p->arena, p->token.text);
            next(p);
        }
        return !p->arena->exhausted || lexer_error(p->lexer, at, NULL, "the query is too long");
    }
    return lexer_error(p->lexer, at, "known are count, sum, avg, min, max, distinct",
                       "a function is missing here");
}

/* --- the stages ----------------------------------------------------------------------------- */

static bool parse_count(struct stages *p, struct stage *stage)
{
    return add_count(p, stage) && read_by_over(p, stage);
}

static bool parse_top(struct stages *p, struct stage *stage)
{
    stage->number = 10;
    if (p->token.kind == TOKEN_WORD && slice_to_u64(p->token.text, &stage->number)) {
        if (stage->number == 0)
            return lexer_error(p->lexer, p->token.at, NULL, "this number must be 1 or more");
        next(p);
    }
    stage->bare = at_end(p);
    if (stage->bare)
        return true;
    if (is_word(p, "by"))
        next(p);
    return add_count(p, stage) && read_names(p, stage->by, &stage->by_count) &&
           (at_end(p) || lexer_error(p->lexer, p->token.at, "write: top 10 user",
                                     "this does not belong here"));
}

static bool parse_stats(struct stages *p, struct stage *stage)
{
    do {
        if (!read_stat(p, stage))
            return false;
        if (p->token.kind == TOKEN_COMMA)
            next(p);
    } while (!at_end(p) && !is_word(p, "by") && !is_word(p, "over"));
    return read_by_over(p, stage);
}

static bool parse_timechart(struct stages *p, struct stage *stage)
{
    if (p->token.kind == TOKEN_WORD && slice_starts(p->token.text, SLICE("span="))) {
        if (!query_duration(slice_after(p->token.text, 5), &stage->span))
            return lexer_error(p->lexer, p->token.at, "write 30s, 5m, 1h or 7d",
                               "a length of time is missing here");
        next(p);
    } else if (p->token.kind == TOKEN_WORD && query_duration(p->token.text, &stage->span))
        next(p);
    if (at_end(p) || is_word(p, "by") || is_word(p, "over"))
        return add_count(p, stage) && read_by_over(p, stage);
    return parse_stats(p, stage);
}

static bool parse_fields(struct stages *p, struct stage *stage)
{
    return read_names(p, stage->by, &stage->by_count) &&
           (at_end(p) || lexer_error(p->lexer, p->token.at, NULL, "this does not belong here"));
}

static bool parse_uniq(struct stages *p, struct stage *stage)
{
    if (is_word(p, "by"))
        next(p);
    return parse_fields(p, stage);
}

static bool parse_limit(struct stages *p, struct stage *stage)
{
    if (p->token.kind != TOKEN_WORD || !slice_to_u64(p->token.text, &stage->number) ||
        stage->number == 0)
        return lexer_error(p->lexer, p->token.at, "write: limit 20", "a number is missing here");
    next(p);
    return at_end(p) || lexer_error(p->lexer, p->token.at, NULL, "this does not belong here");
}

static bool parse_sort(struct stages *p, struct stage *stage)
{
    if (is_word(p, "by"))
        next(p);
    while (is_name(p)) {
        if (stage->key_count == QUERY_COLUMNS_MAX)
            return lexer_error(p->lexer, p->token.at, NULL, "at most %d fields can be named here",
                               QUERY_COLUMNS_MAX);
        struct sort_key *key = &stage->keys[stage->key_count++];
        struct slice name = p->token.text;
        bool bare = p->token.kind == TOKEN_WORD;
        key->descending = bare && slice_starts(name, SLICE("-"));
        if (bare && name.len > 1 && (name.data[0] == '-' || name.data[0] == '+'))
            name = slice_after(name, 1);
        key->field = arena_copy(p->arena, name);
        next(p);
        if (is_word(p, "desc") || is_word(p, "asc")) {
            key->descending = is_word(p, "desc");
            next(p);
        }
        if (p->token.kind == TOKEN_COMMA)
            next(p);
    }
    if (stage->key_count == 0)
        return lexer_error(p->lexer, p->token.at, "write: sort by count desc",
                           "a field is missing here");
    return at_end(p) || lexer_error(p->lexer, p->token.at, NULL, "this does not belong here");
}

static const struct {
    const char *name;
    enum stage_kind kind;
    bool (*parse)(struct stages *, struct stage *);
} kinds[] = {
    { "count", STAGE_COUNT, parse_count },    { "top", STAGE_TOP, parse_top },
    { "stats", STAGE_STATS, parse_stats },    { "timechart", STAGE_TIMECHART, parse_timechart },
    { "fields", STAGE_FIELDS, parse_fields }, { "sort", STAGE_SORT, parse_sort },
    { "limit", STAGE_LIMIT, parse_limit },    { "head", STAGE_LIMIT, parse_limit },
    { "uniq", STAGE_UNIQ, parse_uniq },
};

static bool parse_stage(struct stages *p, struct query *query)
{
    struct token name = p->token;
    p->table = query_gives_table(query);
    if (query->stage_count == QUERY_STAGES_MAX)
        return lexer_error(p->lexer, name.at, NULL, "at most %d pipes can follow each other",
                           QUERY_STAGES_MAX);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (is_word(p, kinds[i].name)) {
            struct stage *stage = &query->stages[query->stage_count++];
            stage->kind = kinds[i].kind;
            next(p);
            if ((stage->kind == STAGE_TIMECHART && !spans_fit(p, name.at)) ||
                !kinds[i].parse(p, stage))
                return false;
            if (!at_end(p))
                return lexer_error(p->lexer, p->token.at, NULL, "this does not belong here");
            if (stage->bare && query->stage_count == 1)
                return lexer_error(p->lexer, name.at, "write: top 10 user", "top needs a field");
            return true;
        }
    return lexer_error(p->lexer, name.at,
                       "known are count, top, stats, timechart, fields, sort, limit, uniq",
                       name.kind == TOKEN_WORD ? "\"%.*s\" is not a pipe"
                                               : "a pipe is missing behind |%.*s",
                       SLICE_ARGS(name.text));
}

bool query_stages(struct lexer *lexer, struct query *query)
{
    struct stages p = { .lexer = lexer, .arena = lexer->arena };
    lexer->in_stage = true;
    do {
        next(&p);
        if (!parse_stage(&p, query) || lexer->failed)
            return false;
    } while (p.token.kind == TOKEN_PIPE);
    return true;
}

/* --- written out ---------------------------------------------------------------------------- */

static void print_name(struct slice name, struct buffer *out)
{
    static const char *const words[] = { "by", "over", "as", "asc", "desc" };
    bool plain = name.len > 0 && name.data[0] != '-' && name.data[0] != '+';
    for (size_t i = 0; i < name.len; i++)
        plain &= strchr(" ,|()\"\t\r\n", name.data[i]) == NULL;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        plain &= !slice_equal_nocase(name, slice_of(words[i]));
    if (plain) {
        buffer_add(out, name);
        return;
    }
    buffer_add_byte(out, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '"' || name.data[i] == '\\')
            buffer_add_byte(out, '\\');
        buffer_add_byte(out, name.data[i]);
    }
    buffer_add_byte(out, '"');
}

static void print_names(const char *word, const struct slice *names, uint32_t count,
                        struct buffer *out)
{
    for (uint32_t i = 0; i < count; i++) {
        buffer_print(out, "%s", i ? ", " : word);
        print_name(names[i], out);
    }
}

static void print_span(int64_t span, struct buffer *out)
{
    static const struct { int64_t ns; char unit; } units[] = {
        { CLOCK_DAY, 'd' }, { CLOCK_HOUR, 'h' }, { CLOCK_MINUTE, 'm' }, { CLOCK_SECOND, 's' },
    };
    for (size_t i = 0; span && i < sizeof units / sizeof *units; i++)
        if (span % units[i].ns == 0) {
            buffer_print(out, " over %lld%c", (long long)(span / units[i].ns), units[i].unit);
            return;
        }
}

static void print_stats(const struct stage *stage, struct buffer *out)
{
    for (uint32_t i = 0; i < stage->stat_count; i++) {
        const struct stat *stat = &stage->stats[i];
        buffer_add(out, i ? SLICE(", ") : SLICE(" "));
        for (size_t k = 0; k < sizeof stats / sizeof *stats; k++)
            if (stats[k].kind == stat->kind) {
                buffer_print(out, "%s", stats[k].name);
                break;
            }
        if (stat->field.len) {
            buffer_add_byte(out, '(');
            print_name(stat->field, out);
            buffer_add_byte(out, ')');
        }
        buffer_add(out, SLICE(" as "));
        print_name(stat->name, out);
    }
}

static void print_keys(const struct stage *stage, struct buffer *out)
{
    for (uint32_t i = 0; i < stage->key_count; i++) {
        buffer_add(out, i ? SLICE(", ") : SLICE(" by "));
        print_name(stage->keys[i].field, out);
        buffer_add(out, stage->keys[i].descending ? SLICE(" desc") : SLICE(" asc"));
    }
}

void query_stage_print(const struct stage *stage, struct buffer *out)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].kind == stage->kind) {
            buffer_print(out, " | %s", kinds[i].name);
            break;
        }
    if (stage->kind == STAGE_TOP || stage->kind == STAGE_LIMIT)
        buffer_print(out, " %llu", (unsigned long long)stage->number);
    if (stage->kind == STAGE_STATS || stage->kind == STAGE_TIMECHART)
        print_stats(stage, out);
    bool list = stage->kind == STAGE_FIELDS;
    print_names(list ? " " : " by ", stage->by, stage->by_count, out);
    print_span(stage->span, out);
    print_keys(stage, out);
}
