#include "exchange/indicator_file.h"

#include <stdio.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "test.h"

struct seen {
    char text[8192];
    size_t len;
    char wrong[2048];
};

static bool take(void *owner, const struct indicator_item *item)
{
    struct seen *seen = owner;
    seen->len += (size_t)snprintf(seen->text + seen->len, sizeof seen->text - seen->len,
                                  "%s %.*s %d %d %d %.*s\n",
                                  indicator_type_name(item->indicator.type),
                                  SLICE_ARGS(item->indicator.value), item->confidence, item->tlp,
                                  item->valid_until ? 1 : 0, SLICE_ARGS(item->note));
    return true;
}

static void refused(void *owner, const struct error *e)
{
    struct seen *seen = owner;
    size_t len = strlen(seen->wrong);
    snprintf(seen->wrong + len, sizeof seen->wrong - len, "%s %s\n", e->place, e->sentence);
}

static struct indicator_file_count read_text(const char *text, struct seen *seen, struct error *e)
{
    struct indicator_file_count count = { 0 };
    *seen = (struct seen){ 0 };
    struct indicator_file file = { "feed", slice_of(text), take, refused, seen };
    indicator_file_read(&file, &count, e);
    return count;
}

TEST("a plain list is read with its comments, and lines of a hosts file mean the name") {
    struct seen seen;
    struct error e = ERROR_NONE;
    struct indicator_file_count count = read_text(
        "\xef\xbb\xbf# a list\r\nevil.example\r\n\n; more\n192.0.2.1\n0.0.0.0 bad.example # x\n"
        "// and\n192.0.2.7:8080\nno good\n", &seen, &e);
    CHECK(!e.set);
    CHECK_TEXT(seen.text, "domain evil.example -1 -1 0 \naddress 192.0.2.1 -1 -1 0 \n"
                          "domain bad.example -1 -1 0 \naddress 192.0.2.7 -1 -1 0 \n");
    CHECK_INT(count.taken, 4);
    CHECK_INT(count.refused, 1);
    CHECK_INT(count.format, INDICATOR_LIST);
    CHECK(strstr(seen.wrong, "feed:9 'no' is no address") != NULL);
}

TEST("CSV names its columns, also in a comment and with quotes") {
    struct seen seen;
    struct error e = ERROR_NONE;
    struct indicator_file_count count = read_text(
        "type,value,confidence,TLP,valid_until,description\n"
        "domain,evil.example,80,amber,2030-01-01,\"a \"\"bad\"\" one, really\"\n"
        "ssdeep,3:abc:def,50,green,,\n", &seen, &e);
    CHECK_TEXT(seen.text, "domain evil.example 80 2 1 a \"bad\" one, really\n");
    CHECK_INT(count.skipped, 1);
    CHECK_INT(count.format, INDICATOR_CSV);
    count = read_text("# abuse\n# \"first_seen_utc\",\"ioc_value\",\"ioc_type\",\"malware\"\n"
                      "\"2026-01-01\", \"192.0.2.9:443\", \"ip:port\", \"Emotet\"\n", &seen, &e);
    CHECK_TEXT(seen.text, "address 192.0.2.9 -1 -1 0 Emotet\n");
    count = read_text("md5_hash;sha256_hash\nd41d8cd98f00b204e9800998ecf84271;n/a\n", &seen, &e);
    CHECK_INT(count.taken, 1);
}

