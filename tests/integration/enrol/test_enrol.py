#!/usr/bin/env python3
"""Senders by certificate: packages used as they are, by the real rsyslog, syslog-ng and curl; renewal,
revocation, and what is refused."""
import base64
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "intake"))
from actors import unpacked
from haidang import PATIENCE, ROOT, Server, Skip, check, free_port, main, stamp, test, wait_for

WEB = "so-tttt.cong.web01"          # of so-tttt, known by 127.0.0.0/8 and its host name
JSON = "so-tttt.cong.json"          # of so-tttt, known by its token


def other_source():
    """A source of another agency in the example register."""
    for line in (ROOT / "examples/khanh-hoa-2019/sources.csv").read_text(encoding="utf-8").splitlines()[1:]:
        if not line.startswith("so-tttt."):
            return line.split(",")[0]
    raise AssertionError("the example has one agency only")


def other_system():
    return next(line.split(",")[1] for line in
                (ROOT / "examples/khanh-hoa-2019/sources.csv").read_text(encoding="utf-8").splitlines()
                if line.startswith(other_source() + ","))


def start():
    server = Server(start=False)
    server.ports.update(syslog_tls=free_port(), https=free_port())
    server.write_config(**{"listen.syslog_tls": f"127.0.0.1:{server.ports['syslog_tls']}",
                           "listen.https": f"127.0.0.1:{server.ports['https']}",
                           "tls.names": "[127.0.0.1, localhost]",
                           "enrol.console": f"http://127.0.0.1:{server.ports['console']}",
                           "enrol.templates": ROOT / "enrol"})
    server.start()
    return server


SERVER = start()


def package(key, *options, server=SERVER):
    """The folder of an unpacked package, as at a sender, and what the command said."""
    folder = server.place / f"sender-{len(list(server.place.glob('sender-*')))}"
    file = server.place / f"{folder.name}.zip"
    done = server.cli("enrol", key, "--out", file, "--folder", folder, "--json", *options)
    said = json.loads(done.stdout)
    check(file.stat().st_mode & 0o777 == 0o600, "the package is not its owner's only")
    if said.get("password"):
        try:
            subprocess.run(["bsdtar", "-xf", file, "-C", server.place, "--passphrase", said["password"]],
                           check=True, capture_output=True)
        except FileNotFoundError:
            raise Skip("bsdtar (libarchive-tools) is not installed") from None
    else:
        with zipfile.ZipFile(file) as pack:
            pack.extractall(server.place)
    return folder, said


def enrolled(key, server=SERVER):
    """A sender that has asked for its certificate with its code."""
    folder, _ = package(key, server=server)
    done = subprocess.run(["sh", folder / "enrol.sh"], capture_output=True, text=True, timeout=PATIENCE)
    check(done.returncode == 0, done.stderr)
    return folder


def fingerprint(certificate):
    der = ssl.PEM_cert_to_DER_cert(pathlib.Path(certificate).read_text())
    import hashlib
    return hashlib.sha256(der).hexdigest()


def in_force(server=SERVER):
    """Waits until the pipeline has the roster that the hub has published last."""
    want = json.loads((server.data / "roster/roster.json").read_text().rsplit("sha256:", 1)[0])["generation"]
    wait_for("the roster", lambda: f"roster {want}:" in server.log.read_text(errors="replace"))


def context(folder=None, certificate=None, key=None, trust=None):
    tls = ssl.create_default_context(cafile=str(trust or folder / "authority.pem"))
    if certificate or folder:
        tls.load_cert_chain(str(certificate or folder / "sender.pem"), str(key or folder / "sender.key"))
    return tls


def syslog_line(text, host="srv-web-01"):
    line = f"<38>1 {stamp()} {host} sshd 77 - - {text}".encode()
    return b"%d %s" % (len(line), line)


def send_tls(tls, text, host="srv-web-01", server=SERVER):
    with socket.create_connection(("127.0.0.1", server.ports["syslog_tls"]), PATIENCE) as plain:
        with tls.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
            secure.sendall(syslog_line(text, host))
            secure.settimeout(5)
            secure.unwrap()


