#include <stdio.h>

#include "base/clock.h"
#include "event/decoder.h"
#include "event/stamp.h"
#include "event/syslog.h"
#include "test.h"

#define NOW (INT64_C(1795480262) * CLOCK_SECOND) /* 2026-11-24T07:31:02+07:00 */

static struct syslog_header parse(const char *text)
{
    struct syslog_header h;

    syslog_parse(slice_of(text), NOW, CLOCK_ZONE, &h);
    return h;
}

TEST("EVIDENCE rfc3164#4: headers of many dialects") {
    static const struct {
        const char *text;
        int priority;
        const char *host, *program, *pid, *message;
    } rows[] = {
        { "<34>Oct 11 22:14:15 mymachine su: 'su root' failed", 34, "mymachine", "su", "",
          "'su root' failed" },
        { "<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!", 13, "10.0.0.99", "", "", "Use the BFG!" },
        { "<165>Aug 24 05:34:00 CST 1987 mymachine myproc[10]: text", 165, "CST", "", "",
          "1987 mymachine myproc[10]: text" },
        { "<13>Nov 24 07:31:02 myprog: no host", 13, "", "myprog", "", "no host" },
        { "<13>Nov 24 07:31:02 myprog[5]: no host", 13, "", "myprog", "5", "no host" },
        { "<13>myprog[5]: no stamp", 13, "", "myprog", "5", "no stamp" },
        { "<13>plain words", 13, "", "", "", "plain words" },
        { "<13>", 13, "", "", "", "" },
        { "<192>x", -1, "", "", "", "<192>x" },
        { "<1a>x", -1, "", "", "", "<1a>x" },
        { "Nov 24 07:31:02 h p[1] text", -1, "h", "p", "1", "text" },
        { "Nov 24 07:31:02 h postfix/smtpd[1]: text", -1, "h", "postfix/smtpd", "1", "text" },
        { "2026-11-24T07:31:02Z h p: text", -1, "h", "p", "", "text" },
        { "2026-11-24 07:31:02,123 h p: text", -1, "h", "p", "", "text" },
        { "<14>Nov 24 07:31:02 h CEF:0|a|b|c|d|e|f|", 14, "h", "", "", "CEF:0|a|b|c|d|e|f|" },
        { "<14>Nov 24 07:31:02 h {\"a\":1}", 14, "h", "", "", "{\"a\":1}" },
        { "<189>date=2026-11-24 time=07:31:02", 189, "", "", "", "date=2026-11-24 time=07:31:02" },
        { "<189>45: *Nov 24 07:31:02: %SYS-5-X: hi", 189, "", "%SYS", "", "%SYS-5-X: hi" },
        { "<164>Nov 24 2026 07:31:02 fw: %ASA-4-1: Deny", 164, "fw", "%ASA", "", "%ASA-4-1: Deny" },
        { "<189>Nov 24 07:31:02 2026 SW-CORE %%10SHELL/5/SHELL_LOGIN: admin logged in from 10.1.2.3.", 189,
          "SW-CORE", "%%10SHELL", "",
          "%%10SHELL/5/SHELL_LOGIN: admin logged in from 10.1.2.3." }, /* HP Comware */
        { "<189>Nov 24 2026 07:31:02+07:00 SW-HW %%01SHELL/5/CMDRECORD(s)[123]:Recorded command", 189,
          "SW-HW", "%%01SHELL", "", "%%01SHELL/5/CMDRECORD(s)[123]:Recorded command" }, /* Huawei */
        { "<14>Nov 24 07:31:02 10.0.0.9 00077 ports: port A1 is now on-line", 14, "10.0.0.9", "", "",
          "00077 ports: port A1 is now on-line" }, /* HP ProCurve */
        { "<189>45: Nov 24 07:31:02.483 ICT: %LINK-3-UPDOWN: Interface up", 189, "", "%LINK", "",
          "%LINK-3-UPDOWN: Interface up" },
        { "<189>: 2026 Nov 24 07:31:02 ICT: %VSHD-5-VSHD_SYSLOG_CONFIG_I: Configured", 189, "", "%VSHD", "",
          "%VSHD-5-VSHD_SYSLOG_CONFIG_I: Configured" }, /* Cisco NX-OS */
        { "<189>: %VSHD-5-X: no stamp", 189, "", "%VSHD", "", "%VSHD-5-X: no stamp" },
        { "<13>:no stamp", 13, "", "", "", ":no stamp" },
        { "<164>Nov 24 2026 07:31:02 fw : %ASA-4-1: Deny", 164, "fw", "%ASA", "", "%ASA-4-1: Deny" },
        { "<164>2026-11-24T00:31:02Z fw : %FTD-4-1: Deny", 164, "fw", "%FTD", "", "%FTD-4-1: Deny" },
        { "<164>2026-11-24T00:31:02Z : %FTD-4-1: Deny", 164, "", "%FTD", "", "%FTD-4-1: Deny" },
        { "<164>:Nov 24 07:31:02 ICT: %ASA-session-4-106023: Deny", 164, "", "%ASA", "",
          "%ASA-session-4-106023: Deny" }, /* EMBLEM */
        { "<189>44: sw01: 000047: Nov 24 07:31:02.123: %SYS-5-X: hi", 189, "sw01", "%SYS", "",
          "%SYS-5-X: hi" },
        { "<189>44: 000047: sw01: *Nov 24 07:31:02.123: %SYS-5-X: hi", 189, "sw01", "%SYS", "",
          "%SYS-5-X: hi" },
        { "<189>44: 000047: Nov 24 07:31:02: %SYS-5-X: hi", 189, "", "%SYS", "", "%SYS-5-X: hi" },
        { "<189>44: sw01: sw02: no stamp", 189, "", "44", "", "sw01: sw02: no stamp" },
        { "\xef\xbb\xbf<34>Oct 11 22:14:15 h su: text", 34, "h", "su", "", "text" },
        { "  <34>1 2026-11-24T00:31:02Z h p 1 - - text", 34, "h", "p", "1", "text" },
        { " no syslog", -1, "", "", "", " no syslog" },
        { "<134>1 1795480262.123456 MX84 urls src=10.0.0.7:50123 dst=203.0.113.5:443", 134, "MX84", "", "",
          "urls src=10.0.0.7:50123 dst=203.0.113.5:443" }, /* Meraki */
        { "<30>Nov 24 07:31:02 MikroTik system,info,account user admin logged in", 30, "MikroTik", "", "",
          "system,info,account user admin logged in" },
        { "<28>Nov 24 07:31:02 srx01 RT_FLOW: RT_FLOW_SESSION_DENY: session denied", 28,
          "srx01", "RT_FLOW", "", "RT_FLOW_SESSION_DENY: session denied" },
        { "<166>2026-11-24T00:31:02.123Z esx01 Hostd: info hostd[2099] [Originator@6876 sub=Vimsvc] x", 166,
          "esx01", "Hostd", "", "info hostd[2099] [Originator@6876 sub=Vimsvc] x" },
        { "<13>Nov 24 07:31:02 Message forwarded from aix01: sshd[77]: Failed", 13, "aix01", "sshd", "77",
          "Failed" }, /* AIX */
        { "<38>Nov 24 07:31:02 sol01 sshd[77]: [ID 800047 auth.info] Failed password", 38,
          "sol01", "sshd", "77", "Failed password" }, /* Solaris */
        { "<14>Nov 24 07:31:02 DC01 MSWinEventLog\t1\tSecurity\t77", 14, "DC01", "", "",
          "MSWinEventLog\t1\tSecurity\t77" }, /* Snare */
        { "<14>Nov 24 07:31:02 PA-220 1,2026/11/24 07:31:02,0011,TRAFFIC,end", 14, "PA-220", "", "",
          "1,2026/11/24 07:31:02,0011,TRAFFIC,end" }, /* Palo Alto */
        { "no syslog", -1, "", "", "", "no syslog" },
        { "", -1, "", "", "", "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct syslog_header h = parse(rows[i].text);
        if (!slice_is(h.message, rows[i].message) || !slice_is(h.host, rows[i].host))
            print_error("# %s\n", rows[i].text);
        CHECK_INT(h.priority, rows[i].priority);
        CHECK_SLICE(h.host, rows[i].host);
        CHECK_SLICE(h.program, rows[i].program);
        CHECK_SLICE(h.pid, rows[i].pid);
        CHECK_SLICE(h.message, rows[i].message);
    }
}

TEST("EVIDENCE rfc5424#6.5: the standard's own examples") {
    struct syslog_header h = parse("<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - "
                                   "\xef\xbb\xbf'su root' failed for lonvick on /dev/pts/8");
    CHECK(h.structured && h.has_time && !h.time_guessed);
    CHECK_SLICE(h.host, "mymachine.example.com");
    CHECK_SLICE(h.program, "su");
    CHECK_SLICE(h.pid, "");
    CHECK_SLICE(h.message_id, "ID47");
    CHECK_SLICE(h.message, "'su root' failed for lonvick on /dev/pts/8");

    h = parse("<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 "
              "[exampleSDID@32473 iut=\"3\" eventSource=\"Appl]\\\"ication\"][ex2@1 class=\"high\"]");
    CHECK_SLICE(h.message, "");
    struct slice rest = h.data, id = SLICE(""), name, value;
    CHECK(syslog_parameter(&rest, &id, &name, &value));
    CHECK_SLICE(id, "exampleSDID@32473");
    CHECK_SLICE(name, "iut");
    CHECK_SLICE(value, "3");
    CHECK(syslog_parameter(&rest, &id, &name, &value));
    CHECK_SLICE(value, "Appl]\\\"ication");
    CHECK(syslog_parameter(&rest, &id, &name, &value));
    CHECK_SLICE(id, "ex2@1");
    CHECK(!syslog_parameter(&rest, &id, &name, &value));
}

static const char *iso(int64_t time)
{
    static char text[CLOCK_TEXT];

    clock_print(time, text);
    return text;
}

TEST("Check Point's brackets are no structured data, so nothing of them is lost") {
    struct syslog_header h = parse("<134>1 2026-11-24T00:31:02Z cp-gw CheckPoint 1234 - "
                                   "[action:\"Accept\"; src:\"10.0.0.7\"; flags:\"411908\"]");
    CHECK(h.structured);
    CHECK_SLICE(h.program, "CheckPoint");
    CHECK_SLICE(h.data, "");
    CHECK_SLICE(h.message, "[action:\"Accept\"; src:\"10.0.0.7\"; flags:\"411908\"]");
    static const char *const none[] = { "[",        "[a",        "[a b",         "[a b=",
                                        "[a b=c]",  "[a b=\"c]", "[ a=\"b\"]", "[]" };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        char text[100];
        snprintf(text, sizeof text, "<34>1 - h p - - %s", none[i]);
        h = parse(text);
        CHECK_SLICE(h.data, "");
        CHECK_SLICE(h.message, none[i]);
    }
    h = parse("<34>1 - h p - - [a b=\"c\" ][x@1][y z=\"\\]\"] text");
    CHECK_SLICE(h.data, "[a b=\"c\" ][x@1][y z=\"\\]\"]");
    CHECK_SLICE(h.message, "text");
}

