#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client.h"
#include "intake/limit.h"
#include "intake/repeats.h"
#include "sink.h"
#include "test.h"

static char reply[1024 * 1024];

/* One request with the token, body as it stands. */
static const char *ask(struct sink *sink, const char *method, const char *path, const char *headers,
                       const char *body)
{
    size_t size = strlen(body) + 1000;
    char *request = malloc(size);

    snprintf(request, size, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s"
             "Content-Length: %zu\r\n\r\n%s", method, path, headers, strlen(body), body);
    client_ask(sink->http_port, request, reply, sizeof reply);
    free(request);
    return reply;
}

#define BEARER "Authorization: Bearer secret\r\n"

static struct sink *start(size_t queue_most)
{
    struct sink_options options = { .http = true, .queue_most = queue_most };

    return sink_start(&options);
}

TEST("JSON lines are answered when stored, with the alerts they raised") {
    struct sink *sink = start(0);

    ask(sink, "POST", "/events", BEARER, "{\"a\":1}\nno json\n\n{\"b\":\"ALERT\"}\n");
    CHECK(strstr(reply, "HTTP/1.1 200"));
    CHECK(strstr(reply, "{\"accepted\":3,\"undecoded\":1,\"alerts\":[{\"rule\":\"11111111"));
    CHECK(strstr(reply, "\"event\":\"20261124.standard.3\""));
    CHECK_INT(sink->count, 3); /* there already: the answer came after the commit */
    CHECK_TEXT(sink_event(sink, 0)->source, "so-tttt.api");
    CHECK_TEXT(sink_event(sink, 1)->raw, "no json");
    CHECK_INT(sink->received, 3);
    CHECK_INT(sink->stored, 3);
    CHECK_INT(sink->undecoded, 1);
    sink_stop(&sink);
}

TEST("a JSON array gives its elements") {
    struct sink *sink = start(0);

    ask(sink, "POST", "/events", BEARER "Content-Type: application/json\r\n",
        "[{\"a\":1}, {\"b\":[2]}]");
    CHECK(strstr(reply, "\"accepted\":2"));
    CHECK_TEXT(sink_event(sink, 1)->raw, "{\"b\":[2]}");
    sink_stop(&sink);
}

TEST("wrong token, wrong path, wrong method, damaged body: refused with a sentence, nothing stored")
{
    struct sink *sink = start(0);

    CHECK(strstr(ask(sink, "POST", "/events", "", "{}"), "HTTP/1.1 401"));
    CHECK(strstr(reply, "WWW-Authenticate"));
    CHECK(strstr(ask(sink, "POST", "/events", "Authorization: Bearer wrong\r\n", "{}"),
                 "HTTP/1.1 401"));
    CHECK(strstr(ask(sink, "POST", "/nowhere", BEARER, "{}"), "HTTP/1.1 404"));
    CHECK(strstr(ask(sink, "DELETE", "/events", BEARER, ""), "HTTP/1.1 405"));
    CHECK(strstr(ask(sink, "POST", "/events", BEARER "Content-Encoding: gzip\r\n", "xx"),
                 "HTTP/1.1 400"));
    CHECK(strstr(reply, "damaged"));
    CHECK(strstr(ask(sink, "POST", "/events", BEARER "Content-Encoding: br\r\n", "xx"),
                 "not known"));
    CHECK_INT(sink->count, 0);
    CHECK(strstr(ask(sink, "GET", "/health", "", ""), "HTTP/1.1 200"));
    sink_stop(&sink);
}

TEST("a body above the limit gets 413") {
    struct sink *sink = start(0);

    client_ask(sink->http_port, "POST /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" BEARER
               "Content-Length: 999999999\r\n\r\n", reply, sizeof reply);
    CHECK(strstr(reply, "HTTP/1.1 413"));
    sink_stop(&sink);
}

#define CHUNKED "POST /events HTTP/1.1\r\nHost: x\r\n" BEARER "Transfer-Encoding: chunked\r\n\r\n"