def refused_by(tls, server=SERVER):
    """The alert with which the listener turns the sender away."""
    try:
        with socket.create_connection(("127.0.0.1", server.ports["syslog_tls"]), PATIENCE) as plain:
            with tls.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
                secure.settimeout(PATIENCE)
                secure.recv(1)
    except ssl.SSLError as error:
        return str(error)
    except OSError as error:
        return str(error)
    return "the connection was closed without a word"


def curl(folder, *arguments, server=SERVER, certificate=True):
    own = ["--cert", folder / "sender.pem", "--key", folder / "sender.key"] if certificate else []
    done = subprocess.run(["curl", "-s", "-w", "\n%{http_code}", "--cacert", folder / "authority.pem", *own,
                           *arguments, f"https://127.0.0.1:{server.ports['https']}/events"],
                          capture_output=True, text=True, timeout=PATIENCE)
    body, _, status = done.stdout.rpartition("\n")
    return int(status or 0), body, done.returncode


def wait_event(text, server=SERVER):
    return wait_for(f"the event {text}", lambda: server.search(text))[0]


@test("the authority's key is its owner's only, and the process that faces the logs cannot read it")
def _():
    key = SERVER.data / "secrets/authority.key"
    check(key.stat().st_mode & 0o777 == 0o600, oct(key.stat().st_mode))
    check((SERVER.data / "secrets").stat().st_mode & 0o777 == 0o700, "secrets/ is open to others")
    row = next(line for line in (ROOT / "src/serve/roles.c").read_text().split("{ \"")
               if line.startswith("pipeline"))
    check("secrets" not in row, "the pipeline's row names secrets")


