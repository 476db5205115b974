#!/usr/bin/env python3
"""Suricata's eve-log the three ways it can write it: a file that is rotated, a stream socket, a datagram socket.
The writer here does what its log-filetype code does (connect, one JSON object and LF a record; a datagram each;
reconnect when the reader was away)."""
import contextlib
import json
import os
import pathlib
import socket
import stat
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from actors import in_folder  # noqa: E402
from haidang import Server, check, main, test, wait_for  # noqa: E402

SOURCE = "so-tttt.ttdl.fw01"


def eve(number, mark):
    return json.dumps({"timestamp": f"2026-11-24T07:31:02.{number % 1000000:06d}+0700", "flow_id": number,
                       "event_type": "alert", "src_ip": "203.0.113.77", "src_port": 4022, "dest_ip": "10.20.0.5",
                       "dest_port": 443, "proto": "TCP", "host": mark, "alert": {
                           "action": "allowed", "signature_id": 2019401, "severity": 2,
                           "signature": "ET POLICY Vulnerable Java Version"}}).encode()


def all_found(server, mark, count):
    def look():
        rows = server.search(f'"{mark}"', "--limit", "100000")
        return rows if len({row["raw"] for row in rows}) >= count else None
    rows = wait_for(f"{count} records of {mark}", look)
    check(len({row["raw"] for row in rows}) == count, f"{len(rows)} records")
    check(all(row["source"] == SOURCE for row in rows), rows[0])
    return rows


def writer(path, kind):
    s = socket.socket(socket.AF_UNIX, kind)
    s.connect(str(path))
    return s


@test("eve-log by a stream and by a datagram socket: decoded as Suricata's, through a kill of the pipeline")
@in_folder
def _(folder):
    stream, datagram = folder / "eve.stream", folder / "eve.datagram"
    old = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)  # a socket left by somebody who was killed
    old.bind(str(stream))
    old.close()
    with Server(sockets=f"[{SOURCE} stream {stream}, {SOURCE} datagram {datagram}]") as server:
        check(stat.S_IMODE(os.stat(stream).st_mode) == 0o660, oct(os.stat(stream).st_mode))
        with writer(stream, socket.SOCK_STREAM) as s:
            data = b"".join(eve(i, "evestream") + b"\n" for i in range(500))
            for at in range(0, len(data), 7001):  # however the bytes are dealt out
                s.sendall(data[at:at + 7001])
            rows = all_found(server, "evestream", 500)
            check(rows[0]["decoder"] == "suricata", rows[0])
        with writer(datagram, socket.SOCK_DGRAM) as s:
            for i in range(200):
                s.send(eve(i, "evedatagram"))
            all_found(server, "evedatagram", 200)
            killed = server.kill("pipeline")
            for i in range(20):  # the supervisor holds the socket: they wait in the kernel
                with contextlib.suppress(BlockingIOError):
                    s.send(eve(i, "evewaited"), socket.MSG_DONTWAIT)
            server.wait_role("pipeline", other_than=killed)
            wait_for("what waited", lambda: len(server.search('"evewaited"')) >= 5)
        with writer(stream, socket.SOCK_STREAM) as s:
            s.sendall(eve(1, "eveagain"))  # no LF: it ends with the connection
        all_found(server, "eveagain", 1)


@test("what is no socket is not removed: the server says so and does not start")
@in_folder
def _(folder):
    path = folder / "important"
    path.write_text("keep me")
    server = Server(start=False, sockets=f"[{SOURCE} stream {path}]")
    server.start(wait=False)
    check(server.process.wait(timeout=20) != 0, "it started")
    check(path.read_text() == "keep me" and "cannot listen at" in server.log_tail(), server.log_tail())
    server.process = None
    server.remove()


@test("eve.json followed by name: logrotate's create and copytruncate, a restart of the server, no record twice")
def _():
    with tempfile.TemporaryDirectory(prefix="haidang-eve.") as folder:
        log = pathlib.Path(folder) / "eve.json"
        log.touch()
        with Server(files=f"[{SOURCE} {log}]") as server:
            number = 0

            def write(count):
                nonlocal number
                with log.open("ab") as file:
                    for _ in range(count):
                        file.write(eve(number, "evefile") + b"\n")
                        number += 1

            write(300)
            os.rename(log, f"{log}.1")  # create: the old one is written to until Suricata reopens
            with open(f"{log}.1", "ab") as file:
                file.write(eve(300, "evefile") + b"\n")
            number = 301
            log.touch()
            write(300)
            all_found(server, "evefile", number)
            with log.open("r+b") as file:  # copytruncate
                file.truncate(0)
            time.sleep(0.3)
            write(100)
            all_found(server, "evefile", number)
            time.sleep(1.5)  # what was stored is noted each second
            server.stop()
            write(50)
            os.rename(log, f"{log}.1")
            log.touch()
            write(50)
            server.start()
            rows = all_found(server, "evefile", number)
            check(len(rows) == number, f"{len(rows) - number} records came twice")


if __name__ == "__main__":
    main()
