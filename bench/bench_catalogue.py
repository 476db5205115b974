#!/usr/bin/env python3
"""A full archive: the catalogue of 1 TB of stored blocks, forged (rows of blocks without their bytes), and
on it the start of a server, a search of the last hour, and one that must pass every block by.

Rows as bench/run wants them."""
import argparse
import datetime
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
COMMAND = "bench/run --only catalogue"
BLOCKS = 3_000_000                       # of about 350 KB stored, 16 MiB of text
DAYS, CLASSES = 330, ("standard", "level-2", "level-3")
STORED, TEXT, EVENTS = 350_000, 16 << 20, 60_000


def template(haidang, folder):
    """A day file as the program makes it, with one event."""
    lines, archive = folder / "one.jsonl", folder / "template"
    lines.write_text(json.dumps({
        "id": "20200101.standard.1", "time": "2020-01-01T00:00:00Z", "received": "2020-01-01T00:00:00Z",
        "source": "a.b.c", "system": "a.b", "agency": "a", "raw": "one line"}) + "\n")
    subprocess.run([haidang, "archive", "import", "--archive", archive, lines], check=True,
                   stdout=subprocess.DEVNULL)
    return archive / "20200101.standard.db"


def forge(path, source, day, blocks):
    """The file with that many blocks over its day; what they hold is missing."""
    shutil.copyfile(source, path)
    begin = int(day.timestamp()) * 10**9
    step = 86400 * 10**9 // blocks
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("DELETE FROM block")
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)"
            " INSERT INTO block SELECT i, 3, ?2, (i - 1) * ?2 + 1, i * ?2, ?3 + (i - 1) * ?4,"
            " ?3 + i * ?4 - 1, ?5, ?6, x'01000000' FROM n",
            (blocks, EVENTS, begin, step, TEXT, STORED))


def fill(archive, source):
    archive.mkdir(parents=True)
    today = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0,
                                                                 microsecond=0)
    each = BLOCKS // (DAYS * len(CLASSES))
    for back in range(1, DAYS + 1):
        day = today - datetime.timedelta(days=back)
        for name in CLASSES:
            forge(archive / f"{day:%Y%m%d}.{name}.db", source, day, each)
    return each * DAYS * len(CLASSES)


def search(haidang, archive, *words):
    """CPU seconds, MB of memory at most, and the foot that it printed."""
    child = subprocess.Popen([haidang, "search", *words, "--archive", archive, "--language", "en"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    foot = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        sys.exit(f"the search ended with {child.returncode}: {foot}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, foot


def row(what, figure, limit, ratio, **more):
    print(json.dumps({"what": what, "figure": figure, "beside": "the limit set", "peer": limit,
                      "ratio": round(ratio, 3), **more, "command": COMMAND}, ensure_ascii=False),
          flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build")
    options = parser.parse_args()
    haidang = ROOT / options.build / "haidang"
    os.environ["HAIDANG"] = str(haidang)
    sys.path.insert(0, str(ROOT / "tests/integration"))
    from haidang import Server
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        server = Server(data=folder / "var", start=False)
        blocks = fill(server.data / "archive", template(haidang, folder))
        full = f"{blocks * STORED / 1e12:.1f} TB, {blocks / 1e6:.1f} million blocks in " \
               f"{DAYS * len(CLASSES)} day files"
        begun = time.monotonic()
        server.start()
        seconds = time.monotonic() - begun
        server.remove()
        row(f"start with a full archive ({full})", f"{seconds:.2f} s", "5 s", seconds / 5, reach="≤ 1")
        seconds, _, _ = search(haidang, server.data / "archive", "absent", "--from", "-1h")
        # each file is asked for its summary: what that costs, nothing to be reached
        row("search the last hour of it", f"{seconds:.2f} s CPU", "1 s", seconds)
        seconds, memory, foot = search(haidang, server.data / "archive", "source:none")
        assert f"0 of {blocks}" in foot, foot
        row(f"pass every block of it by ({seconds:.1f} s CPU): memory", f"{memory:.0f} MB", "256 MB",
            memory / 256, reach="≤ 1")


if __name__ == "__main__":
    main()