@test("rsyslog sends with the package's configuration, unchanged, and is the source of its certificate")
def _():
    if not pathlib.Path("/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_gtls.so").exists():
        raise Skip("rsyslog-gnutls is not installed")
    folder = enrolled(JSON)   # an HTTP source by its token: only the certificate can say that it is this
    in_force()
    feed, config = SERVER.place / "feed.log", SERVER.place / "rsyslog.conf"
    feed.write_text("")
    work = SERVER.place / "rsyslog-work"
    work.mkdir()
    config.write_text(f'global(workDirectory="{work}")\nmodule(load="imfile" mode="inotify")\n'
                      f'input(type="imfile" file="{feed}" tag="sshd:" severity="info" facility="auth")\n'
                      f'include(file="{folder}/rsyslog.conf")\n')
    daemon = subprocess.Popen(["rsyslogd", "-n", "-i", str(work / "pid"), "-f", str(config)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with feed.open("a") as out:
            out.write("enrol-rsyslog Accepted publickey for an\n")
        event = wait_event("enrol-rsyslog")
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(PATIENCE)
    check(event["source"] == JSON, f"it is said to be of {event['source']}")
    check(event["agency"] == "so-tttt", event["agency"])


@test("syslog-ng sends with the package's configuration, unchanged")
def _():
    tree = unpacked("syslog-ng-core", "libivykis0", "libnet1")
    folder = enrolled(JSON)
    in_force()
    work = SERVER.place / "syslog-ng"
    work.mkdir()
    feed = work / "feed.log"
    feed.write_text("")
    config = work / "syslog-ng.conf"
    base = tree / "usr/lib"
    modules = next(path.parent for path in base.glob("**/libafsocket.so"))
    config.write_text('@version: 3.38\n@define allow-config-dups 1\n'
                      f'source s_src {{ file("{feed}" follow-freq(0.1) flags(no-parse)); }};\n'
                      f'@include "{folder}/syslog-ng.conf"\n')
    libraries = f"{base}/syslog-ng:{base}/x86_64-linux-gnu"
    daemon = subprocess.Popen(
        [tree / "usr/sbin/syslog-ng", "-F", "-f", config, "-R", work / "persist", "-c", work / "ctl", "-p", work / "pid",
         "--module-path", modules],
        env={**os.environ, "LD_LIBRARY_PATH": libraries}, stdout=open(work / "out", "wb"),
        stderr=subprocess.STDOUT, cwd=work)
    try:
        time.sleep(1)
        with feed.open("a") as out:
            out.write("enrol-syslogng Accepted publickey for an\n")
        event = wait_event("enrol-syslogng")
    except Exception:
        print("# " + (work / "out").read_text(errors="replace").replace("\n", "\n# "))
        raise
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(PATIENCE)
    check(event["source"] == JSON, f"it is said to be of {event['source']}")


@test("curl with a client certificate needs no token; without either it is refused")
def _():
    folder = enrolled(JSON)
    in_force()
    status, body, _ = curl(folder, "--data-binary", '{"message":"enrol-curl"}')
    check(status == 200, f"{status} {body}")
    check(wait_event("enrol-curl")["source"] == JSON, "of another source")
    status, body, _ = curl(folder, "--data-binary", '{"message":"x"}', certificate=False)
    check(status == 401 and "token" in body, f"{status} {body}")


@test("a package with a key is encrypted, works at once, and its key is kept nowhere")
def _():
    folder, said = package(WEB, "--with-key")
    in_force()
    check(not (folder / "enrol.sh").exists(), "a package with a key has a code, too")
    check((folder / "sender.key").stat().st_mode & 0o777 == 0o600, "its key is readable by others")
    send_tls(context(folder), "enrol-with-key", host="any-host")
    check(wait_event("enrol-with-key")["source"] == WEB, "of another source")
    secret = (folder / "sender.key").read_text().splitlines()[2][:30].encode()
    for path in SERVER.data.rglob("*"):
        if path.is_file():
            check(secret not in path.read_bytes(), f"the key stands in {path}")
    zip_bytes = (SERVER.place / f"{folder.name}.zip").read_bytes()
    check(b"PRIVATE KEY" not in zip_bytes and b"omfwd" not in zip_bytes, "the package is readable")


@test("a certificate of one agency cannot claim a source of another, whatever line, address or token says")
def _():
    folder = enrolled(JSON)
    in_force()
    # the host name and the address are those of so-tttt.cong.web01
    send_tls(context(folder), "enrol-claim-host", host="srv-web-01")
    check(wait_event("enrol-claim-host")["source"] == JSON, "the header's host name beat the certificate")
    sheet = SERVER.place / "more.csv"
    sheet.write_text("key,system,name,kind,network,hostname,cadence\n"
                     f"{other_source()}-json,{other_system()},Nguồn khác,http,,,900\n")
    SERVER.cli("import", "sources", sheet)
    token = SERVER.token(f"{other_source()}-json")
    in_force()

    def claim():
        status, body, _ = curl(folder, "-H", f"Authorization: Bearer {token}", "--data-binary", '{"message":"x"}')
        check(status in (401, 403), f"{status} {body}")  # 401: the token is not in force yet
        return status == 403 and body
    check("another source" in wait_for("the token to be known", claim), "the refusal says something else")


@test("a valid certificate that nobody registered goes to quarantine, visible and counted")
def _():
    server = Server(start=False)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-subj", "/CN=Other CA", "-keyout", "ca.key", "-out", "ca.pem"],
                   check=True, capture_output=True, cwd=server.place)
    subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=stranger", "-keyout", "s.key", "-out", "s.csr"],
                   check=True, capture_output=True, cwd=server.place)
    subprocess.run(["openssl", "x509", "-req", "-in", "s.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                    "-CAcreateserial", "-days", "1", "-out", "s.pem"],
                   check=True, capture_output=True, cwd=server.place)
    server.ports["syslog_tls"] = free_port()
    server.write_config(**{"listen.syslog_tls": f"127.0.0.1:{server.ports['syslog_tls']}",
                           "tls.names": "[127.0.0.1]", "tls.clients": server.place / "ca.pem"})
    server.start()
    trust = server.data / "tls/authority.pem"
    tls = context(certificate=server.place / "s.pem", key=server.place / "s.key", trust=trust)
    # its address and host name are a known source's: they do not count beside a certificate
    send_tls(tls, "enrol-stranger", server=server)
    event = wait_for("the event", lambda: server.search("class:quarantine enrol-stranger"))[0]
    check(not event.get("source"), f"it is said to be of {event.get('source')}")
    check("go to quarantine" in server.log.read_text(), "the log does not say so")
    # registered, it is the source
    server.cli("enrol", WEB, "--certificate", server.place / "s.pem")
    in_force(server)
    send_tls(tls, "enrol-registered", host="other", server=server)
    check(wait_event("enrol-registered", server)["source"] == WEB, "of another source")
    # where tls.clients is set, who shows none is turned away
    check("CERTIFICATE_REQUIRED" in refused_by(ssl.create_default_context(cafile=str(trust)), server).upper()
          .replace(" ", "_"), refused_by(ssl.create_default_context(cafile=str(trust)), server))
    server.remove()


@test("an expired certificate, and one of an unknown authority, are refused with a word")
def _():
    place = SERVER.place
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                           "-nodes", "-days", "2", "-subj", "/CN=self", "-keyout", place / "self.key", "-out",
                           place / "self.pem"], capture_output=True)
    check(made.returncode == 0, made.stderr)
    trust = SERVER.data / "tls/authority.pem"
    wrong = context(certificate=place / "self.pem", key=place / "self.key", trust=trust)
    word = refused_by(wrong)
    check("unknown ca" in word.lower(), word)
    folder = place / "wrong"
    folder.mkdir()
    shutil.copy(place / "self.pem", folder / "sender.pem")
    shutil.copy(place / "self.key", folder / "sender.key")
    shutil.copy(trust, folder / "authority.pem")
    status, body, _ = curl(folder, "--data-binary", '{"message":"x"}')
    check(status == 403 and "authority that is not known" in body, f"{status} {body}")
    # of our own authority, but ended yesterday: made with the authority's own key
    subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=late", "-keyout", place / "late.key", "-out", place / "late.csr"],
                   check=True, capture_output=True)
    authority = SERVER.data / "secrets"
    made = subprocess.run(["openssl", "ca", "-config", "/dev/stdin", "-batch", "-notext", "-md", "sha256",
                           "-cert", authority / "authority.pem", "-keyfile", authority / "authority.key",
                           "-startdate", "20250101000000Z", "-enddate", "20250201000000Z",
                           "-in", place / "late.csr", "-out", place / "late.pem", "-outdir", place],
                          input=f"[ca]\ndefault_ca=d\n[d]\ndatabase={place}/late.db\nserial={place}/late.sn\n"
                                f"policy=p\n[p]\ncommonName=supplied\n".encode(),
                          capture_output=True) if (place / "late.db").touch() is None and \
        (place / "late.sn").write_text("7001\n") else None
    check(made.returncode == 0, made.stderr.decode())
    late = context(certificate=place / "late.pem", key=place / "late.key", trust=trust)
    word = refused_by(late)
    check("expired" in word.lower(), word)
    log = SERVER.log.read_text(errors="replace")
    check("the client certificate has expired" in log, "the log does not say that it has expired")


