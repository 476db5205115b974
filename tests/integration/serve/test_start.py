#!/usr/bin/env python3
"""Starting, reloading, stopping; and what the server says when it cannot."""
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from haidang import (PATIENCE, ROOT, Server, Skip, check, main, stamp, test,  # noqa: E402
                     wait_for)


def may_enter(user, place):
    try:
        return subprocess.run(["test", "-x", str(place)], user=user, check=False).returncode == 0
    except OSError:  # not even the program `test` may be started
        return False


def must_not_start(server, code, *parts):
    """The server ends by itself with that exit status and says all the parts."""
    server.start(wait=False)
    try:
        status = server.process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        check(False, "it started")
    said = server.log_tail(30)
    check(status == code, f"exit status {status}, not {code}:\n{said}")
    for part in parts:
        check(part in said, f"'{part}' is not in:\n{said}")
    check("ERROR: AddressSanitizer" not in said, said)


@test("a taken port is told with the address, the option and what to do")
def _():
    for option, port in (("listen.console", "console"), ("listen.http", "http"),
                         ("listen.syslog_tcp", "syslog")):
        server = Server(start=False)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", server.ports[port]))
            taken.listen()
            must_not_start(server, 3, f"127.0.0.1:{server.ports[port]}", option, "hint:")
        server.remove()


@test("a port that needs rights is told with what to do")
def _():
    if os.geteuid() == 0:
        raise Skip("root may take any port")
    server = Server(start=False)
    server.ports["console"] = 80
    server.write_config()
    must_not_start(server, 3, "127.0.0.1:80", "CAP_NET_BIND_SERVICE")


@test("a data folder that cannot be made is told with what to do")
def _():
    with tempfile.NamedTemporaryFile() as file:
        server = Server(start=False)
        server.data = pathlib.Path(file.name) / "var"
        server.write_config()
        must_not_start(server, 3, file.name, "data")


@test("a second server on the same data is refused and the first goes on")
def _():
    with Server() as first:
        second = Server(start=False)
        second.data = first.data
        second.write_config()
        must_not_start(second, 3, "another `haidang serve` runs")
        check(first.answers())


@test("a wrong configuration is shown with its line, and exit status 2")
def _():
    for wrong, sentence in (("rules: /does/not/exist", "/does/not/exist"),
                            ("colour: blue", "unknown option 'colour'"),
                            ("files: 7", "files"),
                            ("console: {idle: soon}", "console.idle")):
        server = Server(start=False)
        text = server.config.read_text(encoding="utf-8")
        name = wrong.split(":")[0]
        text = "".join(line + "\n" for line in text.splitlines() if not line.startswith(name + ":"))
        server.config.write_text(text + wrong + "\n", encoding="utf-8")
        must_not_start(server, 2, sentence)
        done = server.cli("config", "check", expect=2)
        check(sentence in done.stderr, done.stderr)
        server.remove()


@test("a right configuration is called fine and nothing is made")
def _():
    server = Server(start=False)
    check("fine" in server.cli("config", "check").stdout)
    check("listen.console" in server.cli("config", "check", "--print").stdout)
    check(not server.data.exists(), "config check made the data folder")


@test("what is kept is the owner's alone")
def _():
    with Server() as server:
        for path in (server.data, server.data / "secrets", server.data / "run",
                     server.data / "records" / "haidang.db", server.data / "secrets" / "first-login"):
            mode = stat.S_IMODE(path.stat().st_mode)
            check(mode & 0o077 == 0, f"{path} has mode {mode:o}")
        secret = (server.data / "secrets" / "first-login").read_text(encoding="utf-8")
        words = [word for word in secret.split() if len(word) >= 20]
        check(words, "no password in secrets/first-login")
        check(not any(word in server.log_tail(1000) for word in words), "a password is in the log")


@test("started by root, everything belongs to the owner of the data folder and no role is root")
def _():
    if os.geteuid() != 0:
        raise Skip("needs root")
    server = Server(start=False)
    os.chmod(server.folder, 0o711)
    for place in (server.folder, ROOT / "rules"):  # a checkout below /root is nobody else's to read
        if not may_enter("nobody", place):
            raise Skip(f"another user may not enter {place}")
    server.data.mkdir(mode=0o700)
    shutil.chown(server.data, "nobody")
    owner = server.data.stat().st_uid
    server.start()
    for name, role in server.roles().items():
        if role["pid"]:
            uid = os.stat(f"/proc/{role['pid']}").st_uid
            check(uid == owner, f"{name} runs as {uid}")
    server.syslog_tcp([f"<13>1 {stamp()} srv-web-01 thu - - - cua-nobody"])
    wait_for("the line", lambda: server.search("cua-nobody"))
    server.user("lead").log_in()
    others = [p for p in server.data.rglob("*") if p.lstat().st_uid != owner]
    check(not others, f"not the owner's: {others}")