TEST("a STIX bundle gives the single values of its patterns, with its markings") {
    struct seen seen;
    struct error e = ERROR_NONE;
    struct indicator_file_count count = read_text(
        "{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":["
        "{\"type\":\"marking-definition\",\"id\":\"marking-definition--x\",\"name\":\"TLP:RED\"},"
        "{\"type\":\"indicator\",\"id\":\"indicator--1\",\"name\":\"C2\",\"pattern_type\":\"stix\","
        "\"pattern\":\"[ipv4-addr:value = '192.0.2.1' OR domain-name:value IN ('a.example', 'b.example')]\","
        "\"confidence\":85,\"valid_until\":\"2030-01-01T00:00:00Z\","
        "\"object_marking_refs\":[\"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421\"]},"
        "{\"type\":\"indicator\",\"id\":\"indicator--2\",\"name\":\"file\",\"pattern\":"
        "\"[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf84271' AND file:hashes.'SHA-1' = "
        "'da39a3ee5e6b4b0d3255bfef95601890afd80701']\",\"object_marking_refs\":[\"marking-definition--x\"]},"
        "{\"type\":\"indicator\",\"id\":\"indicator--3\",\"pattern\":"
        "\"[ipv4-addr:value = '192.0.2.2' AND domain-name:value = 'c.example']\"},"
        "{\"type\":\"indicator\",\"id\":\"indicator--4\",\"pattern\":"
        "\"[url:value = 'http://a.example/x'] FOLLOWEDBY [url:value = 'http://b.example/']\"},"
        "{\"type\":\"indicator\",\"id\":\"indicator--5\",\"pattern\":\"[url:value LIKE '%x']\"},"
        "{\"type\":\"indicator\",\"id\":\"indicator--6\",\"revoked\":true,\"pattern\":"
        "\"[url:value = 'http://z.example/']\"},"
        "{\"type\":\"indicator\",\"id\":\"indicator--7\",\"pattern\":"
        "\"[ipv4-addr:value ISSUBSET '198.51.100.0/24']\"},"
        "{\"type\":\"domain-name\",\"value\":\"observed.example\"}]}", &seen, &e);
    CHECK(!e.set);
    CHECK_TEXT(seen.text,
               "address 192.0.2.1 85 2 1 C2\ndomain a.example 85 2 1 C2\ndomain b.example 85 2 1 C2\n"
               "md5 d41d8cd98f00b204e9800998ecf84271 -1 4 0 file\n"
               "sha1 da39a3ee5e6b4b0d3255bfef95601890afd80701 -1 4 0 file\n"
               "network 198.51.100.0/24 -1 -1 0 \n");
    CHECK_INT(count.refused, 3);
    CHECK_INT(count.skipped, 1);
    CHECK(strstr(seen.wrong, "feed:indicator--3 a pattern with AND is no single value"));
    CHECK(strstr(seen.wrong, "feed:indicator--4 several observations together"));
    CHECK(strstr(seen.wrong, "feed:indicator--5 only '=', IN and ISSUBSET"));
}

TEST("a MISP event gives its to_ids attributes, halves of pairs and objects too") {
    struct seen seen;
    struct error e = ERROR_NONE;
    struct indicator_file_count count = read_text(
        "{\"response\":[{\"Event\":{\"info\":\"Campaign\",\"Tag\":[{\"name\":\"tlp:green\"}],"
        "\"Attribute\":[{\"type\":\"ip-dst|port\",\"value\":\"192.0.2.1|443\",\"to_ids\":true},"
        "{\"type\":\"filename|md5\",\"value\":\"a.exe|d41d8cd98f00b204e9800998ecf84271\",\"to_ids\":true,"
        "\"comment\":\"dropper\",\"Tag\":[{\"name\":\"TLP:RED\"}]},"
        "{\"type\":\"domain\",\"value\":\"seen.example\",\"to_ids\":false},"
        "{\"type\":\"ssdeep\",\"value\":\"3:a\",\"to_ids\":true}],"
        "\"Object\":[{\"Attribute\":[{\"type\":\"url\",\"value\":\"http://evil.example/\",\"to_ids\":true}]}]"
        "}}]}", &seen, &e);
    CHECK(!e.set);
    CHECK_TEXT(seen.text, "address 192.0.2.1 -1 1 0 Campaign\n"
                          "md5 d41d8cd98f00b204e9800998ecf84271 -1 4 0 dropper\n"
                          "url evil.example/ -1 1 0 Campaign\n");
    CHECK_INT(count.taken, 3);
    CHECK_INT(count.skipped, 2);
}

TEST("broken or foreign JSON is refused with its place") {
    struct seen seen;
    struct error e = ERROR_NONE;
    read_text("{\"type\":\"bundle\",", &seen, &e);
    CHECK_ERROR(e, "feed");
    e = ERROR_NONE;
    read_text("{\"a\":1}", &seen, &e);
    CHECK_ERROR(e, "neither a STIX bundle nor a MISP event");
}
