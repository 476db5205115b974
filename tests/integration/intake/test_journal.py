#!/usr/bin/env python3
"""systemd-journal-upload, the real program, sends a journal that the test has recorded."""
import contextlib
import http.client
import json
import pathlib
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from actors import FAILED, TOKEN, ListeningServer, Sink, all_of, in_folder, is_sshd, tool  # noqa: E402
from haidang import check, main, test, wait_for  # noqa: E402

BOOT, MACHINE = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"


def field(name, value):
    """Text, or with its length where it holds a line feed or other bytes."""
    value = value.encode() if isinstance(value, str) else value
    if value.isascii() and value.decode().isprintable():
        return name.encode() + b"=" + value + b"\n"
    return name.encode() + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"


def entry(number, message, program="many", **more):
    at = 1795480262_000000 + number * 1000
    fields = {"__REALTIME_TIMESTAMP": str(at), "__MONOTONIC_TIMESTAMP": str(1000000 + number * 1000), "_BOOT_ID": BOOT,
              "_MACHINE_ID": MACHINE, "_HOSTNAME": "web01", "SYSLOG_IDENTIFIER": program, "_PID": "77",
              "PRIORITY": "6", "MESSAGE": message, **more}
    return b"".join(field(name, value) for name, value in fields.items()) + b"\n"


def record(folder, entries):
    """A journal file, written by systemd's own program."""
    journal = folder / "recorded.journal"
    subprocess.run([tool("systemd-journal-remote"), "-o", journal, "-"], input=b"".join(entries), check=True,
                   capture_output=True)
    return journal


def journal(name, numbers, text="dong", first_seqnum=1):
    """Entries with the cursors of the journal of that name, one number after the other."""
    return b"".join(entry(i, f"{text} so {i}", __CURSOR=f"s={name * 32};i={first_seqnum + i:x};b={BOOT};m={i:x};t={i:x};x=0")
                    for i in numbers)


