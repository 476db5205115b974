#include "event/syslog.h"

#include "base/clock.h"
#include "event/stamp.h"

#define TAG_MOST 64u /* RFC 3164 says 32; programs write longer ones */
#define SEQUENCE_MOST 11u /* digits of Cisco's numbers */

static const char *const facilities[] = {
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp", "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7",
};
static const char *const severities[] = {
    "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
};

struct slice syslog_facility(int priority)
{
    return priority < 0 || priority > 191 ? SLICE("") : slice_of(facilities[priority / 8]);
}

struct slice syslog_severity(int priority)
{
    return priority < 0 || priority > 191 ? SLICE("") : slice_of(severities[priority % 8]);
}

/* "<0>" … "<191>", RFC 5424 §6.2.1 (leading zeros are seen, and borne). */
static int read_priority(struct slice *text)
{
    size_t end = slice_find_byte(slice_cut(*text, 0, 5), '>');
    uint64_t value;

    if (text->len < 3 || text->data[0] != '<' || end < 2 || end > 4 ||
        !slice_to_u64(slice_cut(*text, 1, end), &value) || value > 191)
        return -1;
    *text = slice_after(*text, end + 1);
    return (int)value;
}

/* Cuts a token up to a blank off; a lone "-" is the nil value. */
static struct slice token(struct slice *rest)
{
    size_t blank = slice_find_byte(*rest, ' ');
    struct slice word = slice_cut(*rest, 0, blank);

    *rest = slice_after(*rest, blank + 1);
    return slice_is(word, "-") ? SLICE("") : word;
}

/* --- RFC 5424 --------------------------------------------------------------------------------- */

/* Steps over SD-NAME (RFC 5424 §6.3.2: no '=', ' ', ']' or '"'). */
static size_t name_end(struct slice text, size_t at)
{
    while (at < text.len && text.data[at] > ' ' && text.data[at] != '=' && text.data[at] != ']' &&
           text.data[at] != '"')
        at++;
    return at;
}

/* Length of the structured data, brackets included; 0: it is none (Check Point writes
 * [action:"Accept"; …] there, VMware and others a message that begins with a bracket). */
static size_t data_length(struct slice text)
{
    size_t at = 0, end;

    while (at < text.len && text.data[at] == '[') {
        end = name_end(text, at + 1);
        if (end == at + 1)
            return 0;
        at = end;
        while (at < text.len && text.data[at] == ' ') {
            while (at < text.len && text.data[at] == ' ')
                at++;
            end = name_end(text, at);
            if (at < text.len && text.data[at] == ']')
                break; /* a blank before the end is borne */
            if (end == at || end + 1 >= text.len || text.data[end] != '=' ||
                text.data[end + 1] != '"')
                return 0;
            for (at = end + 2; at < text.len && text.data[at] != '"'; at++)
                if (text.data[at] == '\\')
                    at++;
            at++;
        }
        if (at >= text.len || text.data[at] != ']')
            return 0;
        at++;
    }
    return at;
}

bool syslog_parameter(struct slice *rest, struct slice *id, struct slice *name, struct slice *value)
{
    for (;;) {
        if (rest->len && rest->data[0] == '[') {
            size_t end = 1;
            while (end < rest->len && rest->data[end] != ' ' && rest->data[end] != ']')
                end++;
            *id = slice_cut(*rest, 1, end);
            *rest = slice_after(*rest, end);
        }
        while (rest->len && (rest->data[0] == ' ' || rest->data[0] == ']'))
            *rest = slice_after(*rest, 1);
        if (rest->len == 0)
            return false;
        if (rest->data[0] != '[')
            break;
    }
    size_t equal = slice_find_byte(*rest, '=');
    if (equal + 1 >= rest->len || rest->data[equal + 1] != '"')
        return false;
    size_t end = equal + 2;
    while (end < rest->len && rest->data[end] != '"')
        end += rest->data[end] == '\\' ? 2 : 1;
    if (end >= rest->len)
        return false;
    *name = slice_cut(*rest, 0, equal);
    *value = slice_cut(*rest, equal + 2, end);
    *rest = slice_after(*rest, end + 1);
    return true;
}

