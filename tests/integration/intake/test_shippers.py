#!/usr/bin/env python3
"""The face of Elasticsearch and Lumberjack as shippers ask for it: rsyslog's omelasticsearch is the real program;
Filebeat, Winlogbeat, Fluent Bit, Vector, Logstash are exchanges request by request, each check the one that stands
in that program's own source (named beside it)."""
import base64
import contextlib
import gzip
import http.client
import json
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import time
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from actors import FAILED, TOKEN, ListeningServer, Rsyslog, Sink, SyslogNg, all_of, connected, is_sshd  # noqa: E402
from haidang import check, main, test, wait_for  # noqa: E402

BASIC = "Basic " + base64.b64encode(f"elastic:{TOKEN}".encode()).decode()
API_KEY = "ApiKey " + base64.b64encode(f"id:{TOKEN}".encode()).decode()


class Shipper:
    """HTTP as that program speaks it: its User-Agent and credentials in every request."""

    def __init__(self, sink, agent, credentials, **headers):
        self.port = sink.port["http"]
        self.headers = {"User-Agent": agent, "Authorization": credentials, "Accept": "application/json", **headers}

    def ask(self, method, path, body=None, compress=False, **headers):
        headers = {**self.headers, **headers}
        if compress:
            body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request(method, path, body, headers)
            reply = connection.getresponse()
            text = reply.read()
        return reply.status, reply.headers, text


def bulk(events, operation="create", **meta):
    return b"".join(json.dumps({operation: meta}).encode() + b"\n" + json.dumps(event).encode() + b"\n" for event in events)


def beat_version(text):
    major, minor, patch = text.split(".")
    return int(major), int(minor), int(patch)


def beat(agent, version, event, count=50):
    """libbeat/esleg/eslegclient/connection.go (Ping), libbeat/licenser, libbeat/idxmgmt, libbeat/template/load.go,
    libbeat/outputs/elasticsearch/client.go (the items, one status an event, in order)."""
    with Sink() as sink:
        s = Shipper(sink, f"Elastic-{agent}/{version} (linux; amd64; 1234; 2026-08-01 00:00:00 +0000 UTC)", BASIC,
                    **{"Connection": "close"})
        status, headers, text = s.ask("GET", "/")
        check(status < 300 and headers["X-Elastic-Product"] == "Elasticsearch", headers)
        root = json.loads(text)
        check(beat_version(root["version"]["number"]) >= beat_version(version),
              f"{agent} refuses a server older than itself: {root['version']['number']}")
        check(root["version"]["build_flavor"] == "default", "another flavour has no licence to ask for")
        status, _, text = s.ask("GET", "/_license?human=false")
        check(status == 200 and json.loads(text)["license"]["status"] == "active", text)
        check(json.loads(text)["license"]["type"] == "basic", text)
        name = f"{agent.lower()}-{version}"
        for method, path, body in (("GET", f"/_ilm/policy/{agent.lower()}", None),
                                   ("PUT", f"/_ilm/policy/{agent.lower()}", b'{"policy":{"phases":{}}}'),
                                   ("GET", f"/_index_template/{name}", None),
                                   ("PUT", f"/_index_template/{name}", b'{"index_patterns":["x-*"]}'),
                                   ("GET", f"/_data_stream/{name}", None), ("PUT", f"/_data_stream/{name}", None),
                                   ("GET", "/_ingest/pipeline/x", None), ("PUT", "/_ingest/pipeline/x", b"{}")):
            status, _, text = s.ask(method, path, body, **({"Content-Type": "application/json"} if body else {}))
            check(status < 300, f"{method} {path}: {status} {text}")
            json.loads(text)
        body = bulk([{**event, "number": i} for i in range(count)], _index=name)
        status, headers, text = s.ask("POST", "/_bulk?filter_path=errors%2Citems.%2A.error%2Citems.%2A.status", body,
                                      compress=True, **{"Content-Type": "application/json; charset=UTF-8"})
        check(status == 200, f"{status} {text}")
        items = json.loads(text)["items"]
        check(len(items) == count, f"{len(items)} items for {count} events")
        for item in items:
            check(len(item) == 1 and isinstance(next(iter(item.values()))["status"], int) and
                  next(iter(item.values()))["status"] < 300, item)
        return sink.take(count)


@test("Filebeat, from its source: version, licence, ILM, templates, bulk in gzip; the line within is decoded")
def _():
    events = beat("Filebeat", "8.19.4", {"@timestamp": "2026-11-24T00:31:02.123Z", "agent": {"type": "filebeat"},
                                         "host": {"name": "web01"}, "log": {"file": {"path": "/var/log/auth.log"}},
                                         "message": f"Nov 24 07:31:02 web01 sshd[7]: {FAILED}"})
    check(all(e["decoder"] == "sshd" and e["protocol"] == "elastic" for e in events), events[0])


