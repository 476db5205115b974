#!/usr/bin/env python3
"""A back-up taken under load, and a server started on it: it says the same of plan, alerts and events,
and goes on."""
import os
import pathlib
import shutil
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from haidang import Server, check, main, ssh_failure, test, wait_for  # noqa: E402

ATTACKER = "203.0.113.99"
SOURCE = "so-tttt.cong.json"
server = Server(canary="{interval: 0s}")
copy = server.place / "backup"


def standing(client):
    """How many cells of the plan's matrix stand how."""
    return client.wanted("/plan/matrix")["counts"]


@test("while events come the back-up is taken, twice; the second costs today's file only")
def _():
    token = server.token(SOURCE)
    server.syslog_tcp(ssh_failure("srv-web-02", ATTACKER, port=40000 + i, ago=20 - i)
                      for i in range(20))
    lead = server.user("lead")
    alert = wait_for("the alert", lambda: [a for a in lead.wanted("/alerts")["items"]
                                           if ATTACKER in (a["entity"] or "")])[0]
    lead.post(f"/alerts/{alert['id']}/escalate", {"severity": "high"})
    going, sent = threading.Event(), []

    def send():
        while not going.is_set():
            if server.post([{"message": f"song {len(sent)}"}], token).status == 200:
                sent.append(len(sent))
    sender = threading.Thread(target=send)
    sender.start()
    try:
        wait_for("some events", lambda: len(sent) > 20)
        server.cli("backup", copy)
        before = len(sent)
        server.cli("backup", copy)
        check(before > 20, "nothing was sent meanwhile")
    finally:
        going.set()
        sender.join()
    for name in ("records/haidang.db", "archive", "secrets/archive.key", "secrets/first-login"):
        check((copy / name).exists(), f"{name} is not in the back-up")
    check(copy.stat().st_mode & 0o077 == 0 and
          (copy / "secrets/archive.key").stat().st_mode & 0o077 == 0, "others may read it")
    server.cli("archive", "verify", "--archive", copy / "archive")


@test("files set aside come along with their logs and digests, once; one that cannot be read stops nothing else")
def _():
    archive, there = server.data / "archive", copy / "archive"
    name = "20250105.standard.db.damaged-99"
    (archive / name).write_bytes(os.urandom(700_000))
    (archive / f"{name}-wal").write_bytes(os.urandom(5000))
    (archive / f"{name}-shm").write_bytes(b"nothing")
    said = server.cli("backup", copy).stderr
    check("1 set aside" in said, said)
    for end in ("", "-wal"):
        check((there / (name + end)).read_bytes() == (archive / (name + end)).read_bytes(), "the copy differs")
    check(not (there / f"{name}-shm").exists(), "an index is copied")
    done = subprocess.run(["sha256sum", "-c", "aside.sha256"], cwd=there, capture_output=True, text=True)
    check(done.returncode == 0 and done.stdout.count(": OK") == 2, done.stdout + done.stderr)
    before = (there / name).stat().st_ino
    (archive / f"{name}-wal").unlink()                           # what is gone here stays there
    (archive / "20250106.standard.db.format-7").mkdir()          # as good as a file that gives no bytes
    failed = server.cli("backup", copy, expect=None)
    check(failed.returncode == 3 and "20250106.standard.db.format-7" in failed.stderr and
          "1 set aside" in failed.stderr and "cannot be read" in failed.stderr, failed.stderr)
    check((there / name).stat().st_ino == before, "it was copied again")
    done = subprocess.run(["sha256sum", "-c", "aside.sha256"], cwd=there, capture_output=True, text=True)
    check(done.returncode == 0 and done.stdout.count(": OK") == 2, done.stdout + done.stderr)
    for one in (archive, there):                                 # the next case wants a whole archive
        for path in one.glob("2025010*"):
            path.rmdir() if path.is_dir() else path.unlink()


@test("a server started on a back-up says the same, lets the same people in, and goes on")
def _():
    server.stop()
    server.cli("backup", copy)  # what it holds now stands still
    server.start()
    lead = server.user("lead")
    said = standing(lead), lead.wanted("/alerts")["total"], lead.wanted("/incidents")["total"]
    found = sorted(e["id"] + e["raw"] for e in server.search("*", "--limit", "100000"))
    server.stop()

    other = Server(start=False, canary="{interval: 0s}")
    shutil.copytree(copy, other.data, copy_function=shutil.copy2)
    other.passwords = dict(server.passwords)
    other.start()
    lead = other.user("lead")
    check(sorted(e["id"] + e["raw"] for e in other.search("*", "--limit", "100000")) == found,
          "the search finds something else")
    now = standing(lead), lead.wanted("/alerts")["total"], lead.wanted("/incidents")["total"]
    check(now == said, f"{now} and not {said}")
    other_token = other.token(SOURCE)
    wait_for("it to take events", lambda: other.post([{"message": "di tiep"}], other_token).status == 200)
    wait_for("the event", lambda: other.search("tiep"))
    other.cli("archive", "verify")


if __name__ == "__main__":
    main()
