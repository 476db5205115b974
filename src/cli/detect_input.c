#include "cli/detect_input.h"

#include <stdlib.h>

#include "base/clock.h"
#include "cli/detect_audit.h"
#include "cli/detect_unpack.h"
#include "event/evtx.h"

#define PADDING 64u
#define READ_SIZE (256u * 1024)
#define READ_FIRST 4096u
#define BLOCK_MEMORY (INPUT_BLOCK + 2 * READ_SIZE + PADDING) /* one size: used again, it always fits */
#define STREAM_QUIET 100                    /* ms without a byte: it pauses */
#define STREAM_PATIENCE (CLOCK_SECOND / 2)
#define WRAPPER_MOST 4096u  /* of an object around the events, up to the first of them */

enum wrap { WRAP_NONE, WRAP_ARRAY, WRAP_TAIL }; /* within its array, behind it */
enum form { FORM_UNKNOWN, FORM_LINES, FORM_DOCUMENTS, FORM_EVTX };

struct input {
    const char *path;
    struct block_memory *memory;
    struct unpacked file;
    bool ended;            /* nothing more to read */
    enum form form;
    enum input_kind kind;
    char *bytes;           /* read, not given out */
    size_t len, capacity;
    uint64_t next;         /* number of the next line, record or chunk */
    uint64_t size;         /* of an event log that is a plain file; else 0 */
    bool dirty;
    int64_t since;         /* of a stream: when a whole record was first seen to wait; 0: none does */
    bool quiet;            /* of a stream: what waits was all there is */
    enum wrap wrap;        /* documents: within an object such as {"Records":[ */
    struct w3c_header header;
    char *header_bytes;
    struct error failed;
};

bool input_open(const char *path, struct block_memory *memory, struct input **out, struct error *e)
{
    struct input *in = *out = calloc(1, sizeof *in);
    if (!in)
        return error_set(e, "out of memory");
    in->path = path;
    in->memory = memory;
    in->next = 1;
    if (unpacked_open(&in->file, path, e))
        return true;
    free(in);
    *out = NULL;
    return false;
}

void input_close(struct input **input)
{
    struct input *in = *input;
    *input = NULL;
    if (!in)
        return;
    unpacked_close(&in->file);
    free(in->bytes);
    free(in->header_bytes);
    free(in);
}

static bool make_room(struct input *in, size_t want)
{
    if (in->capacity - in->len >= want + PADDING)
        return true;
    size_t least = in->file.consumed ? BLOCK_MEMORY : READ_FIRST + PADDING;
    size_t more = in->capacity * 2 > least ? in->capacity * 2 : least;
    char *grown = more <= 2ull * INPUT_RECORD_MOST ? realloc(in->bytes, more) : NULL;
    if (!grown) {
        error_place(&in->failed, "%s:%llu", in->path, (unsigned long long)in->next);
        error_set(&in->failed, "a record is longer than %u MB", INPUT_RECORD_MOST >> 20);
        in->ended = true;
        return false;
    }
    in->bytes = grown;
    in->capacity = more;
    return true;
}

/* Reads more behind what is there; false when nothing came. A file's first read is small: what an
 * event log is told by suffices, its chunks are read elsewhere. */
static bool fill(struct input *in)
{
    size_t want = in->file.consumed ? READ_SIZE : READ_FIRST;
    if (!make_room(in, want))
        return false;
    in->quiet = false;
    size_t n = unpacked_read(&in->file, in->bytes + in->len, want);
    in->len += n;
    in->ended = in->ended || n == 0;
    if (in->file.failed.set && !in->failed.set)
        in->failed = in->file.failed;
    return n > 0;
}

static size_t whole_lines(const struct input *in)
{
    const char *last = in->len ? memrchr(in->bytes, '\n', in->len) : NULL;
    return last ? (size_t)(last - in->bytes) + 1 : 0;
}

/* Asked where more would be read. Whoever sends a stream is not to wait for a block to be full: true when it
 * pauses behind a whole record, or when such a record has waited for long enough. */
static bool may_go(struct input *in, bool whole)
{
    if (!in->file.stream || !whole)
        return false;
    int64_t now = clock_steady();
    if (!in->since)
        in->since = now;
    in->quiet = in->quiet || !unpacked_more(&in->file, STREAM_QUIET);
    return in->quiet || now - in->since >= STREAM_PATIENCE;
}

