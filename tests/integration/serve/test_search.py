#!/usr/bin/env python3
"""Searching over the API of a real server: whole queries as a stream, live tails, cancel, export."""
import csv
import http.client
import io
import json
import os
import pathlib
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from haidang import PATIENCE, Server, check, main, ssh_failure, test, wait_for  # noqa: E402

SERVER = Server()
HOSTS = {}


def hosts():
    """Host names of two agencies' syslog sources: agency → host."""
    if not HOSTS:
        import csv as table
        from haidang import EXAMPLE
        lead = SERVER.user("lead")
        known = {x["id"]: x["agency"]["id"] for x in lead.wanted("/sources", limit=1000)["items"]}
        with open(EXAMPLE / "sources.csv", encoding="utf-8-sig", newline="") as file:
            for row in table.DictReader(file):
                if row["kind"] == "syslog" and row["hostname"]:
                    HOSTS.setdefault(known[row["key"]], row["hostname"])
    return HOSTS


class Stream:
    """The lines of a stream as they come."""

    def __init__(self, client, path, **parameters):
        if not client.cookie:
            client.log_in()
        self.connection = http.client.HTTPConnection("127.0.0.1", SERVER.ports["console"],
                                                     timeout=PATIENCE)
        self.connection.request("GET", f"/api/v1{path}?" + urllib.parse.urlencode(parameters),
                                headers={"Cookie": client.cookie, "Accept-Language": "en"})
        self.answer = self.connection.getresponse()
        check(self.answer.status == 200, f"{path}: {self.answer.status} {self.answer}")

    def next(self):
        line = self.answer.readline()
        return json.loads(line) if line else None

    def until(self, what):
        """The lines up to one that has this member, with it."""
        lines = []
        while not lines or what not in lines[-1]:
            line = self.next()
            check(line is not None, f"no {what} came behind {lines[-3:]}")
            lines.append(line)
        return lines

    def close(self):
        # the socket itself: the answer holds it too
        self.answer.fp.raw._sock.close() if hasattr(self.answer.fp, "raw") else None
        self.answer.close()
        self.connection.close()


def send(count=30, users=("root", "admin"), ago=0):
    for number, host in enumerate(list(hosts().values())[:2]):
        SERVER.syslog_tcp(ssh_failure(host, f"203.0.113.{number + 1}", users[i % len(users)],
                                      4000 + i, ago) for i in range(count))


