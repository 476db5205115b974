#!/usr/bin/env python3
"""The server signs the head of each day that is over, by itself, with a key that the archive's writer
cannot read; `archive verify` holds the signatures."""
import json
import pathlib
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "health"))
from haidang import check, main, test, wait_for  # noqa: E402
from senders import Shifted, shifts  # noqa: E402


def verified(server, *where, expect=0):
    done = server.cli("archive", "verify", "--json", *where, expect=expect)
    return {row["file"]: row for row in map(json.loads, done.stdout.splitlines()) if ".level-" in row["file"]}


@test("a day that is over is signed without anybody's doing; today's is not; late batches are signed too")
def _():
    shifts()
    with Shifted(start=False, canary="{interval: 0s}") as server:
        heads = server.data / "heads/heads.jsonl"
        server.days = -2
        server.start()
        server.take([{"message": "hom kia"}])
        server.folded(1)
        server.restart(0)
        server.take([{"message": "hom nay"}])
        wait_for("a signed head", lambda: heads.exists() and heads.read_text())
        rows = verified(server)
        old, new = sorted(rows)
        check(rows[old]["signature"] == "signed" and rows[new]["signature"] == "unsigned", rows)
        check((server.data / "secrets/archive.key").stat().st_mode & 0o777 == 0o600, "the key is open")
        wait_for("the finished day to stand alone", lambda: not [
            end for end in ("-wal", "-shm") if (server.data / "archive" / (old + end)).exists()])
        lines = heads.read_text().splitlines()
        check(len(lines) == 1 and json.loads(lines[0])["file"] == old, lines)

        copy = server.place / "copy"
        server.cli("archive", "backup", copy)
        key = server.data / "secrets/archive.key.pub"
        check(verified(server, "--archive", copy, "--key", key)[old]["signature"] == "signed",
              "the back-up has no signed heads")
        server.stop()

        server.days = -2  # a batch that came late, behind what was signed
        server.start()
        server.take([{"message": "den muon"}])
        server.stop()
        check(verified(server)[old]["signature"] == "grown", "it does not tell that the day grew")
        server.days = 0
        server.start()
        wait_for("its second line", lambda: heads.read_text().count(old) == 2)
        check(verified(server)[old]["signature"] == "signed", "it is not signed anew")
        server.stop()

        with sqlite3.connect(server.data / "archive" / old) as db:
            db.execute("DELETE FROM batch WHERE id = 2")
        check(verified(server, expect=1)[old]["signature"] == "changed", "a removed batch is not seen")
        (server.data / "archive" / old).unlink()
        check(verified(server, expect=1)[old].get("missing"), "a removed day is not seen")


@test("where another key signs the server keeps off, and says so once")
def _():
    shifts()
    with Shifted(start=False, canary="{interval: 0s}") as server:
        server.lived(3, [{"message": "mot"}])
        server.cli("archive", "sign", "--key", server.place / "own.key")
        heads = server.data / "heads/heads.jsonl"
        before = heads.read_text()
        server.start()
        wait_for("the server to say it", lambda: "not all made with this key" in server.log_tail(200))
        check(heads.read_text() == before, "it signed all the same")


if __name__ == "__main__":
    main()
