#!/usr/bin/env python3
"""A source that falls silent: its agency and the lead are told, the next event takes it back; nobody
is blamed for the time in which our own collector was down."""
import contextlib
import pathlib
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from haidang import check, main, test, wait_for  # noqa: E402
from senders import HTTP, Shifted  # noqa: E402


def cadence(server, seconds):
    with contextlib.closing(sqlite3.connect(server.data / "records/haidang.db", timeout=30)) as db:
        db.execute("UPDATE source SET cadence = ? WHERE key = ?", (seconds, HTTP))
        db.commit()


def silent(client):
    return [a for a in client.wanted("/alerts")["items"] if a["rule"] == "haidang.source_silent"]


@test("a silent source is told to its agency and the lead, to nobody else, and the next event closes it")
def _():
    with Shifted() as server:
        cadence(server, 3)
        server.take([{"message": "mot"}])
        server.folded(1)
        own, other = server.user("agency", "so-tttt"), server.user("agency", "so-yt")
        lead = server.user("lead")
        alert = wait_for("the alert", lambda: silent(own))[0]
        check(alert["state"] == "new" and alert["source"]["id"] == HTTP, alert)
        check(silent(lead) and not silent(other), "the wrong people are told")
        page = lead.wanted("/sources/" + HTTP)
        check(page["health"] == "silent" and page["silences"][0]["to"] is None, page)
        whole = lead.wanted(f"/alerts/{alert['id']}")
        check(whole["entity"] == HTTP and whole["can"], whole)
        cadence(server, 900)
        server.take([{"message": "hai"}])
        wait_for("the alert to be closed", lambda: silent(own)[0]["state"] == "closed")
        page = lead.wanted("/sources/" + HTTP)
        check(page["health"] == "heard" and page["silences"][0]["to"], page)


@test("while the server itself was down nobody fell silent")
def _():
    with Shifted() as server:
        server.take([{"message": "mot"}])
        server.folded(1)
        time.sleep(2.5)  # the pipeline says that it lives every two seconds
        server.restart(0.5)  # twelve hours later, as long as nothing was heard
        lead = server.user("lead")
        time.sleep(6)
        check(not silent(lead), silent(lead))
        check(lead.wanted("/sources/" + HTTP)["health"] == "unknown",
              lead.wanted("/sources/" + HTTP)["health"])


if __name__ == "__main__":
    main()