TEST("times of dialects: a zone behind the time, an epoch, all the same moment") {
    static const char *const rows[] = {
        "<189>45: Nov 24 07:31:02 ICT: %LINK-3-UPDOWN: x", "<189>45: *Nov 24 00:31:02 UTC: %LINK-3-UPDOWN: x",
        "<189>: 2026 Nov 24 00:31:02 GMT: %VSHD-5-X: x", "<189>Nov 24 2026 07:31:02+07:00 SW %%01A/5/B: x",
        "<189>Nov 24 2026 00:31:02Z SW %%01A/5/B: x", "<134>1 1795480262.000000 MX84 urls x",
        "<189>Nov 24 07:31:02 2026 SW %%10A/5/B: x",
        "<164>:Nov 24 00:31:02 UTC: %ASA-session-4-1: x",
        "<189>44: sw01: 000047: Nov 24 07:31:02: %SYS-5-X: x",
        "\xef\xbb\xbf<34>Nov 24 07:31:02 h su: x",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct syslog_header h = parse(rows[i]);
        if (h.time != NOW)
            print_error("# %s\n", rows[i]);
        CHECK(h.has_time);
        CHECK_INT(h.time, NOW);
    }
}

TEST("a missing year is the one closest to the receipt") {
    struct stamp s;
    int64_t january;

    CHECK(stamp_parse(SLICE("Nov 24 07:31:02"), SLICE("%b %e %H:%M:%S"), NOW, CLOCK_ZONE, &s));
    CHECK_TEXT(iso(s.time), "2026-11-24T07:31:02.000+07:00");
    CHECK(s.guessed);
    CHECK(clock_parse(SLICE("2027-01-01T00:00:05+07:00"), &january));
    CHECK(stamp_parse(SLICE("Dec 31 23:59:59"), SLICE("%b %e %H:%M:%S"), january, CLOCK_ZONE, &s));
    CHECK_TEXT(iso(s.time), "2026-12-31T23:59:59.000+07:00");
    CHECK(stamp_parse(SLICE("Jan  1 00:10:00"), SLICE("%b %e %H:%M:%S"),
                      january - 10 * CLOCK_MINUTE, CLOCK_ZONE, &s));
    CHECK_TEXT(iso(s.time), "2027-01-01T00:10:00.000+07:00");
}

