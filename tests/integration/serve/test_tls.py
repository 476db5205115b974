#!/usr/bin/env python3
"""TLS on every listener: console, HTTP intake, syslog (RFC 5425), with one certificate."""
import pathlib
import socket
import ssl
import subprocess
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from haidang import Server, check, free_port, main, test, wait_for


def make_certificate(folder):
    """Self-signed, for localhost; the paths of certificate and key."""
    certificate, key = folder / "tls.pem", folder / "tls.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return certificate, key


def tls_server():
    server = Server(start=False)
    certificate, key = make_certificate(server.place)
    server.ports["syslog_tls"] = free_port()
    server.write_config(**{"tls.certificate": certificate, "tls.key": key,
                           "listen.syslog_tls": f"127.0.0.1:{server.ports['syslog_tls']}"})
    server.start(wait=False)
    trust = ssl.create_default_context(cafile=str(certificate))

    def get(path, port, **headers):
        request = urllib.request.Request(f"https://127.0.0.1:{server.ports[port]}{path}",
                                         headers.get("body"), headers.get("head") or {})
        with urllib.request.urlopen(request, context=trust, timeout=20) as reply:
            return reply.status, reply.read()

    def up():
        try:
            return get("/api/v1/ping", "console")[0] == 200
        except OSError:
            return False
    wait_for("the console over TLS", up)
    return server, trust, get


@test("console, HTTP intake and syslog speak TLS with the configured certificate")
def _():
    server, trust, get = tls_server()
    token = server.token("so-tttt.cong.json")
    status, _ = get("/events", "http", body=b'{"message":"qua https"}\n',
                    head={"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"})
    check(status == 200, f"the intake answered {status}")
    line = b"<38>1 2026-11-24T08:20:25+07:00 srv-web-01 sshd 77 - - tls-7f3a session opened"
    with socket.create_connection(("127.0.0.1", server.ports["syslog_tls"]), 20) as plain:
        with trust.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
            secure.sendall(b"%d %s" % (len(line), line))
    wait_for("the line that came by TLS", lambda: server.search("tls-7f3a"))
    check(server.search('"qua https"'), "the event posted by HTTPS is not found")


@test("plain HTTP at a TLS console is turned away")
def _():
    server, _, _ = tls_server()
    with socket.create_connection(("127.0.0.1", server.ports["console"]), 20) as plain:
        plain.sendall(b"GET /api/v1/ping HTTP/1.1\r\nHost: x\r\n\r\n")
        check(b"200" not in plain.recv(200), "it was answered in the clear")


main()