TEST("requests that stall take the room of what they sent, and one source takes at most half of all") {
    struct sink *sink = start(0);
    int stalled[40], large[2];
    size_t most = 15u * 1024 * 1024;
    char *body = calloc(1, most + 1);
    static const char few[] = CHUNKED "1\r\n{\r\n", much[] = CHUNKED "F00000\r\n"; /* 15 MiB */

    memset(body, ' ', most);
    for (size_t i = 0; i < 40; i++) {
        stalled[i] = client_connect(sink->http_port);
        client_send(stalled[i], few, sizeof few - 1);
    }
    CHECK(strstr(ask(sink, "POST", "/events", BEARER, "{\"a\":1}"), "HTTP/1.1 200"));
    for (size_t i = 0; i < 2; i++) {
        large[i] = client_connect(sink->http_port);
        client_send(large[i], much, sizeof much - 1);
        client_send(large[i], body, most);
    }
    body[3u * 1024 * 1024] = '\0';
    usleep(2000000); /* until all is read: who comes last is refused, and that shall be none of the two */
    CHECK(strstr(ask(sink, "POST", "/events", BEARER, body), "HTTP/1.1 429"));
    CHECK(strstr(reply, "Retry-After"));
    CHECK(strstr(ask(sink, "POST", "/events", BEARER, "{\"a\":2}"), "HTTP/1.1 200"));
    for (size_t i = 0; i < 2; i++)
        close(large[i]);
    for (int i = 0; i < 100 && !strstr(ask(sink, "POST", "/events", BEARER, body), "HTTP/1.1 200"); i++)
        usleep(20000);
    CHECK(strstr(reply, "HTTP/1.1 200"));
    for (size_t i = 0; i < 40; i++)
        close(stalled[i]);
    free(body);
    sink_stop(&sink);
}

TEST("what could not be stored is answered 503") {
    struct sink *sink = start(0);

    sink_set(sink, true, false);
    CHECK(strstr(ask(sink, "POST", "/events", BEARER, "{\"a\":1}"), "HTTP/1.1 503"));
    CHECK(strstr(reply, "the disk is full"));
    CHECK(strstr(ask(sink, "POST", "/_bulk", BEARER, "{\"create\":{}}\n{\"a\":1}\n"),
                 "HTTP/1.1 503"));
    sink_stop(&sink);
}

TEST("a batch that is sent again under its mark is stored once and answered alike") {
    struct sink *sink = start(0);
    char first[2000];

    ask(sink, "POST", "/events", BEARER "X-Batch-Id: 7\r\n", "{\"a\":\"ALERT\"}\n{\"a\":2}\n");
    snprintf(first, sizeof first, "%s", strstr(reply, "\r\n\r\n"));
    ask(sink, "POST", "/events", BEARER "X-Batch-Id: 7\r\n", "{\"a\":\"ALERT\"}\n{\"a\":2}\n");
    CHECK_TEXT(strstr(reply, "\r\n\r\n"), first);
    CHECK(strstr(first, "\"accepted\":2"));
    ask(sink, "POST", "/events", BEARER "X-Batch-Id: 8\r\n", "{\"a\":3}\n");
    CHECK(strstr(reply, "\"accepted\":1"));
    CHECK(sink_wait(sink, 3));
    CHECK_INT(sink->count, 3);
    CHECK_INT(sink->stored, 3);
    for (int i = 0; i < 300 && sink->repeated < 2; i++, usleep(10000))
        intake_tick(sink->intake); /* repeats are counted beside the events */
    CHECK_INT(sink->repeated, 2);
    CHECK_INT(sink->received, sink->stored + sink->repeated + sink->quarantined);
    sink_set(sink, true, false);
    CHECK(strstr(ask(sink, "POST", "/events", BEARER "X-Batch-Id: 9\r\n", "{}\n"), "HTTP/1.1 503"));
    sink_set(sink, false, false);
    CHECK(
        strstr(ask(sink, "POST", "/events", BEARER "X-Batch-Id: 9\r\n", "{}\n"), "\"accepted\":1"));
    CHECK_INT(sink->count, 4);
    sink_stop(&sink);
}

TEST("a full queue is answered 429 before anything is stored") {
    struct sink *sink = start(4);
    int fds[4];
    const char request[] = "POST /events HTTP/1.1\r\nHost: x\r\n" BEARER
                           "Content-Length: 8\r\n\r\n{\"a\":1}\n";

    sink_set(sink, false, true);
    usleep(50000);
    for (int i = 0; i < 4; i++) {
        fds[i] = client_connect(sink->http_port);
        client_send(fds[i], request, sizeof request - 1);
        usleep(20000);
    }
    CHECK(strstr(ask(sink, "POST", "/events", BEARER, "{\"late\":1}"), "HTTP/1.1 429"));
    CHECK(strstr(reply, "Retry-After"));
    sink_set(sink, false, false);
    size_t answered = 0;
    for (int i = 0; i < 4; i++) {
        client_read(fds[i], "alerts", reply, sizeof reply);
        answered += strstr(reply, "\"accepted\":1") != NULL;
        close(fds[i]);
    }
    CHECK(answered >= 3);
    CHECK_INT(sink->count, answered);
    sink_stop(&sink);
}

TEST("many lines go in several batches and are answered once") {
    struct sink *sink = start(0);
    size_t lines = 5000;
    char *body = malloc(lines * 40), *at = body;

    for (size_t i = 0; i < lines; i++)
        at += snprintf(at, 40, "{\"i\":%zu}\n", i);
    ask(sink, "POST", "/events", BEARER, body);
    CHECK(strstr(reply, "\"accepted\":5000"));
    CHECK_INT(sink->count, lines);
    CHECK_TEXT(sink_event(sink, 4999)->raw, "{\"i\":4999}");
    free(body);
    sink_stop(&sink);
}

