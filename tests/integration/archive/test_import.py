#!/usr/bin/env python3
"""Events out of an archive and into another: export and import, as one types them."""
import json
import pathlib
import sqlite3
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from haidang import HAIDANG, Server, check, main, ssh_failure, test, wait_for  # noqa: E402

SOURCE = "so-tttt.cong.json"
server = Server(canary="{interval: 0s}")
out = server.place / "events.jsonl"


def export(*where):
    return server.cli("archive", "export", "*", *where).stdout


@test("while the server runs nothing is imported, and it is said why")
def _():
    token = server.token(SOURCE)
    check(server.post([{"message": f"dòng số {n}", "n": n, "tags": ["a", "b"], "deep": {"x": None}}
                       for n in range(40)], token).status == 200)
    server.syslog_tcp(ssh_failure("srv-web-02", "203.0.113.9", port=40000 + n) for n in range(5))
    wait_for("all lines", lambda: len(server.search("*", "--limit", "100")) == 45)
    server.cli("archive", "export", "*", "--out", out)
    check(len(out.read_text().splitlines()) == 45)
    refused = server.cli("archive", "import", out, expect=3)
    check("another process writes" in refused.stderr and "stop the server" in refused.stderr,
          refused.stderr)
    check("45" in server.cli("archive", "import", "--dry-run", out).stdout, "the preview needs no lock")


@test("a search whose budget ends says down to which time everything was read")
def _():
    done = server.cli("search", "*", "--limit", "100", "--budget-rows", "1")
    check("the budget ended (rows)" in done.stderr, done.stderr)
    check("everything newer than 2" in done.stderr, done.stderr)


@test("export, import into an empty archive, export: byte for byte the same")
def _():
    empty = server.place / "other"
    preview = server.cli("archive", "import", "--dry-run", "--json", "--archive", empty, out)
    check(json.loads(preview.stdout)["events"] == 45 and not empty.exists(), preview.stdout)
    done = json.loads(server.cli("archive", "import", "--json", "--archive", empty, out).stdout)
    check(done["events"] == 45 and done["stored"] and not done["renumbered"], done)
    check(export("--archive", empty) == out.read_text(), "the lines differ")
    server.cli("archive", "verify", "--archive", empty)
    server.cli("archive", "compact", "--archive", empty)
    check(export("--archive", empty) == out.read_text(), "compacting changed an event")
    check(all(path.stat().st_mode & 0o077 == 0 for path in empty.iterdir()), "others may read what was imported")
    server.cli("archive", "backup", "--archive", empty, server.place / "copied")
    check(all(path.stat().st_mode & 0o077 == 0 for path in (server.place / "copied").glob("*.db")),
          "others may read a copy")


@test("an export that finds no room says so, and leaves no half file")
def _():
    half = server.place / "half.jsonl"
    words = [str(HAIDANG), "archive", "export", "*", "--archive", str(server.place / "other")]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True)
    check(done.returncode == 3 and "No space left on device" in done.stderr, done.stderr)
    done = subprocess.run(["sh", "-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh", *words, "--out", str(half)],
                          stderr=subprocess.PIPE, text=True)
    check(done.returncode == 3 and "File too large" in done.stderr, done.stderr)
    check(not half.exists(), "half an export was left")


@test("a stopped server's archive takes what it does not have yet, and the audit log says so")
def _():
    server.stop()
    again = json.loads(server.cli("archive", "import", "--json", out).stdout)
    check(again["events"] == 0 and again["already"] == 45 and not again["stored"], again)
    lost = sorted((server.data / "archive").glob("*.db"))
    for path in lost:
        path.unlink()
        for end in ("-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
    done = json.loads(server.cli("archive", "import", "--json", out).stdout)
    check(done["events"] == 45 and done["stored"], done)
    with sqlite3.connect(server.data / "records/haidang.db") as db:
        rows = db.execute("SELECT detail FROM audit WHERE action = 'archive.import'").fetchall()
    check(len(rows) == 1 and json.loads(rows[0][0])["events"] == 45, rows)
    server.start()
    check(len(server.search("*", "--limit", "100")) == 45, "the server does not find them")
    server.stop()


@test("one wrong line is named by file and number, and nothing is stored")
def _():
    bad, empty = server.place / "bad.jsonl", server.place / "third"
    lines = out.read_text().splitlines()
    lines[30] = lines[30].replace('"raw"', '"Raw"')
    bad.write_text("\n".join(lines) + "\n")
    refused = server.cli("archive", "import", "--archive", empty, bad, expect=2)
    check(f"{bad}:31" in refused.stderr, refused.stderr)
    check(not list(empty.glob("*.db")) if empty.exists() else True, "something was stored")
    for wrong in ("/dev/null", server.place / "nothing.jsonl"):
        check(server.cli("archive", "import", "--archive", empty, wrong, expect=2).stderr, wrong)


@test("a back-up's day files come in whole, verified first")
def _():
    copy, empty = server.place / "copy", server.place / "fourth"
    server.cli("archive", "backup", copy)
    done = json.loads(server.cli("archive", "import", "--json", "--archive", empty, copy).stdout)
    check(done["events"] == 45 and done["days"] >= 1, done)
    check(export("--archive", empty) == export(), "the lines differ")
    day = sorted(copy.glob("*.db"))[0]
    with sqlite3.connect(day) as db:
        db.execute("UPDATE batch SET digest = zeroblob(32) WHERE id = 1")
    refused = server.cli("archive", "import", "--archive", server.place / "fifth", day, expect=2)
    check("not whole" in refused.stderr, refused.stderr)


if __name__ == "__main__":
    main()
