#!/usr/bin/env python3
"""The canary: sent by every listener, found again in the archive, missed when it is not."""
import contextlib
import pathlib
import re
import socket
import sqlite3
import ssl
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from haidang import Skip, check, free_port, main, test, wait_for  # noqa: E402
from senders import AllListeners  # noqa: E402

SHORT = "{interval: 2s}"


def listeners(admin):
    return {row["protocol"]: row for row in admin.wanted("/health")["listeners"]}


def canary_check(admin):
    return next(row for row in admin.wanted("/health")["checks"] if row["id"] == "canary")


@test("a canary goes through every listener, is found in the archive, and nobody else sees it")
def _():
    with AllListeners(canary=SHORT) as server:
        admin = server.user("admin")
        rows = wait_for("all canaries", lambda: (r := listeners(admin)) and
                        all(row["canary"] == "found" for row in r.values()) and r)
        check(set(rows) == {"syslog-udp", "syslog-tcp", "relp", "lumberjack", "http"}, set(rows))
        check(canary_check(admin)["state"] == "well", canary_check(admin))
        check(not server.search("*") and not server.search("source:haidang.canary"), "it is seen")
        lead = server.user("lead")
        intake = lead.wanted("/statistics/intake")
        check(intake["events"] == 0, intake)
        with contextlib.closing(sqlite3.connect(server.data / "records/haidang.db")) as db:
            own, = db.execute("SELECT sum(received = stored) = count(*) FROM source_day "
                              "WHERE source = 'haidang.canary'").fetchone()
            unknown, = db.execute("SELECT count(*) FROM source_day WHERE source = ''").fetchone()
            rows = db.execute("SELECT * FROM source_day").fetchall()
        check(own == 1 and unknown == 0, f"{rows} {server.search('class:quarantine *')}")


@test("listeners at IPv6 addresses and names have their canaries; no stranger at its addresses passes for one")
def _():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        raise Skip(f"this machine has no IPv6: {error}") from None
    server = AllListeners(start=False, canary=SHORT)
    text = server.config.read_text(encoding="utf-8")
    for name, host in (("syslog_udp", "[::1]"), ("relp", "[::]"), ("lumberjack", "[::1]"), ("http", "localhost")):
        text = re.sub(rf"( {name}): 127.0.0.1:(\d+)", rf'\1: "{host}:\2"', text)
    server.config.write_text(text, encoding="utf-8")
    server.start()
    admin = server.user("admin")
    rows = wait_for("all canaries", lambda: (r := listeners(admin)) and
                    all(row["canary"] == "found" for row in r.values()) and r)
    check(set(rows) == {"syslog-udp", "syslog-tcp", "relp", "lumberjack", "http"}, set(rows))
    line = "<134>1 2026-11-24T00:00:00Z canary-00112233445566778899aabbccddeeff haidang - canary - {}"
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp:
        udp.sendto(line.format("stranger six").encode(), ("::1", server.ports["syslog"]))
    with socket.create_connection(("127.0.0.1", server.ports["syslog"]), source_address=("127.7.7.7", 0)) as tcp:
        tcp.sendall(line.format("stranger four").encode() + b"\n")
    for which in ("six", "four"):
        wait_for(f"the stranger with {which} to stand in quarantine",
                 lambda which=which: server.search(f'class:quarantine "stranger {which}"'))


@test("where senders are asked for certificates, the canary shows one of the built-in authority")
def _():
    server = AllListeners(start=False, canary=SHORT)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", "/CN=Other CA", "-keyout", "ca.key", "-out", "ca.pem"],
                   check=True, capture_output=True, cwd=server.place)
    for name in ("syslog_tls", "https"):
        server.ports[name] = free_port()
    server.write_config(**{"listen.syslog_tls": f"127.0.0.1:{server.ports['syslog_tls']}",
                           "listen.https": f"127.0.0.1:{server.ports['https']}",
                           "tls.names": "[127.0.0.1]", "tls.clients": server.place / "ca.pem"})
    server.start()
    admin = server.user("admin")
    rows = wait_for("all canaries", lambda: (r := listeners(admin)) and
                    all(row["canary"] == "found" for row in r.values()) and r)
    check({"syslog-tls", "https", "lumberjack"} <= set(rows), set(rows))
    with contextlib.closing(socket.create_connection(("127.0.0.1", server.ports["syslog_tls"]))) as plain:
        context = ssl.create_default_context(cafile=str(server.data / "tls/authority.pem"))
        try:
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as tls:
                tls.settimeout(5)
                check(tls.recv(1) == b"", "who shows none is taken")
        except ssl.SSLError:
            pass  # turned away, as it should be


@test("a disk that fails: the canary is missed, the lead is told, our gap is written; then all ends")
def _():
    with AllListeners(slow=True, canary=SHORT) as server:
        admin, lead = server.user("admin"), server.user("lead")
        wait_for("the first canaries", lambda: canary_check(admin)["state"] == "well" and
                 listeners(admin)["http"]["canary"] == "found")
        server.disk("eio")
        wait_for("the loss to be seen", lambda: listeners(admin)["http"]["canary"] == "lost")
        check(canary_check(admin)["state"] == "failed", canary_check(admin))
        alerts = lead.wanted("/alerts", state="new")["items"]
        check(any(row["rule"] == "haidang.canary_lost" for row in alerts), alerts)
        check(not server.user("agency", "so-yt").wanted("/alerts", state="new")["items"],
              "an agency is told of the machine's trouble")

        def gaps(where):
            with contextlib.closing(sqlite3.connect(server.data / "records/haidang.db")) as db:
                return [row for row, in db.execute(
                    f"SELECT listener FROM collector_gap WHERE reason LIKE '%canary%' AND {where}")]
        check("http" in gaps("ended_at IS NULL"), gaps("1"))
        server.disk(0)
        wait_for("the canary to be found again", lambda: canary_check(admin)["state"] == "well")
        wait_for("the gaps to end", lambda: not gaps("ended_at IS NULL"))
        wait_for("the alerts to be closed", lambda: not lead.wanted("/alerts", state="new")["items"])


if __name__ == "__main__":
    main()