TEST("EVIDENCE siem#4.2: the bulk reply is compact, errors before items, one integer status each") {
    struct sink *sink = start(0);

    ask(sink, "POST", "/_bulk?filter_path=errors,items.*.status", BEARER,
        "{\"create\":{\"_index\":\"x\"}}\n{\"a\":1}\n{\"index\":{}}\n{\"broken\": "
        "\n{\"delete\":{\"_id\":\"1\"}}\n"
        "{\"update\":{\"_id\":\"1\"}}\n{\"doc\":{}}\n");
    CHECK(strstr(reply, "X-Elastic-Product: Elasticsearch"));
    CHECK(strstr(reply, "\"errors\":false,\"items\":[{\"create\":{"));
    CHECK(strstr(reply, "{\"index\":{") && strstr(reply, "{\"delete\":{") &&
          strstr(reply, "{\"update\":{"));
    CHECK(!strstr(reply, "\"status\":4"));
    CHECK_INT(sink->count, 4);
    CHECK_TEXT(sink_event(sink, 0)->raw, "{\"a\":1}");
    CHECK_TEXT(sink_event(sink, 0)->protocol, "elastic");
    CHECK(strstr(ask(sink, "POST", "/logs-x/_bulk", "Authorization: ApiKey aWQ6c2VjcmV0\r\n",
                     "{\"create\":{}}\n{\"a\":2}\n"), "HTTP/1.1 200"));
    CHECK(strstr(ask(sink, "POST", "/_bulk", "Authorization: Basic ZWxhc3RpYzpzZWNyZXQ=\r\n",
                     "{\"create\":{}}\n{\"a\":3}\n"), "HTTP/1.1 200"));
    sink_stop(&sink);
}

TEST("the face of Elasticsearch answers what shippers ask first") {
    struct sink *sink = start(0);

    CHECK(strstr(ask(sink, "GET", "/", BEARER "User-Agent: Elastic-filebeat/9.1.2 (linux)\r\n", ""),
                 "\"number\":\"9.1.2\""));
    CHECK(strstr(ask(sink, "GET", "/", BEARER "User-Agent: curl/7\r\n", ""),
                 "\"number\":\"8.19.0\""));
    CHECK(strstr(ask(sink, "GET", "/_license", BEARER, ""), "\"type\":\"basic\""));
    CHECK(strstr(ask(sink, "PUT", "/_ilm/policy/x", BEARER, "{}"), "\"acknowledged\":true"));
    CHECK(strstr(ask(sink, "GET", "/_cluster/health", BEARER, ""), "green"));
    CHECK(strstr(ask(sink, "GET", "/", "", ""), "HTTP/1.1 401"));
    sink_stop(&sink);
}

TEST("Splunk's collector: concatenated objects, raw lines, health, acks, its own codes") {
    struct sink *sink = start(0);
    const char *token = "Authorization: Splunk secret\r\n";

    ask(sink, "POST", "/services/collector/event", token,
        "{\"event\":\"one\",\"host\":\"h\"}{\"event\":{\"a\":1}}");
    CHECK(strstr(reply, "\"code\":0"));
    CHECK_INT(sink->count, 2);
    CHECK_TEXT(sink_event(sink, 0)->decoder, "splunk-hec");
    CHECK(strstr(ask(sink, "POST", "/services/collector/raw", token, "a\nb\n"), "Success"));
    CHECK_INT(sink->count, 4);
    CHECK(strstr(ask(sink, "GET", "/services/collector/health", token, ""), "HTTP/1.1 200"));
    CHECK(strstr(ask(sink, "POST", "/services/collector", "", "{}"), "\"code\":2"));
    CHECK(strstr(reply, "HTTP/1.1 401"));
    CHECK(strstr(ask(sink, "POST", "/services/collector", "Authorization: Splunk wrong\r\n", "{}"),
                 "\"code\":4"));
    CHECK(strstr(reply, "HTTP/1.1 403"));
    CHECK(strstr(ask(sink, "POST", "/services/collector/ack", token, "{\"acks\":[1,7]}"),
                 "{\"acks\":{\"1\":true,\"7\":true}}"));
    sink_stop(&sink);
}

static long long acknowledgement(void)
{
    const char *at = strstr(reply, "\"ackId\":");

    return at ? strtoll(at + strlen("\"ackId\":"), NULL, 10) : -1;
}