static bool parse_5424(struct slice text, int64_t received, int64_t zone, struct syslog_header *h)
{
    struct slice rest = slice_after(text, 2); /* "1 " */
    struct slice time = token(&rest);
    struct stamp stamp;

    if (time.len) {
        if (!stamp_parse(time, SLICE("iso8601"), received, zone, &stamp))
            return false;
        h->time = stamp.time;
        h->has_time = true;
        h->time_guessed = stamp.guessed;
    }
    h->structured = true;
    h->host = token(&rest);
    h->program = token(&rest);
    h->pid = token(&rest);
    h->message_id = token(&rest);
    if (rest.len && rest.data[0] == '[') {
        size_t len = data_length(rest);
        h->data = slice_cut(rest, 0, len);
        rest = slice_after(rest, len);
    } else if (rest.len && rest.data[0] == '-') {
        rest = slice_after(rest, 1);
    }
    if (rest.len && rest.data[0] == ' ')
        rest = slice_after(rest, 1);
    h->message = slice_starts(rest, SLICE("\xef\xbb\xbf")) ? slice_after(rest, 3) : rest;
    return true;
}

/* --- RFC 3164 --------------------------------------------------------------------------------- */

/* In the order of their frequency. A stamp with a year that is missing must come last: the others
 * begin like it. */
static const char *const stamp_formats[] = {
    "%b %e %Y %H:%M:%S%f%z",    /* Cisco ASA, and Huawei's +07:00 behind it */
    "%b %e %H:%M:%S%f %Y",      /* Nov 24 07:31:02 2026 */
    "%b %e %H:%M:%S%f",         /* RFC 3164 */
    "%Y %b %e %H:%M:%S%f",      /* Cisco NX-OS */
};

/* Cisco writes the zone's name behind: " UTC", " ICT:". Others' first word is a host. */
static struct slice read_zone(struct slice text, int64_t zone, struct stamp *stamp)
{
    static const struct {
        const char *name;
        int64_t offset;
    } zones[] = { { " UTC", 0 }, { " GMT", 0 }, { " ICT", CLOCK_ZONE }, { " +07", CLOCK_ZONE } };

    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        struct slice rest = slice_after(text, 4);
        if (slice_starts(text, slice_of(zones[i].name)) &&
            (rest.len == 0 || rest.data[0] == ':' || rest.data[0] == ' ')) {
            stamp->time += zone - zones[i].offset;
            return rest;
        }
    }
    return text;
}

static bool read_stamp(struct slice *rest, int64_t received, int64_t zone, struct syslog_header *h)
{
    struct slice text = *rest;
    struct stamp stamp = { 0 };
    bool found = false;

    if (text.len && (text.data[0] == '*' || text.data[0] == '.')) /* Cisco: clock not in order */
        text = slice_after(text, 1);
    if (text.len < 15)
        return false;
    char c = text.data[0];
    if (c >= '0' && c <= '9')
        found = stamp_read(text, SLICE("iso8601"), received, zone, &stamp);
    for (size_t i = 0; !found && i < sizeof stamp_formats / sizeof *stamp_formats; i++)
        found = stamp_read(text, slice_of(stamp_formats[i]), received, zone, &stamp) &&
                (stamp.len == text.len || text.data[stamp.len] == ' ' ||
                 text.data[stamp.len] == ':');
    if (!found)
        return false;
    text = slice_after(text, stamp.len);
    text = read_zone(text, zone, &stamp);
    if (slice_starts(text, SLICE(": ")))
        text = slice_after(text, 1);
    while (text.len && text.data[0] == ' ')
        text = slice_after(text, 1);
    h->time = stamp.time;
    h->has_time = true;
    h->time_guessed = stamp.guessed;
    *rest = text;
    return true;
}

static bool tag_byte(char c)
{
    return c > ' ' && c != ':' && c != '[' && c != '=' && c != '"' && c != '|' && c != '{';
}

