#!/usr/bin/env python3
"""Memory of all processes: at rest, and while syslog comes in as fast as it is taken for a quarter of an hour.

The sum of the proportional set sizes (Pss) of the server and all that it started, looked at each second.
Rows as bench/run wants them."""
import argparse
import contextlib
import pathlib
import socket
import threading
import time

from bench_intake import family, haidang_of, quiet, say, stored, syslog_lines

COMMAND = "bench/run --only load_large"
LINES = 100000


def memory(root):
    """MB of the family."""
    total = 0
    for pid in family(root):
        with contextlib.suppress(OSError):
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1024


def pour(port, stream, until):
    """The same lines again and again; the server's window slows it."""
    with socket.create_connection(("127.0.0.1", port)) as out:
        while time.monotonic() < until:
            out.sendall(stream)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build")
    parser.add_argument("--minutes", type=float, default=15)
    options = parser.parse_args()
    haidang = haidang_of(options.build)
    if not haidang:
        return
    stream, seen = syslog_lines(LINES), []
    with haidang.Server() as server:
        quiet(server.process.pid)
        idle = memory(server.process.pid)
        until = time.monotonic() + options.minutes * 60
        senders = [threading.Thread(target=pour, args=(server.ports["syslog"], stream, until)) for _ in range(2)]
        began = time.monotonic()
        for sender in senders:
            sender.start()
        while any(sender.is_alive() for sender in senders):
            seen.append(memory(server.process.pid))
            time.sleep(1)
        rate = stored(server) / (time.monotonic() - began)
    seen.sort()
    say(what="memory of all processes at rest (Pss)", figure=f"{idle:.0f} MB", beside="the limit set", peer="150 MB",
        ratio=idle / 150, reach="≤ 1", command=COMMAND)
    say(what=f"the same, {options.minutes:g} minutes of {rate:.0f} events/s by the clock: the most "
             f"(half of the time under {seen[len(seen) // 2]:.0f} MB)",
        figure=f"{seen[-1]:.0f} MB", beside="the limit set", peer="512 MB", ratio=seen[-1] / 512, reach="≤ 1",
        command=COMMAND)


if __name__ == "__main__":
    main()