TEST("EVIDENCE siem#4: HEC gives an ackId to whom a channel is named, and never the same one twice") {
    struct sink *sink = start(0);
    static const char *const senders[][2] = {
        { "/services/collector/event", BEARER "X-Splunk-Request-Channel: FE0ECFAD\r\n" },
        { "/services/collector/event?channel=FE0ECFAD", BEARER },
        { "/services/collector/event", BEARER "X-Splunk-Request-Channel: c\r\nX-Batch-Id: 1\r\n" },
        { "/services/collector/event", BEARER "X-Splunk-Request-Channel: c\r\nX-Batch-Id: 1\r\n" },
    };
    long long last = 0;

    ask(sink, "POST", "/services/collector/event", BEARER, "{\"event\":1}");
    CHECK(strstr(reply, "{\"text\":\"Success\",\"code\":0}"));
    for (size_t i = 0; i < 4; i++, last = acknowledgement()) {
        ask(sink, "POST", senders[i][0], senders[i][1], "{\"event\":1}");
        CHECK(strstr(reply, "Success"));
        CHECK(acknowledgement() > last);
    }
    CHECK_INT(sink->count, 4);
    sink_stop(&sink);
}

static unsigned items(void)
{
    unsigned count = 0;

    for (const char *at = reply; (at = strstr(at, "\"status\":201")); at++)
        count++;
    return count;
}

TEST("a bulk of many lines is answered item by item, one of too many before anything is stored") {
    struct sink *sink = start(0);
    char *body = malloc(2 * (INTAKE_BULK_LINES + 1) + 1);

    for (size_t i = 0; i <= INTAKE_BULK_LINES; i++)
        memcpy(body + 2 * i, "a\n", 3);
    CHECK(strstr(ask(sink, "POST", "/_bulk", BEARER, body), "HTTP/1.1 413"));
    CHECK_INT(sink->count, 0);
    body[2 * 9000] = '\0';
    CHECK(strstr(ask(sink, "POST", "/_bulk", BEARER, body), "HTTP/1.1 200"));
    CHECK_INT(items(), 9000);
    CHECK(strstr(reply, "{\"create\":{\"_index\":\"events\",\"_id\":\"20261124.standard.9000\","));
    CHECK_TEXT(reply + strlen(reply) - 16, "\"status\":201}}]}");
    free(body);
    sink_stop(&sink);
}

TEST("a marked batch of _bulk or HEC is stored once too, and answered as its sender reads it") {
    struct sink *sink = start(0);
    char many[8000] = "";

    for (int i = 0; i < 60; i++) /* an answer that is too long to be kept */
        snprintf(many + strlen(many), sizeof many - strlen(many), "{\"create\":{}}\n{\"n\":%d}\n", i);
    for (int i = 0; i < 2; i++) {
        ask(sink, "POST", "/_bulk", BEARER "X-Batch-Id: b1\r\n",
            "{\"create\":{}}\n{\"a\":1}\n{\"index\":{}}\n{\"a\":2}\n");
        CHECK(strstr(reply, "\"errors\":false") && strstr(reply, "{\"index\":{"));
        CHECK(strstr(reply, "X-Elastic-Product: Elasticsearch"));
        CHECK_INT(items(), 2);
        ask(sink, "POST", "/_bulk", BEARER "X-Batch-Id: b2\r\n", many);
        CHECK_INT(items(), 60);
        ask(sink, "POST", "/services/collector/event", BEARER "X-Batch-Id: h1\r\n",
            "{\"event\":\"a\"}{\"event\":\"b\"}{\"event\":\"c\"}");
        CHECK(strstr(reply, "HTTP/1.1 200") && strstr(reply, "\"code\":0"));
    }
    CHECK(sink_wait(sink, 65));
    CHECK_INT(sink->count, 65);
    for (int i = 0; i < 300 && sink->repeated < 65; i++, usleep(10000))
        intake_tick(sink->intake);
    CHECK_INT(sink->repeated, 65);
    CHECK_INT(sink->received, sink->stored + sink->repeated);
    sink_stop(&sink);
}

TEST("a marked batch of _bulk that was stored before the start is answered item by item") {
    struct sink *sink = start(0);
    struct batch_mark mark = repeats_mark(SLICE("so-tttt.api"), SLICE("old"), 0);

    mark.count = 2;
    intake_remember(sink->intake, &mark);
    ask(sink, "POST", "/_bulk", BEARER "X-Batch-Id: old\r\n",
        "{\"create\":{}}\n{\"a\":1}\n{\"create\":{}}\n{\"a\":2}\n{\"create\":{}}\n{\"a\":3}\n");
    CHECK_INT(items(), 3);
    CHECK(strstr(reply, "\"_id\":\"repeated\""));
    CHECK(sink_wait(sink, 1));
    CHECK_INT(sink->count, 1);
    ask(sink, "POST", "/_bulk", BEARER "X-Batch-Id: all\r\n", "");
    CHECK(strstr(reply, "\"items\":[]"));
    sink_stop(&sink);
}