@test("a revoked certificate is refused at once, and its standing connection is cut")
def _():
    folder = enrolled(WEB)
    in_force()
    with socket.create_connection(("127.0.0.1", SERVER.ports["syslog_tls"]), PATIENCE) as plain:
        with context(folder).wrap_socket(plain, server_hostname="127.0.0.1") as secure:
            secure.sendall(syslog_line("enrol-before"))
            wait_event("enrol-before")
            SERVER.cli("enrol", "revoke", fingerprint(folder / "sender.pem"), "--reason", "máy bị mất")
            secure.settimeout(PATIENCE)
            try:
                got = secure.recv(1)
                word = f"closed in order: {got!r}"
            except (ssl.SSLError, ConnectionError) as error:
                word = str(error)
            check("revoked" in word.lower(), f"the connection ended with: {word}")
    check("revoked" in refused_by(context(folder)).lower(), "a new connection is not refused as revoked")
    status, body, _ = curl(folder, "--data-binary", '{"message":"x"}')
    check(status == 403 and "revoked" in body, f"{status} {body}")
    again = SERVER.cli("enrol", "revoke", fingerprint(folder / "sender.pem"), "--reason", "x", expect=2)
    check("already" in again.stderr, again.stderr)
    row = json.loads(SERVER.cli("enrol", "list", WEB, "--json").stdout.splitlines()[0])
    check(row["state"] == "revoked" and row["reason"] == "máy bị mất", row)


