#!/usr/bin/env python3
"""Damaged files of the archive: intake goes on at once, nothing is deleted, people are told."""
import contextlib
import datetime
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from haidang import Server, check, main, stamp, test, wait_for  # noqa: E402

SOURCE = "so-tttt.cong.json"


def today(server):
    """The day file that the HTTP source's events go to."""
    files = [f for f in (server.data / "archive").glob("*.db") if ".canary." not in f.name]
    return max(files, key=lambda f: f.stat().st_mtime)


def post(server, message):
    reply = server.post([{"time": stamp(), "message": message}], server.token(SOURCE))
    check(reply.status in (200, 503), f"POST /events was answered {reply}")
    return reply.status


def settled(file):
    """All that was written is in the file itself and not in its log."""
    with contextlib.closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def broken(file, at=0, size=8192):
    with open(file, "r+b") as out:
        out.seek(at)
        out.write(b"\xa5" * size)


def aside(server, why):
    return [f for f in (server.data / "archive").glob(f"*.db.{why}-*") if not f.name.endswith(("-wal", "-shm"))]


def told(server, words):
    """The page of the machine says so, and the lead has an alert of it."""
    def look():
        checks = {c["id"]: c for c in server.user("admin").wanted("/health")["checks"]}
        return words in checks["archive_files"]["sentence"] and checks["archive_files"]["state"] == "failed"
    wait_for(f"the machine's page to name {words}", look)
    alerts = server.user("lead").wanted("/alerts", rule="haidang.archive_damaged")["items"]
    check(any(words in json.dumps(alert) for alert in alerts), alerts)


def sudo_lines(server, number):
    """Lines that raise an alert."""
    server.syslog_tcp([f"<86>1 {stamp()} srv-web-02 sudo - - -   khach{number} : user NOT in sudoers ; "
                       f"TTY=pts/0 ; PWD=/tmp ; USER=root ; COMMAND=/usr/bin/id lan{number}"])


def matches(server):
    with contextlib.closing(sqlite3.connect(f"file:{server.data}/records/haidang.db?mode=ro", uri=True)) as db:
        return db.execute("SELECT count(*) FROM alert_match").fetchone()[0]


@test("yesterday's file cut short: the server starts and takes events, and says which file cannot be read")
def _():
    with Server() as server:
        check(post(server, "homtruoc") == 200)
        file = today(server)
        server.stop()
        settled(file)
        day = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
        old = file.with_name(f"{day:%Y%m%d}.{file.name.split('.', 1)[1]}")
        shutil.copy(file, old)
        os.truncate(old, 6000)
        server.start()
        wait_for("events to be taken", lambda: post(server, "homnay") == 200)
        wait_for("it to be found", lambda: server.search("homnay"))
        told(server, old.name)
        check(old.stat().st_size == 6000, "the damaged file was touched")


@test("today's file damaged under the running server: it is set aside, events and alerts go on")
def _():
    with Server() as server:
        sudo_lines(server, 1)
        wait_for("the first alert", lambda: matches(server) == 1)
        check(post(server, "truoc") == 200)
        files = [f for f in (server.data / "archive").glob("*.db") if ".canary." not in f.name]
        for file in files:
            settled(file)
            broken(file)
        os.kill(server.roles()["pipeline"]["pid"], signal.SIGKILL)
        wait_for("events to be taken", lambda: post(server, "sau") == 200)
        wait_for("them to be found", lambda: server.search("sau"))
        sudo_lines(server, 2)
        wait_for("the second alert", lambda: matches(server) == 2)
        check(len(aside(server, "damaged")) == len(files), aside(server, "damaged"))
        told(server, max(file.name for file in aside(server, "damaged")))
        gaps = server.data / "records" / "haidang.db"
        with contextlib.closing(sqlite3.connect(f"file:{gaps}?mode=ro", uri=True)) as db:
            check(db.execute("SELECT count(*) FROM collector_gap WHERE reason = "
                             "'a file of the archive was set aside'").fetchone()[0] == len(files))
        done = server.cli("archive", "verify", expect=1)
        check("set aside" in done.stdout and "goes on behind" in done.stdout, done.stdout)
        ids = [row["id"] for row in server.search("sau")]
        check(all(int(i.rsplit(".", 1)[1]) > 1000 for i in ids), ids)


@test("damage that the writer does not meet by itself is found within seconds")
def _():
    with Server() as server:
        check(post(server, "truoc") == 200)
        file = today(server)
        settled(file)
        broken(file, size=4096)
        wait_for("it to be set aside", lambda: aside(server, "damaged"))
        check(post(server, "sau") == 200)
        wait_for("it to be found", lambda: server.search("sau"))


@test("a file of another format is set aside, and what is new is found")
def _():
    with Server() as server:
        check(post(server, "truoc") == 200)
        file = today(server)
        server.stop()
        settled(file)
        with contextlib.closing(sqlite3.connect(file)) as db:
            db.execute("PRAGMA user_version = 4")
        server.start()
        check(post(server, "sau") == 200)
        wait_for("it to be found", lambda: server.search("sau"))
        check(len(aside(server, "format")) == 1, list((server.data / "archive").iterdir()))
        told(server, ".format-")


if __name__ == "__main__":
    main()