def post(port, body, token=TOKEN):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        connection.request("POST", "/upload", body, {"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


class Deaf:
    """Stands between sender and server: hands on what is sent, and lets no answer through."""

    def __init__(self, port):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port, self.to = self.listening.getsockname()[1], port
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                sender, _ = self.listening.accept()
                with sender, socket.create_connection(("127.0.0.1", self.to)) as server:
                    threading.Thread(target=self.hand_on, args=(sender, server), daemon=True).start()
                    heard = b""
                    while b" 200 " not in heard:  # all is stored: then the line is cut
                        heard += server.recv(4096) or b" 200 "
                    sender.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def hand_on(sender, server):
        with contextlib.suppress(OSError):
            while data := sender.recv(65536):
                server.sendall(data)


def account(server, source):
    """What the records know of that source: received, stored, repeated, and the rest."""
    with contextlib.closing(sqlite3.connect(server.data / "records/haidang.db")) as db:
        return db.execute("SELECT ifnull(sum(received), 0), ifnull(sum(stored), 0), ifnull(sum(repeated), 0),"
                          " ifnull(sum(quarantined + refused), 0) FROM source_day WHERE source = ?", (source,)).fetchone()


def upload(port, journal, token=TOKEN, state=None):
    command = [tool("systemd-journal-upload"), f"--url=http://x:{token}@127.0.0.1:{port}", f"--file={journal}", "--follow=no"]
    return subprocess.run(command + ([f"--save-state={state}"] if state else []), capture_output=True, text=True,
                          timeout=60)


@test("systemd-journal-upload: its entries, with line feeds and bytes, are decoded as those of their programs")
@in_folder
def _(folder):
    entries = [entry(0, FAILED, "sshd", _TRANSPORT="syslog"), entry(1, "dong mot\ndong hai", "app"),
               entry(2, "cảnh báo: hết chỗ", "app"), entry(3, b"byte \xf0\xe1 sai", "app")]
    entries += [entry(i + 4, f"dong so {i}") for i in range(4000)]
    journal = record(folder, entries)
    with Sink() as sink:
        done = upload(sink.port["http"], journal)
        check(done.returncode == 0, done.stderr)
        events = sink.take(4004)
        first = events[0]
        check(first["decoder"] == "sshd" and first["protocol"] == "journal" and first["source"] == "so-tttt.api", first)
        check(first["fields"]["src_ip"] == "203.0.113.77" and first["fields"]["host"] == "web01", first)
        check(first["time"] == 1795480262, first)
        check(json.loads(events[1]["raw"])["MESSAGE"] == "dong mot\ndong hai", events[1])
        check(json.loads(events[2]["raw"])["MESSAGE"] == "cảnh báo: hết chỗ", events[2])
        check("byte" in json.loads(events[3]["raw"])["MESSAGE"], events[3])
        all_of([{"raw": e["fields"]["message"]} for e in events[4:]], 4000)


@test("a wrong token ends the upload with an error, and nothing is taken")
@in_folder
def _(folder):
    journal = record(folder, [entry(0, "khong")])
    with Sink() as sink:
        done = upload(sink.port["http"], journal, token="wrong")
        check(done.returncode != 0 and "401" in done.stderr, done.stderr)
        sink.nothing_more()


@test("a sender that leaves in the midst of its upload harms nobody; 40 MB in one body are taken in little memory")
@in_folder
def _(folder):
    big = b"".join(entry(i, "x" * 4000 + f" {i}") for i in range(10000))
    head = (b"POST /upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + TOKEN.encode() +
            b"\r\nContent-Type: application/vnd.fdo.journal\r\nTransfer-Encoding: chunked\r\n\r\n")

    def chunks(data, size=60000):
        for at in range(0, len(data), size):
            part = data[at:at + size]
            yield b"%x\r\n%s\r\n" % (len(part), part)

    with Sink() as sink:
        with socket.create_connection(("127.0.0.1", sink.port["http"])) as s:
            s.sendall(head + b"".join(chunks(b"".join(entry(i, f"dong {i}") for i in range(3000)))))
            time.sleep(0.2)  # no last chunk: it just leaves
        before = sink.memory()
        with socket.create_connection(("127.0.0.1", sink.port["http"]), timeout=60) as s:
            s.sendall(head)
            for chunk in chunks(big):
                s.sendall(chunk)
            s.sendall(b"0\r\n\r\n")
            answer = s.recv(4096)
        check(b" 200 " in answer and b"OK, 10000 entries." in answer, answer)
        wait_for("all its entries", lambda: sink.events.qsize() >= 10000)
        check(sink.memory() < before + 150, f"{before} MiB before, {sink.memory()} MiB now")


@test("what was not answered is sent again: the journal arrives whole though the pipeline is killed")
@in_folder
def _(folder):
    journal = record(folder, [entry(i, f"nhat ky so {i}", "journalkill") for i in range(3000)])
    with ListeningServer() as server:
        token, state = server.token("so-tttt.cong.json"), folder / "state"
        sender = subprocess.Popen([tool("systemd-journal-upload"), "--follow=no", f"--file={journal}", f"--save-state={state}",
                                   f"--url=http://x:{token}@127.0.0.1:{server.ports['http']}"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        killed = server.kill("pipeline")
        status = sender.wait(timeout=30)
        server.wait_role("pipeline", other_than=killed)
        if status:  # as systemd does: started again
            wait_for("a finished upload", lambda: upload(server.ports["http"], journal, token, state).returncode == 0, 30)
        rows = wait_for("all entries", lambda: (r := server.search("program:journalkill", "--limit", "9999")) and
                        len({row["raw"] for row in r}) >= 3000 and r)
        check(len(rows) == 3000, f"{len(rows)}")


@test("entries sent again after the answer was lost are stored once, by the real program, also after a kill")
@in_folder
def _(folder):
    entries = [entry(i, f"mot lan so {i}", "once") for i in range(2500)]
    recorded, state = record(folder, entries), folder / "state"
    with ListeningServer() as server:
        token, port = server.token("so-tttt.cong.json"), server.ports["http"]
        done = upload(Deaf(port).port, recorded, token, state)
        check(done.returncode != 0, "it has heard an answer")
        wait_for("all entries", lambda: len(server.search("program:once", "--limit", "9999")) == 2500)
        killed = server.kill("pipeline")
        server.wait_role("pipeline", other_than=killed)
        again = wait_for("a finished upload", lambda: (d := upload(port, recorded, token, state)).returncode == 0 and d)
        check(again.returncode == 0, again.stderr)
        wait_for("its account", lambda: account(server, "so-tttt.cong.json") == (5000, 2500, 2500, 0))
        rows = server.search("program:once", "--limit", "9999")
        check(len(rows) == 2500, f"{len(rows)} stored")


@test("a request cut by a kill is taken on from where it was: no entry is missing, none stored twice")
def _():
    with ListeningServer() as server:
        token, port = server.token("so-tttt.cong.json"), server.ports["http"]
        body = journal("a", range(3000))
        with socket.create_connection(("127.0.0.1", port)) as s:
            s.sendall(b"POST /upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token.encode() +
                      b"\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(body), body))
            stored = wait_for("its whole batches", lambda: (n := len(server.search("program:many", "--limit", "9999"))) > 2000
                              and n)
            killed = server.kill("pipeline")
        server.wait_role("pipeline", other_than=killed)
        more = journal("a", range(3300))
        status, said = wait_for("an answer", lambda: (a := post(port, more, token)) and a[0] != 503 and a)
        check(status == 200 and said == "OK, 3300 entries.\n", f"{status} {said}")
        wait_for("its account", lambda: account(server, "so-tttt.cong.json") == (3300 + stored, 3300, stored, 0))
        rows = server.search("program:many", "--limit", "9999")
        check(len(rows) == len({row["raw"] for row in rows}) == 3300, f"{len(rows)} stored")


@test("only what is the same is a repeat: other journals, changed entries and numbers given again are stored")
def _():
    with Sink() as sink:
        port = sink.port["http"]

        def stored(body, entries, new):
            check(post(port, body) == (200, f"OK, {entries} entries.\n"), "it is not taken")
            got = [json.loads(event["raw"])["MESSAGE"] for event in sink.take(new)]
            sink.nothing_more(0.3)
            return got
        stored(journal("a", range(1500)), 1500, 1500)
        stored(journal("a", range(1500)), 1500, 0)
        stored(journal("b", range(1500)), 1500, 1500)                  # another machine, the same source
        check(stored(journal("a", range(1510)), 1510, 10)[0] == "dong so 1500", "the wrong ones were left out")
        check(len(stored(journal("a", range(1024)) + journal("a", [5000]) + journal("a", range(1024, 1510)), 1511, 487)) == 487,
              "one more in the midst")
        stored(journal("a", range(1510, 1520)), 10, 10)                # the next request
        stored(journal("a", range(1510, 1520), text="khac"), 10, 10)   # after a power cut: the same numbers
        stored(journal("a", range(3)), 3, 3)                           # older ones, sent after newer ones
        stored(journal("a", range(3)), 3, 0)
        stored(journal("b", range(1500)), 1500, 0)
        without = entry(1, "khong dau so 1")
        stored(without, 1, 1)
        stored(without, 1, 1)                                          # nothing tells that it is the same


if __name__ == "__main__":
    main()