@test("Winlogbeat, from its source, of a version newer than any of ours; its events have Sigma's names")
def _():
    events = beat("Winlogbeat", "9.7.3", {"@timestamp": "2026-11-24T00:31:02.123Z", "winlog": {
        "channel": "Security", "provider_name": "Microsoft-Windows-Security-Auditing", "event_id": "4625",
        "computer_name": "DC01", "event_data": {"TargetUserName": "quantri", "IpAddress": "203.0.113.77"}}})
    check(events[0]["fields"].get("EventID") == "4625" and events[0]["fields"].get("TargetUserName") == "quantri",
          events[0])


@test("Fluent Bit, from plugins/out_es/es.c: Logstash_Format's create, the literals it looks for in the reply")
def _():
    with Sink() as sink:
        s = Shipper(sink, "Fluent-Bit", BASIC)
        body = bulk([{"@timestamp": "2026-11-24T00:31:02.123Z", "log": f"dong so {i}"} for i in range(900)],
                    _index="logstash-2026.11.24", _type="_doc")
        status, headers, text = s.ask("POST", "/_bulk", body, **{"Content-Type": "application/x-ndjson"})
        check(status == 200, status)
        check(text, "an empty body is tried again for ever")
        check(b'"errors":false,"items":[' in text[:512], f"its buffer holds 512 KiB at most: {text[:80]}")
        check(int(headers["Content-Length"]) == len(text), "its HTTP client reads by length")
        check(len(sink.take(900)) == 900, "")


@test("Vector, from src/sinks/elasticsearch: health check, version by GET /, bulk to an index with API key")
def _():
    with Sink() as sink:
        s = Shipper(sink, "Vector/0.49.0 (x86_64-unknown-linux-gnu)", API_KEY)
        status, _, text = s.ask("GET", "/_cluster/health")
        check(status == 200, f"the health check: {status}")
        status, _, text = s.ask("GET", "/")
        check(int(json.loads(text)["version"]["number"].split(".")[0]) >= 8, text)  # api_version: auto
        status, _, text = s.ask("POST", "/_bulk?timeout=60s", bulk(({"message": f"dong {i}"} for i in range(40)),
                                                                  "index", _index="vector-2026.11.24"), compress=True,
                                **{"Content-Type": "application/x-ndjson"})
        check(status == 200 and b'"errors":true' not in text, text[:200])
        check(len(sink.take(40)) == 40, "")


@test("Logstash, from lib/logstash/outputs/elasticsearch: HEAD /, product and licence, sniffing paths, bulk")
def _():
    with Sink() as sink:
        s = Shipper(sink, "logstash/8.19.4 (OS=Linux-6.1; JVM=Temurin-21) logstash-output-elasticsearch/11.22.7", BASIC)
        check(s.ask("HEAD", "/")[0] == 200, "its pool says the node is down")
        status, headers, text = s.ask("GET", "/")
        check(headers["X-Elastic-Product"] == "Elasticsearch" and
              json.loads(text)["tagline"] == "You Know, for Search", text)
        check(json.loads(s.ask("GET", "/_license")[2])["license"]["status"] == "active", "no active licence")
        for path in ("/_xpack", "/_nodes/http", "/_index_template/ecs-logstash"):
            status, _, text = s.ask("GET", path)
            check(status == 200 and json.loads(text) is not None, f"{path}: {status}")
        check(s.ask("HEAD", "/_index_template/ecs-logstash")[0] == 200, "template")
        status, _, text = s.ask("POST", "/_bulk?filter_path=errors,items.*.error,items.*.status",
                                bulk(({"message": f"dong {i}"} for i in range(125)), "index", _index="ecs-logstash"),
                                compress=True, **{"Content-Type": "application/json"})
        check(status == 200 and json.loads(text)["errors"] is False, text[:200])
        check(len(sink.take(125)) == 125, "")


@test("what cannot be read in a bulk is kept raw and answered 201, never a 4xx for an item")
def _():
    with Sink() as sink:
        s = Shipper(sink, "Elastic-Filebeat/8.19.4", BASIC)
        body = (b'{"create":{}}\n{"tot":1}\n' b'{"create":{}}\nkhong phai json\n' b'{"update":{"_id":"1"}}\n{"doc":{}}\n'
                b'{"delete":{"_id":"1"}}\n' b'{broken\n')
        status, _, text = s.ask("POST", "/logs/_bulk", body, **{"Content-Type": "application/x-ndjson"})
        answer = json.loads(text)
        check(status == 200 and not answer["errors"], text)
        check([next(iter(i.values()))["status"] for i in answer["items"]] == [201] * 5, answer)
        raws = [e["raw"] for e in sink.take(5)]
        check(raws == ['{"tot":1}', "khong phai json", '{"doc":{}}', '{"delete":{"_id":"1"}}', "{broken"], raws)