@test("every role is shut in: it gains no rights and seccomp filters its calls")
def _():
    with Server() as server:
        for name, role in server.roles().items():
            if not role["pid"]:
                continue
            with open(f"/proc/{role['pid']}/status", encoding="utf-8") as file:
                status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
            check(status["NoNewPrivs"] == "1", f"{name}: NoNewPrivs {status['NoNewPrivs']}")
            check(status["Seccomp"] == "2", f"{name}: Seccomp {status['Seccomp']}")


RULE = """title: A word of the test
id: 3f0f7c1e-0000-4000-8000-{number:012d}
status: test
description: For the test of reloading.
author: Hai Dang
date: 2026-11-24
logsource: {{product: linux}}
detection: {{keywords: ['{word}'], condition: keywords}}
level: low
"""


@test("SIGHUP takes a new rule and keeps every socket and event")
def _():
    server = Server(start=False)
    rules = server.folder / "rules"
    rules.mkdir()
    (rules / "one.yml").write_text(RULE.format(number=1, word="hoa-sen"), encoding="utf-8")
    server.write_config(rules=rules)
    server.start()
    with socket.create_connection(("127.0.0.1", server.ports["syslog"])) as kept:
        pipeline = server.roles()["pipeline"]["pid"]
        (rules / "two.yml").write_text(RULE.format(number=2, word="hoa-mai"), encoding="utf-8")
        (rules / "broken.yml").write_text("title: [\n", encoding="utf-8")
        server.reload()
        wait_for("the new rules", lambda: "2 rules compiled" in server.log_tail(200)
                 and "broken.yml" in server.log_tail(200))
        lead = server.user("lead")

        def alerted():
            kept.sendall(f"<13>1 {stamp()} srv-web-01 sshd 1 - - hoa-mai\n".encode())
            time.sleep(0.3)
            return lead.wanted("/alerts")["items"]
        wait_for("the new rule's alert over the old connection", alerted)
        check(server.roles()["pipeline"]["pid"] == pipeline, "the pipeline was started anew")


@test("a broken configuration at SIGHUP changes nothing and is told")
def _():
    with Server() as server:
        text = server.config.read_text(encoding="utf-8")
        server.config.write_text(text + "colour: blue\n", encoding="utf-8")
        server.reload()
        wait_for("the sentence", lambda: "unknown option 'colour'" in server.log_tail(100))
        check(server.answers())


@test("Ctrl-C stops all in order; nothing runs on and no socket stays")
def _():
    server = Server()
    pids = [role["pid"] for role in server.roles().values() if role["pid"]]
    server.syslog_tcp([f"<13>1 {stamp()} srv-web-01 thu - - - dong-cuoi-{i}" for i in range(2000)])
    os.killpg(server.process.pid, signal.SIGINT)
    status = server.process.wait(timeout=PATIENCE)
    check(status == 0, f"exit status {status}\n{server.log_tail()}")
    wait_for("the roles to be gone", lambda: not any(pathlib.Path(f"/proc/{p}").exists() for p in pids))
    check(not list((server.data / "run").glob("*.sock")), "a socket stays")
    server.process = None
    server.start()
    found = wait_for("the lines", lambda: server.search("dong-cuoi-*", "--limit", "5000"))
    check(found, "nothing that was sent before the stop is there")


@test("systemd is told of readiness and of the end")
def _():
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(f"{folder}/notify")
        s.settimeout(PATIENCE)
        os.environ["NOTIFY_SOCKET"] = f"{folder}/notify"
        try:
            with Server():
                check(b"READY=1" in s.recv(4096))
            check(b"STOPPING=1" in s.recv(4096))
        finally:
            del os.environ["NOTIFY_SOCKET"]


@test("time in which the collector did not run is written down, and is nobody's fault")
def _():
    with Server() as server:
        token = server.token("so-tttt.cong.json")
        check(server.post([{"message": "truoc", "time": stamp()}], token).status == 200)
        server.stop()
        with sqlite3.connect(server.data / "records" / "haidang.db") as db:
            before = db.execute("SELECT count(*) FROM collector_gap").fetchone()[0]
        time.sleep(17)
        server.start()

        def gaps():
            with sqlite3.connect(f"file:{server.data}/records/haidang.db?mode=ro", uri=True) as db:
                return db.execute("SELECT count(*) FROM collector_gap").fetchone()[0]
        wait_for("the gap", lambda: gaps() > before)


if __name__ == "__main__":
    main()
