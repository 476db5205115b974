"""senders - the smallest senders of each protocol that a health test needs, byte by byte."""
import contextlib
import json
import os
import pathlib
import socket
import sqlite3
import struct
import time

from haidang import PATIENCE, Server, Skip, check, free_port, wait_for

HTTP = "so-tttt.cong.json"
DAY = 86400


class AllListeners(Server):
    """With RELP and Lumberjack besides; `disk(…)` makes its disk slow."""

    def __init__(self, *arguments, slow=False, **options):
        self.slow = slow
        super().__init__(*arguments, **options)

    def write_config(self, **changes):
        super().write_config(**changes)
        lines = ""
        for name in ("relp", "lumberjack"):
            self.ports.setdefault(name, free_port())
            lines += f"  {name}: 127.0.0.1:{self.ports[name]}\n"
        text = self.config.read_text(encoding="utf-8")
        self.config.write_text(text.replace("listen:\n", "listen:\n" + lines), encoding="utf-8")

    def environment(self):
        environment = Server.environment()
        if self.slow:
            environment["LD_PRELOAD"] = str(slow_library())
            # the sanitizer wants to be the first library, which only matters for what it replaces
            environment["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
            environment["HAIDANG_SLOW"] = str(self.place / "slow")
            (self.place / "slow").write_text("0\n")
        return environment

    def disk(self, how):
        """Milliseconds that each sync takes, or "eio"."""
        (self.place / "slow").write_text(f"{how}\n")

    def listeners(self):
        """By protocol, as the pipeline last told."""
        status = json.loads((self.data / "run" / "pipeline.json").read_text())
        return {row["protocol"]: row for row in status["listeners"]}

    def memory(self, role="pipeline"):
        """PSS in bytes."""
        with open(f"/proc/{self.roles()[role]['pid']}/smaps_rollup", encoding="ascii") as text:
            for line in text:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
        return 0


def slow_library():
    folder = os.environ.get("HAIDANG_BUILD")
    path = pathlib.Path(folder or "b") / "tests/integration/health/slow.so"
    check(path.exists(), f"{path} is not built")
    return path


def relp(port, lines):
    """Sends, and returns how many were answered 200."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as s:
        s.sendall(b"1 open 0\n")
        for number, line in enumerate(lines, 2):
            data = line.encode()
            s.sendall(b"%d syslog %d %s\n" % (number, len(data), data))
        s.sendall(b"%d close 0\n" % (len(lines) + 2))
        heard = b""
        with contextlib.suppress(ConnectionError):
            while b"serverclose" not in heard:
                piece = s.recv(65536)
                if not piece:
                    break
                heard += piece
    return heard.count(b"200 OK") - heard.count(b"relp_version")


def lumberjack(port, rows):
    """One window; returns the sequence acknowledged last."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as s:
        frames = b"2W" + struct.pack(">I", len(rows))
        for number, row in enumerate(rows, 1):
            data = json.dumps(row).encode()
            frames += b"2J" + struct.pack(">II", number, len(data)) + data
        s.sendall(frames)
        last, heard = 0, b""
        while last < len(rows):
            piece = s.recv(4096)
            if not piece:
                break
            heard += piece
            while len(heard) >= 6:
                last, heard = struct.unpack(">I", heard[2:6])[0], heard[6:]
    return last


class Shifted(Server):
    """Its clock stands `days` away from ours; no canary, so that its files hold what a test sent."""
    days = 0

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **{"canary": "{interval: 0s}", **options})

    def environment(self):
        return {**Server.environment(), "HAIDANG_CLOCK_SHIFT": str(int(self.days * DAY))}

    def restart(self, days):
        self.stop()
        self.days = days
        self.start()

    def take(self, rows):
        """Posts until they are taken: a server that starts says 503."""
        token = self.token(HTTP)
        return wait_for("the events to be taken", lambda: self.post(rows, token).status == 200)

    def lived(self, days, rows):
        """Took these rows so many days ago, and was stopped; its clock is ours again."""
        self.days = -days
        self.start()
        self.take(rows)
        self.folded(len(rows))
        self.stop()
        self.days = 0

    def files(self):
        return sorted(path.name for path in (self.data / "archive").glob("*.db")
                      if ".level-" in path.name)

    def cli(self, *arguments, **more):
        os.environ["HAIDANG_CLOCK_SHIFT"] = str(int(self.days * DAY))
        try:
            return super().cli(*arguments, **more)
        finally:
            del os.environ["HAIDANG_CLOCK_SHIFT"]

    def folded(self, count):
        def look():
            with contextlib.closing(sqlite3.connect(self.data / "records/haidang.db")) as db:
                return db.execute("SELECT coalesce(sum(stored), 0) FROM source_day WHERE source = ?",
                                  (HTTP,)).fetchone()[0] == count
        wait_for(f"{count} events in the records", look)


def shifts():
    """HAIDANG_CLOCK_SHIFT is of debug builds."""
    with Shifted(start=False) as probe:
        probe.days = -400
        probe.start()
        probe.take([{"a": 1}])
        if any(name.startswith(time.strftime("%Y%m%d", time.gmtime())) for name in probe.files()):
            raise Skip("the clock of this build cannot be shifted")
