#!/usr/bin/env python3
"""How long shippers wait for their answers while the day before is packed.

The server's clock stands a day back (tests/chaos/fault.so) while yesterday's events come; then it is
today, the day is over, and the pipeline packs it while shippers send at half of what it took. Answers are
counted from the first packed block to the last."""
import argparse
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests/chaos")]
import bench_intake as intake  # noqa: E402
from fault import Fault  # noqa: E402

DAY = 86400
LIMIT = 250       # ms
ROUNDS = 12       # of the recorded events: a day that takes a while to pack
COMMAND = "bench/run --only packing"


class PackingWatch(threading.Thread):
    """Notes when the first and the last block of a day file were packed."""

    def __init__(self, file):
        super().__init__(daemon=True)
        self.file, self.first, self.last = file, None, None

    def run(self):
        while not self.last:
            with sqlite3.connect(f"file:{self.file}?mode=ro", uri=True) as day:
                kinds = dict(day.execute("SELECT kind, count(*) FROM block GROUP BY kind"))
            if kinds.get(3):
                self.first = self.first or time.monotonic()
                if set(kinds) == {3}:
                    self.last = time.monotonic()
            time.sleep(0.1)


def measure(haidang, build, lines):
    with tempfile.TemporaryDirectory(prefix="haidang-bench.") as folder:
        fault = Fault(pathlib.Path(folder), build / "tests/chaos/fault.so")

        class FormerServer(haidang.Server):
            @staticmethod
            def environment():
                return {**haidang.Server.environment(), **fault.environment()}

        fault.clock(-DAY)
        with FormerServer() as server:
            _, seconds = intake.ship(server, intake.bulks(lines, 500))
            intake.quiet(server.process.pid, lambda: intake.stored(server) >= len(lines))
            files = (server.data / "archive").glob("*.db")
            watch = PackingWatch(max(files, key=lambda file: file.stat().st_size))
            fault.clock(0)
            watch.start()
            answers = []
            while not watch.last:
                began = time.monotonic()
                took, _ = intake.ship(server, intake.bulks(lines[:2000], 500), rate=len(lines) / seconds / 2)
                if watch.first and began >= watch.first:
                    answers += took
    return sorted(answers), watch.last - watch.first


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build")
    options = parser.parse_args()
    haidang = intake.haidang_of(options.build)
    if not haidang:
        return None
    if not intake.WINDOWS.exists() or not shutil.which("zstd"):
        return intake.say(skipped=f"{intake.WINDOWS.name} or zstd is not there")
    subprocess.run(["ninja", "-C", options.build, "tests/chaos/fault.so", "--quiet"], cwd=ROOT,
                   stdout=sys.stderr, check=True)
    events = subprocess.run(["zstd", "-dqc", intake.WINDOWS], stdout=subprocess.PIPE, check=True).stdout
    answers, seconds = measure(haidang, (ROOT / options.build).resolve(), events.splitlines() * ROUNDS)
    if not answers:
        raise SystemExit("the day was packed before a shipper was answered")
    p99 = answers[len(answers) * 99 // 100] * 1000
    return intake.say(
        what=f"acknowledgement of _bulk (500), half load, a day is packed ({seconds:.0f} s), 99th percentile",
        figure=f"{p99:.0f} ms", beside="the limit set", peer=f"{LIMIT} ms", ratio=p99 / LIMIT, reach="≤ 1",
        command=COMMAND)


if __name__ == "__main__":
    main()