def searchers():
    """Processes of the reader that answer somebody now."""
    reader = SERVER.roles()["reader"]["pid"]
    children = pathlib.Path(f"/proc/{reader}/task/{reader}/children").read_text().split()
    return [pid for pid in children
            if pathlib.Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"]


@test("a whole query with pipes gives its table, the histogram fills, and the foot says what was read")
def _():
    lead = SERVER.user("lead")
    send()
    wait_for("60 events", lambda: len(lead.wanted("/events", query="failed")["items"]) == 60, 20)
    lines = Stream(lead, "/events/stream", query="failed | count by user | sort -count",
                   buckets=20).until("foot")
    rows = [line["row"] for line in lines if "row" in line]
    check([line["columns"] for line in lines if "columns" in line] == [["user", "count"]], str(lines))
    check(sorted(rows) == [["admin", 30], ["root", 30]], f"{rows}")
    check([h["histogram"]["total"] for h in lines if "histogram" in h][-1] == 60, "the histogram")
    foot = lines[-1]["foot"]
    check(foot["complete"] and foot["matched"] == 60 and foot["blocks_read"] > 0, f"{foot}")
    page = Stream(lead, "/events/stream", query="failed", limit=25, values=5, explain="true").until("foot")
    events = [line["event"]["id"] for line in page if "event" in line]
    check(len(events) == 25 and page[-1]["foot"]["next"], f"{len(events)} events, {page[-1]}")
    check(any("explain" in line for line in page), "no block is explained")
    sample = [line["fields"] for line in page if "fields" in line][-1]
    check(sample["sampled"] == 60, f"{sample['sampled']} sampled")
    more = Stream(lead, "/events/stream", query="failed", limit=100,
                  cursor=page[-1]["foot"]["next"]).until("foot")
    events += [line["event"]["id"] for line in more if "event" in line]
    check(len(events) == len(set(events)) == 60, f"{len(set(events))} different of {len(events)}")


@test("a live tail gives what is stored, once, filtered, and to an agency only its own")
def _():
    lead, agency = SERVER.user("lead"), list(hosts())[0]
    wide, narrow = Stream(lead, "/events/live", query="failed"), Stream(
        SERVER.user("agency", agency), "/events/live", query="user:live")
    for stream in (wide, narrow):
        check(stream.next()["head"]["live"], "no head")
    started = time.monotonic()
    send(5, users=("live",), ago=7200)
    seen = [wide.until("event")[-1]["event"]]
    took = time.monotonic() - started
    seen += [wide.until("event")[-1]["event"] for _ in range(9)]
    check(len({e["id"] for e in seen}) == 10, "an event came twice")
    check({e["agency"]["id"] for e in seen} == set(list(hosts())[:2]), "both agencies")
    own = [narrow.until("event")[-1]["event"] for _ in range(5)]
    check({e["agency"]["id"] for e in own} == {agency}, f"an agency saw {own}")
    send(1, users=("other",))
    send(1, users=("live",))
    last = narrow.until("event")[-1]["event"]
    check(last["fields"]["user"] == "live" and last["agency"]["id"] == agency, f"{last}")
    print(f"# {took:.2f} s from sending to the first line of the tail", flush=True)
    check(len(searchers()) == 2, f"{searchers()} answer")
    wide.close()
    narrow.close()
    wait_for("the tails' processes to end", lambda: send(1) or not searchers(), 20)


@test("a log-out ends a live tail")
def _():
    client = SERVER.user("responder")
    live = Stream(client, "/events/live")
    live.next()
    check(client.call("DELETE", "/session").status == 204, "logged out")
    time.sleep(1.1)  # the session is looked at once a second
    send(1)
    check(not any("event" in line for line in iter(live.next, None)), "it saw an event")


@test("closing the request kills the reader's process while it is still searching")
def _():
    lead = SERVER.user("lead")
    slow = "raw:/(((a|b|c|d|e|f)+)+){3,}zzz/"
    bulk = [f"<13>1 2026-01-01T00:00:00Z {list(hosts().values())[0]} x - - - "
            + "abcdef" * 300 + f"{i}z" for i in range(3000)]
    SERVER.syslog_tcp(bulk)
    wait_for("the long lines", lambda: lead.wanted(
        "/events", query="raw:*abcdefabcdef*", **{"from": "2025-01-01T00:00:00Z"}, limit=1)["items"])
    for _ in range(5): # on a busy machine the search may be over before we look
        stream = Stream(lead, "/events/stream", query=slow, **{"from": "2025-01-01T00:00:00Z"}, buckets=10)
        if busy := searchers():
            break
        stream.close()
    check(busy, "nobody searches")
    stream.close()
    started = time.monotonic()
    wait_for("the process to end", lambda: not set(busy) & set(searchers()), 10)
    print(f"# ended {time.monotonic() - started:.2f} s after the client had gone", flush=True)


@test("a slow reader of a stream holds the search up, and memory stays where it is")
def _():
    lead = SERVER.user("lead")
    hub = SERVER.roles()["hub"]["pid"]

    def memory():
        text = pathlib.Path(f"/proc/{hub}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0])
    before = memory()
    stream = Stream(lead, "/events/stream", query="raw:*abcdef*", limit=10000,
                    **{"from": "2025-01-01T00:00:00Z"})
    stream.next()
    time.sleep(2)
    check(memory() - before < 24 * 1024, f"the hub grew from {before} to {memory()} KiB")
    lines = stream.until("foot")
    check(sum("event" in line for line in lines) >= 3000, "lines were lost")


@test("an export holds what was found, says what it left out, and an agency's only its own")
def _():
    agency = list(hosts())[0]
    reply = SERVER.user("agency", agency).post("/events/export", {"format": "csv", "query": "failed"})
    rows = list(csv.DictReader(io.StringIO(reply.bytes.decode("utf-8-sig"))))
    check(rows and {row["agency"] for row in rows} == {agency}, "others' lines in the file")
    check(json.loads(rows[0]["fields"])["src_ip"], "the fields")
    cut = SERVER.user("lead").post("/events/export", {"format": "jsonl", "query": "failed", "limit": 10})
    lines = [json.loads(line) for line in cut.bytes.decode().splitlines()]
    check(len(lines) == 11 and "not everything" in lines[-1]["cut"], f"{lines[-1]}")


if __name__ == "__main__":
    main()
