"""Real clients at the real listeners: logger, rsyslog (omfwd UDP, TCP in both framings, TLS; omrelp),
curl. Intake runs alone (tests/unit/intake/intake_sink): what it stores comes out line by line."""
import gzip
import json
import os
import pathlib
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("HAIDANG_BUILD") or
                     pathlib.Path(os.environ.get("HAIDANG") or ROOT / "build" / "haidang").parent)
SINK = BUILD / "tests" / "unit" / "intake" / "intake_sink"
TOKEN = "secret"


class Skip(Exception):
    pass


class Sink:
    """Intake with a stand-in for the archive; events arrive in .next()."""

    def __init__(self, *arguments):
        if not SINK.exists():
            raise Skip(f"{SINK} is not built")
        self.process = subprocess.Popen([SINK, *map(str, arguments)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                        cwd=ROOT)
        self.port = json.loads(self.process.stdout.readline())
        self.events = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.events.put(json.loads(line))

    def next(self, timeout=15):
        return self.events.get(timeout=timeout)

    def take(self, count, timeout=30):
        return [self.next(timeout) for _ in range(count)]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=20)


def tool(name):
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if not path:
        raise Skip(f"{name} is not installed")
    return path


class Rsyslog:
    """A real rsyslogd that listens on a local socket and forwards by the given action."""

    def __init__(self, folder, action, modules=""):
        self.socket = folder / "log"
        configuration = folder / "rsyslog.conf"
        configuration.write_text(f"""
global(workDirectory="{folder}" maxMessageSize="16k")
module(load="imuxsock" SysSock.Use="off")
{modules}
input(type="imuxsock" Socket="{self.socket}" CreatePath="off" RateLimit.Interval="0" UseSysTimeStamp="off" UsePIDFromSystem="off")
template(name="rfc5424" type="string" string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% %APP-NAME% %PROCID% %MSGID% %STRUCTURED-DATA% %msg:2:$%\\n")
{action}
""")
        self.process = subprocess.Popen([tool("rsyslogd"), "-n", "-f", configuration, "-i",
                                         folder / "pid"], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        until = time.time() + 10
        while not self.socket.exists():
            if time.time() > until or self.process.poll() is not None:
                raise Skip("rsyslogd does not start here")
            time.sleep(0.05)

    def log(self, *messages):
        for message in messages:
            subprocess.run([tool("logger"), "-u", self.socket, "-p", "auth.info", "-t", "sshd",
                            message], check=True)

    def log_many(self, count):
        text = "".join(f"line {i}\n" for i in range(count))
        subprocess.run([tool("logger"), "-u", self.socket, "-t", "many"], input=text, text=True,
                       check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


FAILED = "Failed password for root from 203.0.113.77 port 4022 ssh2"


def check(condition, why):
    if not condition:
        raise AssertionError(why)


def is_sshd(event, protocol):
    check(event["decoder"] == "sshd", f"decoder is {event['decoder']}: {event['raw']}")
    check(event["protocol"] == protocol, f"protocol is {event['protocol']}")
    check(event["raw"].endswith(FAILED), event["raw"])
    check(event["source"].startswith("so-tttt."), event["source"])


def test_logger(folder):
    "logger: UDP and TCP, RFC 3164 and RFC 5424, and its octet counting"
    with Sink() as sink:
        for way, port, protocol in (("-d", "udp", "syslog-udp"), ("-T", "tcp", "syslog-tcp")):
            for form in (["--rfc3164"], ["--rfc5424"], ["--rfc5424", "--octet-count"]):
                subprocess.run([tool("logger"), "-n", "127.0.0.1", "-P", str(sink.port[port]), way, *form,
                                "-t", "sshd", "-p", "auth.info", FAILED], check=True)
                if way == "-d" and "--octet-count" in form:
                    sink.next()  # a datagram has no framing: it is taken as it stands
                    continue
                is_sshd(sink.next(), protocol)


def forward(sink, port, more=""):
    return f'action(type="omfwd" target="127.0.0.1" port="{sink.port[port]}" template="rfc5424" {more})'


def test_rsyslog_udp(folder):
    "rsyslog by UDP"
    with Sink() as sink, Rsyslog(folder, forward(sink, "udp", 'protocol="udp"')) as rsyslog:
        rsyslog.log(FAILED)
        is_sshd(sink.next(), "syslog-udp")


def test_rsyslog_tcp(folder):
    "rsyslog by TCP, lines ended by LF, and by counted octets"
    for n, framing in enumerate(("traditional", "octet-counted")):
        place = folder / str(n)
        place.mkdir()
        with Sink() as sink, Rsyslog(place, forward(
                sink, "tcp", f'protocol="tcp" TCP_Framing="{framing}"')) as rsyslog:
            rsyslog.log(FAILED)
            is_sshd(sink.next(), "syslog-tcp")
            rsyslog.log_many(3000)
            got = sorted(int(e["raw"].rsplit(" ", 1)[1]) for e in sink.take(3000))
            check(got == list(range(3000)), "lines are missing or double")


def certificate(folder):
    openssl = tool("openssl")
    subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
                   check=True, stderr=subprocess.DEVNULL)
    return folder / "certificate.pem", folder / "key.pem"


def test_rsyslog_tls(folder):
    "rsyslog by TLS (RFC 5425), our certificate checked by its name"
    if not pathlib.Path("/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_gtls.so").exists():
        raise Skip("rsyslog-gnutls is not installed")
    cert, key = certificate(folder)
    with Sink("--certificate", cert, "--key", key) as sink:
        modules = f'global(DefaultNetstreamDriver="gtls" DefaultNetstreamDriverCAFile="{cert}")'
        action = forward(sink, "tls", 'protocol="tcp" TCP_Framing="octet-counted" StreamDriver="gtls" '
                         'StreamDriverMode="1" StreamDriverAuthMode="x509/name" '
                         'StreamDriverPermittedPeers="localhost"')
        with Rsyslog(folder, action, modules) as rsyslog:
            rsyslog.log(FAILED)
            is_sshd(sink.next(), "syslog-tls")
            rsyslog.log_many(2000)
            got = sorted(int(e["raw"].rsplit(" ", 1)[1]) for e in sink.take(2000))
            check(got == list(range(2000)), "lines are missing or double")


def relp(port):
    return (f'action(type="omrelp" target="127.0.0.1" port="{port}" template="rfc5424" '
            'action.resumeRetryCount="-1" action.resumeInterval="1" queue.type="LinkedList" timeout="5")')


def needs_relp():
    if not pathlib.Path("/usr/lib/x86_64-linux-gnu/rsyslog/omrelp.so").exists():
        raise Skip("rsyslog-relp is not installed")


def test_rsyslog_relp(folder):
    "rsyslog by RELP: every line once, acknowledged after the commit"
    needs_relp()
    with Sink() as sink, Rsyslog(folder, relp(sink.port["relp"]),
                                 'module(load="omrelp")') as rsyslog:
        rsyslog.log(FAILED)
        is_sshd(sink.next(), "relp")
        rsyslog.log_many(3000)
        got = sorted(int(e["raw"].rsplit(" ", 1)[1]) for e in sink.take(3000))
        check(got == list(range(3000)), "lines are missing or double")


def test_curl(folder):
    "curl: JSON lines, gzip, zstd, a wrong token, chunked, an elastic bulk"
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
        status, answer = post(sink, "/events", folder / "plain", token="wrong")
        check(status == 401 and "token" in answer["error"], answer)
        (folder / "bulk").write_text('{"create":{}}\n{"b":2}\n{"index":{}}\n{"c":3}\n')
        status, answer = post(sink, "/_bulk", folder / "bulk", "Content-Type: application/x-ndjson")
        check(status == 200 and answer["errors"] is False, answer)
        check([list(i.items())[0][1]["status"] for i in answer["items"]] == [201, 201], answer)
        events = sink.take(8)
        check(all(e["source"] == "so-tttt.api" for e in events), events)


def test_many_idle(folder):
    "a hundred idle connections do no harm"
    import socket
    with Sink() as sink:
        idle = [socket.create_connection(("127.0.0.1", sink.port["tcp"])) for _ in range(100)]
        subprocess.run([tool("logger"), "-n", "127.0.0.1", "-P", str(sink.port["tcp"]), "-T", "-t", "sshd",
                        "-p", "auth.info", FAILED], check=True)
        is_sshd(sink.next(), "syslog-tcp")
        for connection in idle:
            connection.close()


def run():
    tests = [f for name, f in globals().items() if name.startswith("test_")]
    print(f"1..{len(tests)}")
    failed = 0
    for number, function in enumerate(tests, 1):
        with tempfile.TemporaryDirectory(prefix="haidang-intake.") as folder:
            try:
                function(pathlib.Path(folder))
                print(f"ok {number} - {function.__doc__}", flush=True)
            except Skip as why:
                print(f"ok {number} - {function.__doc__} # SKIP {why}", flush=True)
            except Exception:
                failed += 1
                print(f"not ok {number} - {function.__doc__}", flush=True)
                for line in traceback.format_exc().splitlines():
                    print(f"# {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(run())
