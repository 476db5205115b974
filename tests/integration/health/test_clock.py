#!/usr/bin/env python3
"""Clocks: ours set back by a day, a sender's that is wrong or has no year; and what a reload takes."""
import json
import pathlib
import shutil
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from haidang import ROOT, Server, check, main, test, wait_for  # noqa: E402
from senders import Shifted, shifts  # noqa: E402


@test("our clock set back by a day: nothing is lost, every event is found, the archive stays whole")
def _():
    shifts()
    with Shifted() as server:
        server.take([{"message": "truoc"}] * 3)
        server.folded(3)
        server.restart(-1)
        server.take([{"message": "lui"}] * 4)
        server.folded(7)
        server.restart(0)
        server.take([{"message": "sau"}] * 5)
        server.folded(12)
        for word, count in (("truoc", 3), ("lui", 4), ("sau", 5)):
            found = server.search(word, "--limit", "100")
            check(len(found) == count, f"{word}: {len(found)}")
        check(len(server.files()) == 2, server.files())
        done = server.cli("archive", "verify", "--json", expect=0)
        check(all(json.loads(line)["whole"] for line in done.stdout.splitlines()), done.stdout)


@test("a sender's wrong clock: event and receipt time are both kept, the skew is shown and told")
def _():
    with Server(health="{skew: 60s}") as server:
        ahead = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        server.syslog_tcp([f"<13>1 {ahead} srv-web-01 thu - - - dong ho nhanh"])
        event = wait_for("the event", lambda: server.search("nhanh"))[0]
        check(event["time"].startswith(ahead[:19]) and not event["received"].startswith(ahead[:13]),
              event)
        source = server.user("lead").wanted("/sources/so-tttt.cong.web01")
        check(abs(source["skew_seconds"] - 3600) < 5, source["skew_seconds"])


@test("a device that writes no zone, and another than it is registered with, is seen by its skew")
def _():
    with Server() as server:
        utc = time.strftime("%b %e %H:%M:%S", time.gmtime())
        old = time.strftime("%b %e %H:%M:%S", time.gmtime(time.time() - 200 * 86400))  # no year: next year's
        server.syslog_tcp([f"<13>{old} srv-web-01 thu: dong cu", f"<13>{utc} srv-web-01 thu: khong co mui gio"])
        wait_for("the event", lambda: server.search("khong"))
        lead = server.user("lead")
        source = wait_for("its skew", lambda: (s := lead.wanted("/sources/so-tttt.cong.web01"))["skew_seconds"] and s)
        check(abs(source["skew_seconds"] + 7 * 3600) < 5, source["skew_seconds"])


@test("RFC 3164 has no year: around New Year it is the one that is nearest to the receipt")
def _():
    shifts()
    # our clock shortly behind New Year's midnight of next year, the line from before it
    now = time.time()
    year = time.gmtime(now).tm_year + 1
    midnight = time.mktime((year, 1, 1, 0, 0, 0, 0, 0, 0)) - time.timezone
    with Shifted(start=False) as server:
        server.days = (midnight - 7 * 3600 + 300 - now) / 86400  # 00:05 in Hanoi
        server.start()
        server.syslog_tcp(["<13>Dec 31 23:58:00 srv-web-01 thu: giao thua",
                           "<13>Jan  1 00:03:00 srv-web-01 thu: nam moi"])
        eve = wait_for("the eve", lambda: server.search("giao"))[0]
        morning = wait_for("the morning", lambda: server.search("moi"))[0]
        check(eve["time"].startswith(f"{year - 1}-12-31T16:58"), eve["time"])
        check(morning["time"].startswith(f"{year - 1}-12-31T17:03"), morning["time"])


@test("SIGHUP starts the pipeline anew when a decoder's contents differ, and only then")
def _():
    with Server(start=False) as server:
        decoders = server.place / "decoders"
        shutil.copytree(ROOT / "decoders", decoders)
        server.write_config(decoders=decoders)
        server.start()
        pid = server.roles()["pipeline"]["pid"]
        hub = server.roles()["hub"]["pid"]
        server.reload()
        server.wait_role("hub", other_than=hub)
        check(server.roles()["pipeline"]["pid"] == pid, "the pipeline was started anew for nothing")
        file = decoders / "cron.yaml"
        file.write_text(file.read_text() + "\n# another line\n")
        server.reload()
        server.wait_role("pipeline", other_than=pid)


if __name__ == "__main__":
    main()