/* The brackets of a line balance: it may be a record of its own. */
static bool balanced(struct slice line)
{
    long depth = 0;
    bool text = false;
    for (size_t i = 0; i < line.len; i++) {
        char c = line.data[i];
        if (text && c == '\\')
            i++;
        else if (c == '"')
            text = !text;
        else if (!text && (c == '{' || c == '['))
            depth++;
        else if (!text && (c == '}' || c == ']'))
            depth--;
    }
    return depth == 0 && !text;
}

static size_t skip_blanks(struct slice s, size_t at)
{
    while (at < s.len && strchr(" \t\r\n", s.data[at]))
        at++;
    return at;
}

/* Behind the string at `at`; s.len when it is not all there. */
static size_t skip_string(struct slice s, size_t at)
{
    for (at++; at < s.len && s.data[at] != '"'; at++)
        at += s.data[at] == '\\';
    return at < s.len ? at + 1 : s.len;
}

/* Behind the object at `at`; s.len when it is not all there. */
static size_t skip_object(struct slice s, size_t at)
{
    size_t depth = 0;
    while (at < s.len) {
        char c = s.data[at];
        depth += c == '{';
        depth -= c == '}';
        at = c == '"' ? skip_string(s, at) : at + 1;
        if (!depth)
            return at;
    }
    return s.len;
}

/* What may stand around events before their array: annotations of OData ("@odata.context"), and what lists
 * of Kubernetes and Google say of themselves. */
static bool describes_list(struct slice name)
{
    static const char *const names[] = { "\"kind\"", "\"apiVersion\"", "\"metadata\"", "\"etag\"",
                                         "\"nextPageToken\"" };
    bool known = slice_starts(name, SLICE("\"@odata."));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        known = known || slice_is(name, names[i]);
    return known;
}

/* Clouds deliver files that are one object around the events: {"Records":[{…},{…}]}. Where the object
 * at `at` is such a one, the index behind its '['; else 0. */
static size_t wrapper_end(struct slice s, size_t at)
{
    static const char *const names[] = { "\"Records\"", "\"records\"", "\"value\"", "\"items\"" };
    at = skip_blanks(s, at + 1);
    while (at < s.len && s.data[at] == '"') {
        size_t from = at, end = skip_string(s, at);
        struct slice name = slice_cut(s, from, end);
        at = skip_blanks(s, end);
        if (at >= s.len || s.data[at] != ':')
            return 0;
        at = skip_blanks(s, at + 1);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (slice_is(name, names[i])) {
                size_t object = at < s.len && s.data[at] == '[' ? skip_blanks(s, at + 1) : s.len;
                return object < s.len && s.data[object] == '{' ? at + 1 : 0;
            }
        if (!describes_list(name) || at >= s.len || (s.data[at] != '"' && s.data[at] != '{'))
            return 0;
        at = skip_blanks(s, s.data[at] == '"' ? skip_string(s, at) : skip_object(s, at));
        at = at < s.len && s.data[at] == ',' ? skip_blanks(s, at + 1) : s.len;
    }
    return 0;
}

/* The file's head is read and taken off; chunks follow. */
static void begin_evtx(struct input *in)
{
    while (in->len < EVTX_HEAD && !in->ended && fill(in))
        ;
    in->form = FORM_EVTX;
    in->kind = INPUT_EVTX;
    in->next = 0;
    in->dirty = evtx_is_dirty(slice_from(in->bytes, in->len));
    in->size = slice_is(slice_of(in->path), "-") ? 0 : unpacked_plain_size(&in->file);
    if (in->len < EVTX_HEAD && !in->failed.set) {
        error_place(&in->failed, "%s: byte %zu", in->path, in->len);
        error_kind(&in->failed, ERROR_INPUT);
        error_set(&in->failed, "the file ends within the head of an event log");
        in->ended = true;
    }
    in->len -= in->len < EVTX_HEAD ? in->len : EVTX_HEAD;
    memmove(in->bytes, in->bytes + EVTX_HEAD, in->len);
}