/* "prog[12]: text", "prog: text", "prog(sub)[12]: text", "%ASA-6-302013: text". */
static bool read_tag(struct slice *rest, struct syslog_header *h)
{
    size_t end = 0;
    struct slice pid = SLICE("");

    if (slice_starts(*rest, SLICE("CEF:")) || slice_starts(*rest, SLICE("LEEF:")))
        return false;
    if (rest->len && rest->data[0] == '%') { /* Cisco, Huawei, HP: the tag belongs to the message */
        size_t n = 1;
        while (n < rest->len && n < TAG_MOST && rest->data[n] > ' ' && !strchr("-/:", rest->data[n]))
            n++;
        if (n < rest->len && n > 1 && (rest->data[n] == '-' || rest->data[n] == '/'))
            h->program = slice_cut(*rest, 0, n);
        return true;
    }
    while (end < rest->len && end < TAG_MOST && tag_byte(rest->data[end]))
        end++;
    size_t after = end;
    if (end == 0 || end >= rest->len)
        return false;
    if (rest->data[end] == '[') {
        size_t close = slice_find_byte(slice_cut(*rest, 0, end + TAG_MOST), ']');
        if (close >= rest->len || rest->data[close] != ']')
            return false;
        pid = slice_cut(*rest, end + 1, close);
        after = close + 1;
        if (after < rest->len && rest->data[after] != ':' && rest->data[after] != ' ')
            return false;
        if (after < rest->len && rest->data[after] == ' ')
            after--; /* "prog[12] text": no colon to step over */
    } else if (rest->data[end] != ':' ||
               (end + 1 < rest->len && rest->data[end + 1] != ' ')) {
        return false;
    }
    h->program = slice_cut(*rest, 0, end);
    h->pid = pid;
    *rest = slice_after(*rest, after + 1);
    if (rest->len && rest->data[0] == ' ')
        *rest = slice_after(*rest, 1);
    return true;
}

/* Is the first word a host? It is followed by a blank, and it is no tag and no pair. */
static bool read_host(struct slice *rest, struct syslog_header *h)
{
    size_t blank = slice_find_byte(*rest, ' ');
    struct slice word = slice_cut(*rest, 0, blank);

    if (blank == 0 || blank >= rest->len || word.len > 255)
        return false;
    if (word.data[0] == '%' || word.data[0] == '{' || word.data[0] == '<')
        return false;
    for (size_t i = 0; i < word.len; i++)
        if (word.data[i] == '[' || word.data[i] == '=' || word.data[i] == '|' ||
            word.data[i] == '"')
            return false;
    if (word.data[word.len - 1] == ':') {
        /* "host: %ASA…" is Cisco's host; otherwise it is a tag */
        if (word.len < 2 || blank + 1 >= rest->len || rest->data[blank + 1] != '%')
            return false;
        word.len--;
    }
    h->host = word;
    *rest = slice_after(*rest, blank + 1);
    while (rest->len && rest->data[0] == ' ')
        *rest = slice_after(*rest, 1);
    return true;
}

/* AIX: "Message forwarded from HOST: ". Solaris: "[ID 800047 auth.info] " before the message. */
static void skip_forwarded(struct slice *rest, struct syslog_header *h)
{
    struct slice behind = slice_after(*rest, 23);
    size_t colon = slice_find(behind, SLICE(": "));

    if (h->host.len || !slice_starts(*rest, SLICE("Message forwarded from ")) ||
        colon >= behind.len || colon == 0 || slice_find_byte(behind, ' ') < colon)
        return;
    h->host = slice_cut(behind, 0, colon);
    *rest = slice_after(behind, colon + 2);
}

static void skip_message_id(struct slice *rest, struct syslog_header *h)
{
    size_t end = slice_find_byte(slice_cut(*rest, 0, TAG_MOST), ']');

    if (!slice_starts(*rest, SLICE("[ID ")) || end + 1 >= rest->len || rest->data[end] != ']' ||
        rest->data[end + 1] != ' ')
        return;
    struct slice inside = slice_cut(*rest, 4, end);
    h->message_id = slice_cut(inside, 0, slice_find_byte(inside, ' '));
    *rest = slice_after(*rest, end + 2);
}

static bool is_sequence(struct slice word)
{
    size_t n = 0;

    while (n < word.len && word.data[n] >= '0' && word.data[n] <= '9')
        n++;
    return n > 0 && n == word.len && n <= SEQUENCE_MOST;
}

/* Cisco IOS before the stamp: "45: ", and behind that, in either order, the host and the number that
 * `service sequence-numbers` adds: "45: host: 000047: ". */
