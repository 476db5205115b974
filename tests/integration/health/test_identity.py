#!/usr/bin/env python3
"""received = stored + repeated + quarantined + refused: by every protocol, under load, with a slow
disk; and memory stays bounded while the sender is slowed."""
import contextlib
import json
import pathlib
import socket
import sqlite3
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from haidang import check, main, stamp, test, wait_for  # noqa: E402
from senders import AllListeners, lumberjack, relp  # noqa: E402

HTTP = "so-tttt.cong.json"
ADDS_UP = ("stored", "repeated", "quarantined", "refused")


def sums(server, source):
    with contextlib.closing(sqlite3.connect(server.data / "records/haidang.db")) as db:
        row = db.execute("SELECT sum(received), sum(stored), sum(repeated), sum(quarantined), "
                         "sum(refused) FROM source_day WHERE source = ?", (source,)).fetchone()
    return dict(zip(("received", *ADDS_UP), (n or 0 for n in row)))


def at_rest(server):
    """The listeners, once nothing waits."""
    def look():
        rows = server.listeners()
        for name, row in rows.items():
            waiting = row["waiting"]
            check(row["received"] == sum(row[k] for k in ADDS_UP) + waiting,
                  f"{name} does not add up: {row}")
        return rows if all(row["waiting"] == 0 for row in rows.values()) else None
    return wait_for("everything to be stored", look)