static size_t skip_mark(const struct input *in)
{
    return in->len >= 3 && memcmp(in->bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* A whole line with something in it. */
static bool says_something(const struct input *in)
{
    return skip_blanks(slice_from(in->bytes, in->len), skip_mark(in)) < whole_lines(in);
}

static void recognise(struct input *in)
{
    while (in->len < 1024 && !may_go(in, says_something(in)) && fill(in))
        ;
    if (evtx_is_file(slice_from(in->bytes, in->len))) {
        begin_evtx(in);
        return;
    }
    size_t mark = skip_mark(in);
    in->len -= mark;
    memmove(in->bytes, in->bytes + mark, in->len);
    size_t at = skip_blanks(slice_from(in->bytes, in->len), 0);
    char first = at < in->len ? in->bytes[at] : 0;
    in->form = FORM_LINES;
    in->kind = first == '{' || first == '[' ? INPUT_JSON : INPUT_TEXT;
    if (first == '[') { /* a text log may begin with a time in brackets */
        size_t next = skip_blanks(slice_from(in->bytes, in->len), at + 1);
        while (next == in->len && fill(in))
            next = skip_blanks(slice_from(in->bytes, in->len), next);
        if (next < in->len && in->bytes[next] == '{')
            in->form = FORM_DOCUMENTS;
        else
            in->kind = INPUT_TEXT;
        return;
    }
    if (first != '{')
        return;
    if (wrapper_end(slice_from(in->bytes, in->len), at)) {
        in->form = FORM_DOCUMENTS;
        return;
    }
    size_t end;
    while ((end = at + slice_find_byte(slice_from(in->bytes + at, in->len - at), '\n')) >= in->len &&
           !in->ended && in->len < INPUT_BLOCK && fill(in))
        ;
    if (!balanced(slice_from(in->bytes + at, end - at)))
        in->form = FORM_DOCUMENTS;
}

/* Gives [0, end) away as a block, memory and all; what is left behind it moves to new memory. */
static bool give(struct input *in, size_t end, struct input_block *out, struct error *e)
{
    size_t left = in->len - end, capacity = BLOCK_MEMORY + (left > READ_SIZE ? left : 0);
    char *fresh = NULL;
    if (in->ended && !left)
        capacity = 0;
    else if (!(fresh = block_memory_take(in->memory, &capacity)))
        return error_set(e, "out of memory");
    if (left)
        memcpy(fresh, in->bytes + end, left);
    memset(in->bytes + end, 0, PADDING); /* fill() leaves as much behind what it reads */
    *out = (struct input_block){ .kind = in->kind, .path = in->path, .bytes = in->bytes, .len = end,
                                 .capacity = in->capacity, .first = in->next,
                                 .consumed = in->file.consumed,
                                 .records = in->form == FORM_DOCUMENTS,
                                 .stream = in->file.stream || slice_is(slice_of(in->path), "-") };
    in->bytes = fresh;
    in->len = left;
    in->capacity = capacity;
    in->since = 0;
    in->quiet = false;
    return true;
}

static uint64_t count_lines(struct slice text)
{
    typedef unsigned char wide __attribute__((vector_size(16)));
    uint64_t count = 0;
    size_t at = 0;
    while (text.len - at >= sizeof(wide)) {
        wide sums = { 0 }, bytes;
        unsigned char each[sizeof(wide)];
        for (int i = 0; i < 255 && text.len - at >= sizeof bytes; i++, at += sizeof bytes) {
            memcpy(&bytes, text.data + at, sizeof bytes);
            sums -= (wide)(bytes == '\n'); /* true is 255 */
        }
        memcpy(each, &sums, sizeof each);
        for (size_t i = 0; i < sizeof each; i++)
            count += each[i];
    }
    for (; at < text.len; at++)
        count += text.data[at] == '\n';
    return count;
}

/* The block gets the header in force before it; what it says of it itself holds for the next. A file's first
 * block tells whether the file has one. */
static bool pass_header(struct input *in, struct input_block *out)
{
    struct slice text = slice_from(out->bytes, out->len);
    struct w3c_header header = in->header;
    bool first = in->next == 1, changed = first;
    if ((!first && !header.heard) || (first && !slice_starts(text, SLICE("#"))))
        return true;
    if (!first && !w3c_header_copy(&header, &out->header, &out->header_bytes))
        return false;
    for (size_t at = 0; at < text.len;) {
        struct slice rest = slice_after(text, at);
        struct slice line = slice_cut(rest, 0, slice_find_byte(rest, '\n'));
        if (rest.data[0] == '#')
            changed |= w3c_header_line(&header, line, at == 0 && first);
        at += slice_find(rest, SLICE("\n#")) + 1;
    }
    return !changed || w3c_header_copy(&header, &in->header, &in->header_bytes);
}

/* Where a block of what there is may end; 0: more has to be read first. */
static size_t end_of_lines(const struct input *in)
{
    size_t whole = whole_lines(in);
    if (in->ended && (!whole || !in->failed.set))
        return in->len; /* the last line without its end */
    bool goes_on = whole < in->len || (in->file.stream && !in->quiet && !in->ended);
    if (in->kind != INPUT_TEXT || !whole || !goes_on)
        return whole;
    size_t event = detect_audit_begin(in->bytes, whole);
    return event || (in->len < INPUT_BLOCK && !in->ended) ? event : whole;
}

static bool next_lines(struct input *in, struct input_block *out, struct error *e)
{
    size_t end;
    for (;;) {
        while (in->len < INPUT_BLOCK && !in->ended && !may_go(in, whole_lines(in) > 0) && fill(in))
            ;
        end = end_of_lines(in);
        if (end || in->ended)
            break;
        fill(in);
    }
    if (!end)
        return false;
    if (!give(in, end, out, e))
        return false;
    if (in->kind == INPUT_TEXT && !pass_header(in, out)) {
        free(out->bytes);
        free(out->header_bytes);
        *out = (struct input_block){ .path = in->path };
        return error_set(e, "out of memory");
    }
    in->next += count_lines(slice_from(out->bytes, end));
    return true;
}

/* End of the object that begins at `at`, or SIZE_MAX while it is not all there. */
static size_t object_end(const struct input *in, size_t at)
{
    long depth = 0;
    bool text = false;
    for (size_t i = at; i < in->len; i++) {
        char c = in->bytes[i];
        if (text) {
            if (c == '\\')
                i++;
            else
                text = c != '"';
        } else if (c == '"') {
            text = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            return i + 1;
        }
    }
    return SIZE_MAX;
}

static void blank(struct input *in, size_t from, size_t to)
{
    memset(in->bytes + from, ' ', to - from);
}

/* Behind the '}' of the object around the events, whose array ends at `at`; SIZE_MAX while it is not
 * all there. What stands behind the array (a link to the next page) is no event. */
static size_t wrapper_tail(const struct input *in, size_t at)
{
    struct slice s = slice_from(in->bytes, in->len);
    long depth = 1;
    while (at < s.len) {
        char c = s.data[at];
        if (c == '"') {
            at = skip_string(s, at);
            continue;
        }
        depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
        at++;
        if (!depth)
            return at;
    }
    return SIZE_MAX;
}

/* Nothing behind `at` can be read: where the reason goes. One that is told already stays. */
static struct error *stop_at(struct input *in, size_t at, uint64_t records, struct error *ignored)
{
    struct error *e = in->failed.set ? ignored : &in->failed;
    in->ended = true;
    in->len = at;
    error_place(e, "%s: record %llu", in->path, (unsigned long long)(in->next + records));
    error_kind(e, ERROR_INPUT);
    return e;
}

static bool cut_off(struct input *in, size_t at, uint64_t records)
{
    struct error ignored = ERROR_NONE;
    return error_set(stop_at(in, at, records, &ignored), "the file ends within a JSON object");
}

static bool no_object(struct input *in, size_t at, uint64_t records)
{
    struct error ignored = ERROR_NONE;
    return error_set(stop_at(in, at, records, &ignored), "a JSON object was expected");
}

/* Reads more; false at the end, and where the records of a stream that are whole are to go first. */
static bool read_on(struct input *in, uint64_t records)
{
    return !in->ended && !may_go(in, records > 0) && fill(in);
}

/* Over the end of the array and of the object around it. False when it is not all there. */
static bool leave_wrapper(struct input *in, size_t *at, uint64_t records)
{
    size_t end;
    while ((end = wrapper_tail(in, *at)) == SIZE_MAX)
        if (!read_on(in, records))
            return in->ended && cut_off(in, *at, records);
    blank(in, *at, end);
    *at = end;
    in->wrap = WRAP_NONE;
    return true;
}

/* The object at `at` may be one around the events, which is told by its beginning. */
static bool is_open(const struct input *in, size_t at)
{
    return !in->wrap && in->len - at < WRAPPER_MOST && object_end(in, at) == SIZE_MAX;
}

/* *at goes to the next object, over what stands between objects and around them; false at the end, and where
 * the records before it are to go first. */
static bool find_object(struct input *in, size_t *at, uint64_t records)
{
    for (;;) {
        if (in->wrap == WRAP_TAIL && !leave_wrapper(in, at, records))
            return false;
        while (*at < in->len && in->wrap != WRAP_TAIL && strchr(" \t\r\n,[]", in->bytes[*at])) {
            if (in->wrap == WRAP_ARRAY && in->bytes[*at] == ']')
                in->wrap = WRAP_TAIL;
            in->bytes[(*at)++] = ' ';
        }
        if (in->wrap == WRAP_TAIL)
            continue;
        bool object = *at < in->len && in->bytes[*at] == '{';
        size_t inside = object && !in->wrap ? wrapper_end(slice_from(in->bytes, in->len), *at) : 0;
        if (*at == in->len || (object && !inside && is_open(in, *at))) {
            if (read_on(in, records))
                continue;
            if (!in->ended)
                return false;
        }
        if (*at == in->len)
            return in->wrap == WRAP_NONE ? false : cut_off(in, *at, records);
        if (!object)
            return no_object(in, *at, records);
        if (!inside)
            return true;
        blank(in, *at, inside);
        *at = inside;
        in->wrap = WRAP_ARRAY;
    }
}

/* Objects of an array or one after the other, each brought onto one line. */
static bool next_documents(struct input *in, struct input_block *out, struct error *e)
{
    size_t at = 0;
    uint64_t records = 0;
    while (at < INPUT_BLOCK && find_object(in, &at, records)) {
        size_t end = object_end(in, at);
        if (end == SIZE_MAX) {
            if (read_on(in, records))
                continue;
            if (in->ended)
                cut_off(in, at, records);
            break;
        }
        for (size_t i = at; i < end; i++)
            if (in->bytes[i] == '\n' || in->bytes[i] == '\r')
                in->bytes[i] = ' ';
        at = end;
        records++;
        if (end == in->len || !strchr(" \t\r\n,]", in->bytes[end]))
            break; /* "}{", or nothing yet: no room for a line end, the block ends here */
        if (in->wrap == WRAP_ARRAY && in->bytes[end] == ']')
            in->wrap = WRAP_TAIL;
        in->bytes[at++] = '\n';
    }
    if (!records)
        return false;
    if (!give(in, at, out, e))
        return false;
    in->next += records;
    return true;
}

#define CHUNKS (INPUT_BLOCK / EVTX_CHUNK)

/* A plain file's chunks are only named. */
static bool name_chunks(struct input *in, struct input_block *out)
{
    uint64_t from = EVTX_HEAD + in->next * EVTX_CHUNK;
    if (from >= in->size)
        return false;
    uint64_t left = in->size - from, len = left < INPUT_BLOCK ? left : INPUT_BLOCK;
    *out = (struct input_block){ .kind = INPUT_EVTX, .path = in->path, .len = (size_t)len,
                                 .first = in->next, .dirty = in->dirty, .consumed = from + len };
    in->next += CHUNKS;
    return true;
}

static bool next_evtx(struct input *in, struct input_block *out, struct error *e)
{
    if (in->size)
        return name_chunks(in, out);
    while (in->len < INPUT_BLOCK && !in->ended && fill(in))
        ;
    size_t len = in->len < INPUT_BLOCK ? in->len : INPUT_BLOCK;
    if (!len || !give(in, len, out, e))
        return false;
    out->dirty = in->dirty;
    in->next += CHUNKS;
    return true;
}

bool input_next(struct input *in, struct input_block *out, struct error *e)
{
    if (in->form == FORM_UNKNOWN)
        recognise(in);
    bool got = in->form == FORM_EVTX ? next_evtx(in, out, e)
               : in->form == FORM_DOCUMENTS ? next_documents(in, out, e) : next_lines(in, out, e);
    if (!got && in->failed.set && !(e && e->set) && e)
        *e = in->failed;
    return got;
}

size_t input_peek(const char *path, char *out, size_t room)
{
    struct input *in;
    struct block_memory none = { .count = 0 };
    struct error ignored = ERROR_NONE;
    size_t len = 0;
    if (!input_open(path, &none, &in, &ignored))
        return 0;
    while (in->len < room && fill(in))
        ;
    len = in->len < room ? in->len : room;
    if (len)
        memcpy(out, in->bytes, len);
    input_close(&in);
    return len;
}
