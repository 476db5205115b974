#!/usr/bin/env python3
"""kill -9 at any moment: what was answered 200 is there, and every alert once."""
import collections
import contextlib
import http.client
import json
import pathlib
import sqlite3
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from haidang import Server, check, main, stamp, test, wait_for  # noqa: E402

SOURCE = "so-tttt.cong.json"


class Poster(threading.Thread):
    """Posts small batches until told to stop; notes which were answered 200, and their alerts."""

    def __init__(self, server, name):
        super().__init__(daemon=True)
        self.server, self.name = server, name
        self.token = server.token(SOURCE)
        self.acknowledged, self.alerts, self.refused = [], [], 0
        self.stopping = False

    def run(self):
        number = 0
        while not self.stopping:
            marks = [f"{self.name}-{number}-{i}" for i in range(5)]
            number += 1
            body = "".join(json.dumps({"time": stamp(), "message": "phep thu giet", "mark": mark}) + "\n"
                           for mark in marks) + alert_line("srv-web-02", f"{self.name}{number}") + "\n"
            try:
                reply = self.server.post(body, self.token)
            except (OSError, http.client.HTTPException):
                self.refused += 1  # killed in the middle: not acknowledged, may be stored or not
                time.sleep(0.05)
                continue
            if reply.status == 200:
                check(reply.json["accepted"] == 6, reply)
                check(len(reply.json["alerts"]) >= 1, f"no alert for the last line: {reply}")
                self.alerts += [(alert["event"], alert["rule"]) for alert in reply.json["alerts"]]
                self.acknowledged += marks
            else:
                self.refused += 1
                time.sleep(0.05)

    def end(self):
        self.stopping = True
        self.join(timeout=60)


def found_marks(server, name):
    found = server.search(f"mark:{name}-*", "--limit", "100000")
    return [row["fields"]["mark"] for row in found]


def alert_line(host, number):
    return (f"<86>1 {stamp()} {host} sudo - - -   khach{number} : user NOT in sudoers ; TTY=pts/0 ; "
            f"PWD=/tmp ; USER=root ; COMMAND=/usr/bin/id")


def rows(file, sql):
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        return db.execute(sql).fetchall()


def raised(server):
    """(event, rule) of each match that the records hold, as often as they hold it."""
    held = set(rows(server.data / "records/haidang.db", "SELECT day, class, sequence FROM alert_match"))
    for file in (server.data / "archive").glob("*.db"):
        if not rows(file, "SELECT 1 FROM sqlite_master WHERE name = 'alert'"):
            continue  # one that is being made
        day, name = file.name.split(".")[:2]
        for number, event, rule in rows(file, "SELECT id, event, rule FROM alert"):
            if (int(day), name, number) in held:
                yield f"{day}.{name}.{event}", rule


def hold_alerts(server, poster):
    """What an answer said was raised stands in the records, once."""
    check(poster.alerts, "no alert was raised")
    wait_for("the alerts that were answered", lambda: set(poster.alerts) <= set(raised(server)))
    stand = collections.Counter(raised(server))
    wrong = [alert for alert in poster.alerts if stand[alert] != 1]
    check(not wrong, f"{len(wrong)} of {len(poster.alerts)} alerts do not stand there once: {wrong[:3]}")


def kill_while_posting(role, times):
    with Server() as server:
        posters = [Poster(server, f"{role}{n}") for n in range(2)]
        for poster in posters:
            poster.start()
        for _ in range(times):
            before = sum(len(p.acknowledged) for p in posters)
            wait_for("some batches", lambda: sum(len(p.acknowledged) for p in posters) > before + 50)
            server.wait_role(role, other_than=server.kill(role))
        before = sum(len(p.acknowledged) for p in posters)
        wait_for("batches after the last kill",
                 lambda: sum(len(p.acknowledged) for p in posters) > before + 50)
        for poster in posters:
            poster.end()
        for poster in posters:
            found = found_marks(server, poster.name)
            missing = set(poster.acknowledged) - set(found)
            check(not missing, f"{len(missing)} of {len(poster.acknowledged)} acknowledged are missing")
            check(len(found) == len(set(found)), "an event is there twice")
            hold_alerts(server, poster)


@test("after kill -9 of the pipeline nothing acknowledged is missing, no event and no alert is there twice")
def _():
    kill_while_posting("pipeline", 3)


@test("kill -9 of the hub does not disturb the intake, and it comes back")
def _():
    kill_while_posting("hub", 2)


@test("kill -9 of the reader: the next search is answered")
def _():
    with Server() as server:
        lead = server.user("lead")
        lead.wanted("/events", query="")
        server.wait_role("reader", other_than=server.kill("reader"))
        wait_for("an answer", lambda: lead.get("/events", query="").status == 200)


@test("kill -9 of pipeline and hub in turn: each alert stands in the records once")
def _():
    with Server() as server:
        sent = 0
        for role in ("hub", "pipeline", "hub", "pipeline"):
            pid = server.roles()[role]["pid"]
            for _ in range(10):
                sent += 1
                server.syslog_tcp([alert_line("srv-web-02", sent)])
            wait_for("the lines to be stored", lambda: len(server.search(
                '"NOT in sudoers"', "--limit", "1000")) >= sent)
            server.kill(role)
            server.wait_role(role, other_than=pid)
            if role == "pipeline":
                wait_for("the listener", lambda: not server.syslog_tcp([]))
        lead = server.user("lead")

        def all_folded():
            page = lead.wanted("/alerts", limit=1000)
            return [a for a in page["items"] if "khach" in json.dumps(a)] and \
                page["matches"] == sent and page
        page = wait_for("every match", all_folded)
        with sqlite3.connect(f"file:{server.data}/records/haidang.db?mode=ro", uri=True) as db:
            twice = db.execute("SELECT count(*) - count(DISTINCT day || class || sequence) "
                               "FROM alert_match").fetchone()[0]
        check(twice == 0, f"{twice} matches are there twice")
        check(page["matches"] == sent, page["matches"])


@test("kill -9 of the supervisor takes its roles along, and the next start goes on")
def _():
    with Server() as server:
        server.syslog_tcp([f"<13>1 {stamp()} srv-web-01 thu - - - truoc-khi-chet"])
        wait_for("the line", lambda: server.search("truoc-khi-chet"))
        pids = [role["pid"] for role in server.roles().values() if role["pid"]]
        server.process.kill()
        server.process.wait()

        def gone():
            return all(not alive(pid) for pid in pids)
        wait_for("the roles to end", gone)
        server.start()
        check(server.search("truoc-khi-chet"), "the line is gone")


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


if __name__ == "__main__":
    main()