TEST("times in other forms and zones") {
    static const struct {
        const char *text, *format, *expected;
    } rows[] = {
        { "2026-11-24T00:31:02Z", "iso8601", "2026-11-24T07:31:02.000+07:00" },
        { "2026-11-24T07:31:02.5", "iso8601", "2026-11-24T07:31:02.500+07:00" },
        { "2026-11-24 02:31:02,123+0200", "iso8601", "2026-11-24T07:31:02.123+07:00" },
        { "1795480262.25", "epoch", "2026-11-24T07:31:02.250+07:00" },
        { "1795480262123", "epoch_ms", "2026-11-24T07:31:02.123+07:00" },
        { "24/Nov/2026:07:31:02 +0700", "%d/%b/%Y:%H:%M:%S %z", "2026-11-24T07:31:02.000+07:00" },
    };
    struct stamp s;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK(stamp_parse(slice_of(rows[i].text), slice_of(rows[i].format), NOW, CLOCK_ZONE, &s));
        CHECK_TEXT(iso(s.time), rows[i].expected);
    }
    CHECK(!stamp_parse(SLICE("99999999999999999999"), SLICE("epoch"), NOW, CLOCK_ZONE, &s));
    CHECK(!stamp_parse(SLICE("2026-13-01T00:00:00Z"), SLICE("iso8601"), NOW, CLOCK_ZONE, &s));
    CHECK(!stamp_parse(SLICE("2026-11-24T00:31:02Zx"), SLICE("iso8601"), NOW, CLOCK_ZONE, &s));
    int64_t zone;
    CHECK(decoder_zone(SLICE("Asia/Ho_Chi_Minh"), &zone) && zone == CLOCK_ZONE);
    CHECK(decoder_zone(SLICE("UTC"), &zone) && zone == 0);
    CHECK(decoder_zone(SLICE("-03:30"), &zone) && zone == -210 * CLOCK_MINUTE);
    CHECK(!decoder_zone(SLICE("Europe/Berlin"), &zone));
}
