"""senders - the smallest senders of each protocol that a health test needs, byte by byte."""
import contextlib
import json
import os
import pathlib
import socket
import struct

from haidang import HAIDANG, PATIENCE, Server, Skip, free_port


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
    if not path.exists():
        raise Skip("slow.so is not built")
    if b"__asan_init" in HAIDANG.read_bytes():
        raise Skip("a preloaded library does not go with the address sanitizer")
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
