#!/usr/bin/env python3
"""systemd-journal-upload, the real program, sends a journal that the test has recorded."""
import json
import pathlib
import socket
import struct
import subprocess
import sys
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
        check(len({row["raw"] for row in rows}) == 3000, f"{len(rows)}")


if __name__ == "__main__":
    main()