@test("rsyslog's omelasticsearch, the real program: health, bulk mode, what it asks before")
def _():
    Rsyslog.needs("omelasticsearch", "rsyslog-elasticsearch")
    with tempfile.TemporaryDirectory(prefix="haidang-intake.") as folder, Sink() as sink:
        action = f"""
template(name="json" type="list") {{
  constant(value="{{\\"@timestamp\\":\\"") property(name="timereported" dateFormat="rfc3339")
  constant(value="\\",\\"host\\":{{\\"name\\":\\"") property(name="hostname") constant(value="\\"}},\\"message\\":\\"")
  property(name="rawmsg-after-pri" format="jsonr") constant(value="\\"}}") }}
action(type="omelasticsearch" server="127.0.0.1" serverport="{sink.port['http']}" uid="elastic" pwd="{TOKEN}"
       searchIndex="logs" searchType="" bulkmode="on" template="json" queue.type="LinkedList"
       action.resumeRetryCount="-1" action.resumeInterval="1")
"""
        with Rsyslog(pathlib.Path(folder), action, 'module(load="omelasticsearch")') as rsyslog:
            rsyslog.log(FAILED)
            event = sink.next()
            check(event["decoder"] == "sshd" and event["protocol"] == "elastic", event)
            rsyslog.log_many(1500)
            events = sink.take(1500)
            all_of([{"raw": json.loads(e["raw"])["message"]} for e in events], 1500)


@test("syslog-ng's elasticsearch-http(), the real program")
def _():
    with tempfile.TemporaryDirectory(prefix="haidang-intake.") as folder, Sink() as sink:
        destination = (f'elasticsearch-http(url("http://127.0.0.1:{sink.port["http"]}/_bulk") index("logs") type("") '
                       f'user("elastic") password("{TOKEN}") batch-lines(100) batch-timeout(200) '
                       'template("$(format-json --scope rfc5424)"));')
        with SyslogNg(pathlib.Path(folder), destination, "elasticsearch/elastic-http.conf") as ng:
            ng.log_many(500)
            all_of([{"raw": e["fields"]["MESSAGE"]} for e in sink.take(500)], 500)


# ---- Lumberjack v2, from elastic/go-lumber (client/v2) ------------------------------------------------

def frames(events, first=1):
    out = b""
    for number, event in enumerate(events, first):
        data = json.dumps(event).encode()
        out += b"2J" + struct.pack(">II", number, len(data)) + data
    return out


def window(events, level=3):
    inside = frames(events)
    head = b"2W" + struct.pack(">I", len(events))
    if not level:
        return head + inside
    packed = zlib.compress(inside, level)
    return head + b"2C" + struct.pack(">I", len(packed)) + packed


def receive_ack(connection):
    message = b""
    while len(message) < 6:
        part = connection.recv(6 - len(message))
        if not part:
            raise ConnectionResetError("closed before the acknowledgement")
        message += part
    check(message[:2] == b"2A", f"no acknowledgement: {message}")
    return struct.unpack(">I", message[2:])[0]


def await_ack(connection, count):
    """AwaitACK: partial ones, and 0 as keep-alive, until the window's count; more is an error."""
    got = 0
    while got < count:
        got = receive_ack(connection)
        check(got <= count, f"acknowledged {got} of {count}")


@test("Beats by Lumberjack, from go-lumber's client: windows plain and compressed, pipelined, each acknowledged")
def _():
    with Sink() as sink, connected(sink.port["lumberjack"]) as connection:
        for level in (0, 3, 9):
            events = [{"@timestamp": "2026-11-24T00:31:02.123Z", "@metadata": {"beat": "filebeat", "version": "8.19.4"},
                       "message": f"Nov 24 07:31:02 web01 sshd[7]: {FAILED}"}] * 120
            connection.sendall(window(events, level))
            await_ack(connection, 120)
            for event in sink.take(120):
                check(event["decoder"] == "sshd" and event["protocol"] == "lumberjack", event)
        for _ in range(3):  # pipelining: 3
            connection.sendall(window([{"message": f"dong {i}"} for i in range(50)]))
        for _ in range(3):
            await_ack(connection, 50)
        check(len(sink.take(150)) == 150, "")


@test("Lumberjack's acknowledgement is withheld until the commit: after kills everything acknowledged is there")
def _():
    with ListeningServer("lumberjack") as server:
        acknowledged, sent = 0, 0

        def deliver(first, count):
            """A Beat sends a window again on a new connection until it is acknowledged."""
            until = time.monotonic() + 40
            while time.monotonic() < until:
                with contextlib.suppress(OSError), connected(server.ports["lumberjack"], 5) as connection:
                    connection.sendall(window([{"message": f"lumberjack so {i}"} for i in range(first, first + count)]))
                    await_ack(connection, count)
                    return True
                time.sleep(0.1)
            return False

        for round_ in range(12):
            if round_ in (3, 7):
                killed = server.kill("pipeline")
            check(deliver(sent, 100), "no acknowledgement in 40 s")
            if round_ in (3, 7):
                server.wait_role("pipeline", other_than=killed)
            sent += 100
            acknowledged = sent
        rows = wait_for("all that was acknowledged", lambda: (r := server.search('"lumberjack so"', "--limit", "9999")) and
                        len({row["raw"] for row in r}) >= acknowledged and r)
        check({json.loads(row["raw"])["message"] for row in rows} == {f"lumberjack so {i}" for i in range(sent)}, "others")


if __name__ == "__main__":
    main()