static void skip_sequence(struct slice *rest, struct syslog_header *h)
{
    for (unsigned words = 0; words < 3; words++) {
        size_t blank = slice_find_byte(*rest, ' ');
        if (blank < 2 || blank >= rest->len || rest->data[blank - 1] != ':')
            return;
        struct slice word = slice_cut(*rest, 0, blank - 1);
        if (!is_sequence(word)) {
            if (words == 0 || h->host.len)
                return;
            h->host = word;
        }
        *rest = slice_after(*rest, blank + 1);
    }
}

static bool parse_3164(struct slice text, int64_t received, int64_t zone, struct syslog_header *h)
{
    struct slice rest = text;
    bool colon = h->priority >= 0 && rest.len && rest.data[0] == ':'; /* Cisco's NX-OS, and EMBLEM */

    if (h->priority >= 0) {
        rest = slice_after(rest, colon);
        while (rest.len && rest.data[0] == ' ')
            rest = slice_after(rest, 1);
        struct slice before = rest;
        struct syslog_header trial = *h;
        skip_sequence(&rest, &trial);
        if (rest.data != before.data && read_stamp(&rest, received, zone, &trial))
            *h = trial;
        else
            rest = before;
    }
    bool stamped = h->has_time || read_stamp(&rest, received, zone, h);
    if (!stamped && h->priority < 0)
        return false;
    if (!stamped && colon)
        rest = text;
    if (stamped)
        skip_forwarded(&rest, h);
    if (stamped && h->host.len == 0)
        read_host(&rest, h);
    if (slice_starts(rest, SLICE(": %"))) /* Cisco ASA and FTD: "HOST : %ASA" */
        rest = slice_after(rest, 2);
    if (read_tag(&rest, h))
        skip_message_id(&rest, h);
    h->message = rest;
    return true;
}

/* Meraki: "<134>1 1795480262.123456 HOST type text": RFC 5424 by its version alone. */
static bool parse_meraki(struct slice text, int64_t received, int64_t zone, struct syslog_header *h)
{
    struct slice rest = slice_after(text, 2), time = token(&rest);
    struct stamp stamp;

    if (slice_find_byte(time, '.') != 10 ||
        !stamp_parse(time, SLICE("epoch"), received, zone, &stamp) || !read_host(&rest, h))
        return false;
    h->time = stamp.time;
    h->has_time = true;
    h->message = rest;
    return true;
}

/* "2026-11-24 00:31:02 10.1.2.3 GET /" or "… W3SVC1 …" is IIS's access log and no header: what looks like a
 * host is the server's address, and the time is UTC. */
static bool is_web_line(struct slice text)
{
    if (text.len < 24 || text.data[10] != ' ' || text.data[19] != ' ' || text.data[0] < '0' ||
        text.data[0] > '9')
        return false;
    struct slice rest = slice_after(text, 20), word;
    if (slice_starts(rest, SLICE("W3SVC")))
        return true;
    slice_split(&rest, ' ', &word);
    slice_split(&rest, ' ', &word);
    for (size_t i = 0; i < word.len; i++)
        if (word.data[i] < 'A' || word.data[i] > 'Z')
            return false;
    return word.len >= 3 && rest.len && rest.data[0] == '/';
}

/* Some senders write a BOM or blanks before the priority. */
static struct slice from_priority(struct slice text)
{
    struct slice rest = slice_starts(text, SLICE("\xef\xbb\xbf")) ? slice_after(text, 3) : text;

    while (rest.len && rest.data[0] == ' ')
        rest = slice_after(rest, 1);
    return rest.len && rest.data[0] == '<' ? rest : text;
}

bool syslog_parse(struct slice text, int64_t received, int64_t zone, struct syslog_header *header)
{
    struct slice rest = text.len && text.data[0] == '<' ? text : from_priority(text);

    *header = (struct syslog_header){ .priority = read_priority(&rest), .message = text };
    if (header->priority >= 0 && slice_starts(rest, SLICE("1 ")) &&
        parse_5424(rest, received, zone, header))
        return true;
    header->structured = false;
    if (header->priority < 0 && is_web_line(text))
        return false;
    if (header->priority >= 0 && slice_starts(rest, SLICE("1 ")) &&
        parse_meraki(rest, received, zone, header))
        return true;
    return parse_3164(rest, received, zone, header);
}