@test("by every protocol at once all that was received is stored, repeated, quarantined or refused")
def _():
    with AllListeners(canary="{interval: 0s}") as server:
        token = server.token(HTTP)
        known = f"<13>1 {stamp()} srv-web-01 thu - - - dong"
        calls = [
            lambda: server.syslog_tcp([f"{known} tcp {i}" for i in range(3000)], octets=True),
            lambda: server.syslog_tcp([f"<13>1 {stamp()} nguoi-la thu - - - {i}" for i in range(500)]),
            lambda: server.syslog_udp([f"{known} udp {i}" for i in range(300)]),
            lambda: relp(server.ports["relp"], [f"{known} relp {i}" for i in range(1000)]),
            lambda: lumberjack(server.ports["lumberjack"], [{"n": i} for i in range(700)]),
            lambda: [server.post([{"n": i} for i in range(200)], token) for _ in range(5)],
            lambda: [server.post([{"n": 1}], "sai") for _ in range(7)],
        ]
        threads = [threading.Thread(target=call) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rows = wait_for("all datagrams", lambda: (r := at_rest(server))["syslog-udp"]["received"] +
                        r["syslog-udp"]["dropped"] >= 300 and r)
        check(rows["syslog-tcp"]["received"] == 3500, rows["syslog-tcp"])
        check(rows["relp"]["received"] == 1000 and rows["lumberjack"]["received"] == 700, rows)
        check(rows["http"]["stored"] == 1000 and rows["http"]["refused"] == 7, rows["http"])
        total = sum(row["received"] for row in rows.values())

        def folded():
            with contextlib.closing(sqlite3.connect(server.data / "records/haidang.db")) as db:
                all_sources = [s for s, in db.execute("SELECT DISTINCT source FROM source_day "
                                                      "WHERE source NOT LIKE 'haidang.%'")]
            each = {source: sums(server, source) for source in all_sources}
            for source, of in each.items():
                check(of["received"] == sum(of[k] for k in ADDS_UP), f"{source}: {of}")
            return each if sum(of["received"] for of in each.values()) == total else None
        each = wait_for("the counts in the records", folded)
        check(each[""]["refused"] == 7, each[""])
        check(each[HTTP] == {"received": 1000, "stored": 1000, "repeated": 0, "quarantined": 0,
                             "refused": 0}, each[HTTP])
        told = server.user("lead").wanted("/sources/" + HTTP)["sums"]
        check(told == each[HTTP], told)
        machine = {row["protocol"]: row for row in server.user("admin").wanted("/health")["listeners"]}
        for name, row in machine.items():
            check(row["received"] == sum(row[k] for k in ADDS_UP) + row["waiting"], row)


@test("a batch sent again under its mark counts as repeated")
def _():
    with AllListeners() as server:
        token = server.token(HTTP)
        import http.client
        faces = [("/events", b'{"a":1}\n{"a":2}\n', "mot"),
                 ("/_bulk", b'{"create":{}}\n{"a":1}\n{"create":{}}\n{"a":2}\n', "hai"),
                 ("/services/collector/event", b'{"event":"a"}{"event":"b"}', "ba")]
        for path, body, mark in faces * 3:
            connection = http.client.HTTPConnection("127.0.0.1", server.ports["http"], timeout=60)
            with contextlib.closing(connection):
                connection.request("POST", path, body, {
                    "Authorization": f"Bearer {token}", "X-Batch-Id": mark})
                check(connection.getresponse().status == 200)
        wait_for("the repeats", lambda: sums(server, HTTP) == {
            "received": 18, "stored": 6, "repeated": 12, "quarantined": 0, "refused": 0})
        server.kill("pipeline")
        for path, body, mark in faces:
            def again():
                connection = http.client.HTTPConnection("127.0.0.1", server.ports["http"], timeout=60)
                with contextlib.closing(connection):
                    connection.request("POST", path, body, {
                        "Authorization": f"Bearer {token}", "X-Batch-Id": mark})
                    return connection.getresponse().status == 200
            wait_for(f"{path} after the kill", again)
        wait_for("the repeats after the kill", lambda: sums(server, HTTP) == {
            "received": 24, "stored": 6, "repeated": 18, "quarantined": 0, "refused": 0})


@test("a slow disk slows the senders; HTTP is told 429 before anything is stored; memory stays bounded")
def _():
    with AllListeners(slow=True, canary="{interval: 0s}") as server:
        token = server.token(HTTP)
        check(server.post([{"mark": "dau"}], token).status == 200)
        before = server.memory()
        server.disk(400)
        sent, statuses, until = [0], [], time.monotonic() + 4

        def going():
            """Four seconds, and on a busy machine until the first refusal."""
            now = time.monotonic()
            return now < until or (429 not in statuses and now < until + 40)
        line = (f"<13>1 {stamp()} srv-web-01 thu - - - " + "x" * 900 + "\n").encode()

        def stream():
            with socket.create_connection(("127.0.0.1", server.ports["syslog"])) as s:
                s.settimeout(0.2)
                block = memoryview(line * 100)
                at = 0
                while going():
                    with contextlib.suppress(TimeoutError):
                        n = s.send(block[at % len(block):])
                        at += n
                s.settimeout(60)
                if at % len(line):
                    s.sendall(line[at % len(line):])
                    at += len(line) - at % len(line)
                sent[0] += at // len(line)

        def post():
            body = "".join(json.dumps({"n": i, "t": "y" * 1000}) + "\n" for i in range(3000))
            while going():
                statuses.append(server.post(body, token).status)

        most = 0
        threads = [threading.Thread(target=f) for f in (stream, stream, stream, post, post, post)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            most = max(most, server.memory())
            time.sleep(0.1)
            if not going():
                server.disk(0)
        for thread in threads:
            thread.join()
        rows = at_rest(server)
        check(429 in statuses, f"never told to wait: {sorted(set(statuses))}")
        check(set(statuses) <= {200, 429}, sorted(set(statuses)))
        check(rows["syslog-tcp"]["received"] == sent[0],
              f"{rows['syslog-tcp']['received']} of {sent[0]} lines arrived")
        check(rows["http"]["stored"] == 1 + 3000 * statuses.count(200), rows["http"])
        check(most < 400 << 20, f"{most >> 20} MiB at most, {before >> 20} before")
        print(f"# {most >> 20} MiB at most, {before >> 20} MiB before; {sent[0] >> 10} MiB over TCP; "
              f"{statuses.count(429)} of {len(statuses)} posts were told to wait", flush=True)


if __name__ == "__main__":
    main()
