#!/usr/bin/env python3
"""Real clients at the real listeners: logger, rsyslog (omfwd by UDP, TCP in both framings, TLS; omrelp),
syslog-ng, curl."""
import gzip
import json
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from actors import (FAILED, TOKEN, Rsyslog, Sink, SyslogNg, all_of, certificate, forward,  # noqa: E402
                    in_folder, is_sshd, relp, tool)
from haidang import check, main, test  # noqa: E402


@test("logger: UDP and TCP, RFC 3164 and RFC 5424, and its octet counting")
def _():
    forms = (["--rfc3164"], ["--rfc5424"], ["--rfc5424=notime"], ["--rfc5424=nohost"], ["--rfc5424=notq"],
             ["--rfc5424", "--sd-id", "test@32473", "--sd-param", 'k="v\\]"', "--msgid", "ID47"],
             ["--rfc3164", "--octet-count"], ["--rfc5424", "--octet-count"])
    with Sink() as sink:
        for way, port, protocol in (("-d", "udp", "syslog-udp"), ("-T", "tcp", "syslog-tcp")):
            for form in forms:
                if way == "-d" and "--octet-count" in form:
                    continue  # a datagram has no framing
                subprocess.run([tool("logger"), "-n", "127.0.0.1", "-P", str(sink.port[port]), way, *form,
                                "-t", "sshd", "-i", "-p", "auth.info", FAILED], check=True)
                is_sshd(sink.next(), protocol)
        sink.nothing_more()


@test("rsyslog by UDP")
@in_folder
def _(folder):
    with Sink() as sink, Rsyslog(folder, forward(sink.port["udp"], 'protocol="udp"')) as rsyslog:
        rsyslog.log(FAILED)
        is_sshd(sink.next(), "syslog-udp")


@test("rsyslog by TCP, lines ended by LF, and by counted octets")
@in_folder
def _(folder):
    for framing in ("traditional", "octet-counted"):
        place = folder / framing
        place.mkdir()
        with Sink() as sink, Rsyslog(place, forward(
                sink.port["tcp"], f'protocol="tcp" TCP_Framing="{framing}"')) as rsyslog:
            rsyslog.log(FAILED)
            is_sshd(sink.next(), "syslog-tcp")
            rsyslog.log_many(3000)
            all_of(sink.take(3000), 3000)


@test("rsyslog by TLS (RFC 5425), our certificate checked by its name")
@in_folder
def _(folder):
    Rsyslog.needs("lmnsd_gtls", "rsyslog-gnutls")
    cert, key = certificate(folder)
    with Sink("--certificate", cert, "--key", key) as sink:
        modules = f'global(DefaultNetstreamDriver="gtls" DefaultNetstreamDriverCAFile="{cert}")'
        action = forward(sink.port["tls"], 'protocol="tcp" TCP_Framing="octet-counted" StreamDriver="gtls" '
                         'StreamDriverMode="1" StreamDriverAuthMode="x509/name" '
                         'StreamDriverPermittedPeers="localhost"')
        with Rsyslog(folder, action, modules) as rsyslog:
            rsyslog.log(FAILED)
            is_sshd(sink.next(), "syslog-tls")
            rsyslog.log_many(2000)
            all_of(sink.take(2000), 2000)


@test("rsyslog by RELP: every line once, acknowledged after the commit")
@in_folder
def _(folder):
    Rsyslog.needs("omrelp", "rsyslog-relp")
    with Sink() as sink, Rsyslog(folder, relp(sink.port["relp"]), 'module(load="omrelp")') as rsyslog:
        rsyslog.log(FAILED)
        is_sshd(sink.next(), "relp")
        rsyslog.log_many(3000)
        all_of(sink.take(3000), 3000)


@test("syslog-ng: TCP in both framings, RFC 3164 and RFC 5424, and TLS")
@in_folder
def _(folder):
    cert, key = certificate(folder)
    with Sink("--certificate", cert, "--key", key) as sink:
        for name, protocol, destination in (
                ("bsd", "syslog-tcp", f'network("127.0.0.1" port({sink.port["tcp"]}));'),
                ("ietf", "syslog-tcp", f'syslog("127.0.0.1" port({sink.port["tcp"]}) transport("tcp"));'),
                ("udp", "syslog-udp", f'syslog("127.0.0.1" port({sink.port["udp"]}) transport("udp"));'),
                ("tls", "syslog-tls", f'syslog("localhost" port({sink.port["tls"]}) transport("tls") tls('
                                      f'ca-file("{cert}") peer-verify(required-trusted)));')):
            place = folder / name
            place.mkdir()
            with SyslogNg(place, destination) as ng:
                ng.log(FAILED)
                is_sshd(sink.next(), protocol)
                if name != "udp":
                    ng.log_many(1000)
                    all_of(sink.take(1000), 1000)


@test("curl: JSON lines, gzip, zstd, a wrong token, chunked, an elastic bulk")
@in_folder
def _(folder):
    curl = tool("curl")
    body = b'{"a":1}\nnot json\n'
    (folder / "plain").write_bytes(body)
    (folder / "gzip").write_bytes(gzip.compress(body))

    def post(sink, path, file, *headers, token=TOKEN):
        command = [curl, "-sS", "-w", "\n%{http_code}", "-H", f"Authorization: Bearer {token}",
                   "--data-binary", f"@{file}", f"http://127.0.0.1:{sink.port['http']}{path}"]
        for header in headers:
            command += ["-H", header]
        text, status = subprocess.run(command, check=True, capture_output=True,
                                      text=True).stdout.rsplit("\n", 1)
        return int(status), json.loads(text)

    with Sink() as sink:
        status, answer = post(sink, "/events", folder / "plain")
        check(status == 200 and answer == {"accepted": 2, "undecoded": 1, "alerts": []}, answer)
        status, answer = post(sink, "/events", folder / "gzip", "Content-Encoding: gzip")
        check(status == 200 and answer["accepted"] == 2, answer)
        status, answer = post(sink, "/events", folder / "plain", "Transfer-Encoding: chunked")
        check(status == 200 and answer["accepted"] == 2, answer)
        if shutil.which("zstd"):
            subprocess.run(["zstd", "-q", folder / "plain", "-o", folder / "zstd"], check=True)
            status, answer = post(sink, "/events", folder / "zstd", "Content-Encoding: zstd")
            check(status == 200 and answer["accepted"] == 2, answer)
            sink.take(2)
        (folder / "iis").write_bytes(b"#Fields: cs-uri-stem c-ip\n/a 203.0.113.7\n")
        status, answer = post(sink, "/events", folder / "iis")
        check(status == 200 and answer["undecoded"] == 0, answer)
        status, answer = post(sink, "/events", folder / "plain", token="wrong")
        check(status == 401 and "token" in answer["error"], answer)
        (folder / "bulk").write_text('{"create":{}}\n{"b":2}\n{"index":{}}\n{"c":3}\n')
        status, answer = post(sink, "/_bulk", folder / "bulk", "Content-Type: application/x-ndjson")
        check(status == 200 and answer["errors"] is False, answer)
        check([list(i.items())[0][1]["status"] for i in answer["items"]] == [201, 201], answer)
        events = sink.take(10)
        check([e["fields"].get("c-ip") for e in events if e["decoder"] == "w3c-web"] == ["203.0.113.7"], events)
        check(all(e["source"] == "so-tttt.api" for e in events), events)


if __name__ == "__main__":
    main()