@test("a code works once; the next certificate is given to the one who holds the old one's key")
def _():
    folder, said = package(WEB)
    done = subprocess.run(["sh", folder / "enrol.sh"], capture_output=True, text=True)
    check(done.returncode == 0, done.stderr)
    (folder / "sender.pem").rename(folder / "first.pem")
    done = subprocess.run(["sh", folder / "enrol.sh"], capture_output=True, text=True)
    check(done.returncode == 3 and "used already" in done.stderr, done.stderr + done.stdout)
    (folder / "first.pem").rename(folder / "sender.pem")
    old = fingerprint(folder / "sender.pem")
    done = subprocess.run(["sh", folder / "renew.sh"], capture_output=True, text=True)
    check(done.returncode == 1, f"nothing was to be renewed, but it ended with {done.returncode}")
    shutil.copy(folder / "sender.key", folder / "old.key")
    shutil.copy(folder / "sender.pem", folder / "old.pem")
    done = subprocess.run(["sh", folder / "renew.sh", "400"], capture_output=True, text=True)
    check(done.returncode == 0, done.stderr)
    check(fingerprint(folder / "sender.pem") != old, "it is the same certificate")
    in_force()
    send_tls(context(folder), "enrol-renewed", host="other")
    check(wait_event("enrol-renewed")["source"] == WEB, "of another source")
    send_tls(context(certificate=folder / "old.pem", key=folder / "old.key", trust=folder / "authority.pem"),
             "enrol-old-still", host="other")
    wait_event("enrol-old-still")
    # a stranger's signature
    shutil.copy(SERVER.place / "self.key", folder / "sender.key")
    done = subprocess.run(["sh", folder / "renew.sh", "400"], capture_output=True, text=True)
    check(done.returncode == 3 and "not signed with the key" in done.stderr, done.stderr)


@test("officers make, see and revoke by the API; an agency does so for its own sources only")
def _():
    lead = SERVER.user("lead")
    made = lead.post(f"/sources/{WEB}/enrolment", {"way": "code", "days": 30})
    check(made.status == 201, made)
    check(base64.b64decode(made.json["package"])[:2] == b"PK" and made.json["password"] is None, "no package")
    listed = lead.wanted(f"/sources/{WEB}/certificates")["certificates"]
    check({"active", "revoked"} <= {c["state"] for c in listed}, [c["state"] for c in listed])
    own, stranger = SERVER.user("agency", "so-tttt"), SERVER.user("agency", other_source().split(".")[0])
    check(own.post(f"/sources/{WEB}/enrolment", {}).status == 201, "an agency cannot enrol its own source")
    check(stranger.post(f"/sources/{WEB}/enrolment", {}).status == 404, "another agency can enrol it")
    check(stranger.get(f"/sources/{WEB}/certificates").status == 404, "another agency sees certificates")
    active = next(c for c in listed if c["state"] == "active")
    check(stranger.post(f"/certificates/{active['sha256']}/revoke", {"reason": "không phải của tôi"}).status
          == 404, "another agency can revoke")
    done = lead.post(f"/certificates/{active['sha256']}/revoke", {"reason": "thay máy"})
    check(done.status == 200 and done.json["state"] == "revoked" and done.json["revoked_by"], done)
    check(SERVER.user("responder").post(f"/sources/{WEB}/enrolment", {}).status == 403, "a responder enrols")
    relay = lead.post("/relays", {"key": "tram-1", "name": "Trạm 1", "agency": "so-tttt"})
    check(relay.status == 201 and relay.json["sources"] >= 1, relay)
    check(lead.post("/relays/tram-1/enrolment", {"way": "key"}).json["password"], "no password")
    check([r["key"] for r in own.wanted("/relays")["items"]] == ["tram-1"], "own relay is not seen")
    check(stranger.wanted("/relays")["items"] == [], "another agency sees the relay")


main()
