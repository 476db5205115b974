#!/usr/bin/env python3
"""Slow, silent and hostile senders at every listener: others are served meanwhile, and memory stays bounded."""
import contextlib
import gzip
import pathlib
import resource
import socket
import ssl
import struct
import sys
import time
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from actors import FAILED, TOKEN, Sink, certificate, connected, in_folder, is_sshd  # noqa: E402
from haidang import Skip, check, main, test  # noqa: E402

LINE = f"<38>1 2026-11-24T07:31:02+07:00 web01 sshd 7 - - {FAILED}".encode()


def still_served(sink, protocol="tcp"):
    with connected(sink.port["tcp"]) as s:
        began = time.monotonic()
        s.sendall(LINE + b"\n")
        is_sshd(sink.next(), "syslog-tcp")
        check(time.monotonic() - began < 5, "an honest sender had to wait")


@test("2,000 idle connections: little memory each, an honest sender is served, and they still work")
@in_folder
def _(folder):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4500:
        raise Skip(f"this user may open {hard} files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (4500, hard))
    with Sink() as sink:
        before = sink.memory()
        idle = [connected(sink.port["tcp"]) for _ in range(2000)]
        still_served(sink)
        check(sink.memory() - before < 60, f"{before} MiB, then {sink.memory()} MiB")
        for connection in idle[::100]:
            connection.sendall(LINE + b"\n")
        for _ in idle[::100]:
            is_sshd(sink.next(), "syslog-tcp")
        for connection in idle:
            connection.close()
        still_served(sink)


@test("half a record, byte by byte, half a frame, half a handshake, half a request: nobody else waits")
@in_folder
def _(folder):
    cert, key = certificate(folder)
    halves = {"tcp": [b"<34>Nov", b"83 <34>1 ", b"9999999 <34>x"], "tls": [b"", b"\x16\x03\x01\x02\x00\x01"],
              "relp": [b"1 open 85", b"1 ", b"1 syslog 131072 x"], "lumberjack": [b"2", b"2W\0\0", b"2W\0\0\7\xd02C\0"],
              "http": [b"POST /events HTTP/1.1\r\nHost:", b"GET"]}
    with Sink("--certificate", cert, "--key", key) as sink:
        open_ones = []
        for name, texts in halves.items():
            for text in texts * 20:
                s = connected(sink.port[name])
                s.sendall(text)
                open_ones.append(s)
        still_served(sink)
        slow = connected(sink.port["tcp"])
        for byte in LINE[:60]:
            slow.sendall(bytes([byte]))
        still_served(sink)
        slow.sendall(LINE[60:] + b"\n")
        is_sshd(sink.next(), "syslog-tcp")
        with ssl.create_default_context(cafile=cert).wrap_socket(connected(sink.port["tls"]),
                                                                 server_hostname="localhost") as s:
            s.sendall(b"%d %s" % (len(LINE), LINE))
            is_sshd(sink.next(), "syslog-tls")
        sink.nothing_more()


def pour(port, pieces):
    """Sends until all is sent or the server closes; what it answered."""
    with connected(port) as s:
        s.settimeout(20)
        with contextlib.suppress(OSError):
            for piece in pieces:
                s.sendall(piece)
            s.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            return s.recv(4096)
    return b""


@test("frames that announce or are far too much: bounded memory, cut or closed, nothing invented")
def _():
    with Sink() as sink:
        before = sink.memory()
        pour(sink.port["tcp"], [b"9999999 <34>1 - h huge - - - "] + [b"x" * 65536] * 152 + [b"\n"])  # an honest giant
        pieces = []
        while sum(len(p["raw"]) for p in pieces) < 9961000:  # it left before all that it announced was sent
            pieces.append(sink.next())
        check(all(len(p["raw"]) <= 65536 for p in pieces) and pieces[0]["flags"] & 4, "pieces are cut and marked")
        pour(sink.port["tcp"], [b"no end " * 9000] * 100)
        while sink.next()["flags"] & 4:
            pass
        answer = pour(sink.port["relp"], [b"1 open 3 x=1\n2 syslog 99999999 ", b"x" * 100000])
        check(b"2 rsp" not in answer, answer)
        pour(sink.port["lumberjack"], [b"2W" + struct.pack(">I", 0xffffffff)])
        bomb = zlib.compress(b"\0" * 300_000_000, 9)
        pour(sink.port["lumberjack"], [b"2W\0\0\0\1" + b"2C" + struct.pack(">I", len(bomb)) + bomb] * 3)
        inner = zlib.compress(b"2C\0\0\0\x09" + b"x" * 9)
        pour(sink.port["lumberjack"], [b"2W\0\0\0\1" + b"2C" + struct.pack(">I", len(inner)) + inner])
        for body, encoding in ((gzip.compress(b"\n" * 400_000_000, 1), b"gzip"),):
            answer = pour(sink.port["http"], [
                b"POST /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Encoding: %s\r\n"
                b"Content-Length: %d\r\n\r\n" % (TOKEN.encode(), encoding, len(body)), body])
            check(b" 413 " in answer, answer[:200])
        answer = pour(sink.port["http"], [b"POST /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\n"
                                          b"Content-Length: 99999999999\r\n\r\n"])
        check(b" 413 " in answer, answer[:200])
        answer = pour(sink.port["http"], [b"GET / HTTP/1.1\r\n" + b"X-Long: " + b"y" * 200000 + b"\r\n\r\n"])
        check(b" 200 " not in answer, answer[:200])
        check(sink.memory() - before < 200, f"{before} MiB, then {sink.memory()} MiB")
        sink.nothing_more()
        still_served(sink)


@test("of connections that break off only some are told of in the log")
def _():
    with Sink() as sink:
        for _ in range(200):
            check(pour(sink.port["lumberjack"], [b"GET / HTTP/1.1\r\n\r\n"]) == b"", "nothing is answered")
        still_served(sink)
        told = [line for line in sink.said if "breaks the protocol" in line]
        check(0 < len(told) <= 41, f"{len(told)} lines")  # a minute may end meanwhile


@test("a sender that does not read its acknowledgements is dropped, not waited for")
def _():
    with Sink() as sink:
        with connected(sink.port["relp"]) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.settimeout(3)
            s.sendall(b"1 open 14 relp_version=0\n")
            sent = 0
            with contextlib.suppress(OSError):
                while sent < 150000:
                    s.sendall(b"".join(b"%d syslog 3 <1>\n" % (n % 999999998 + 2) for n in range(sent, sent + 1000)))
                    sent += 1000
        still_after = time.monotonic()
        with connected(sink.port["tcp"]) as honest:
            honest.sendall(LINE + b"\n")
            while sink.next()["protocol"] != "syslog-tcp":
                pass
        check(time.monotonic() - still_after < 20, "an honest sender had to wait")
        check(sink.memory() < 300, f"{sink.memory()} MiB")


if __name__ == "__main__":
    main()
