"""actors - the senders of these tests: stock programs, each in a folder of its own.

An actor that cannot be had here (a package that is missing, no network to fetch it) raises Skip.
What conflicts with an installed package (syslog-ng with rsyslog) is unpacked into a cache folder;
client libraries come by npm into tests/clients.
"""
import contextlib
import json
import os
import pathlib
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from haidang import HAIDANG, PATIENCE, ROOT, Failed, Server, Skip, check, free_port  # noqa: E402

BUILD = pathlib.Path(os.environ.get("HAIDANG_BUILD") or HAIDANG.parent)
SINK = BUILD / "tests" / "unit" / "intake" / "intake_sink"
CLIENTS = ROOT / "tests" / "clients"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "haidang-tests"
TOKEN = "secret"
FAILED = "Failed password for root from 203.0.113.77 port 4022 ssh2"


# ---- intake alone -----------------------------------------------------------------------------------

class Sink:
    """Intake with a stand-in for the archive (tests/unit/intake/intake_sink): what it stores comes out
    line by line, by .next()."""

    def __init__(self, *arguments):
        check(SINK.exists(), f"{SINK} is not built")
        self.process = subprocess.Popen([SINK, *map(str, arguments)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
        self.port = json.loads(self.process.stdout.readline())
        self.events, self.said = queue.Queue(), []
        for pipe, take in ((self.process.stdout, lambda line: self.events.put(json.loads(line))),
                           (self.process.stderr, self.said.append)):
            threading.Thread(target=self._read, args=(pipe, take), daemon=True).start()

    @staticmethod
    def _read(pipe, take):
        for line in pipe:
            take(line)

    def next(self, timeout=20):
        try:
            return self.events.get(timeout=timeout)
        except queue.Empty:
            raise Failed("waited in vain for an event; intake said:\n" + "".join(self.said[-10:])) from None

    def take(self, count, timeout=30):
        return [self.next(timeout) for _ in range(count)]

    def nothing_more(self, seconds=0.5):
        with contextlib.suppress(queue.Empty):
            raise Failed(f"an event too many: {self.events.get(timeout=seconds)}")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def memory(self):
        """Resident now, MiB."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0]) // 1024

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait(timeout=30)


class ListeningServer(Server):
    """A whole server with further listeners (relp, lumberjack …), and `extra` lines of configuration."""

    def __init__(self, *listeners, **options):
        self.listeners = listeners
        super().__init__(**options)

    def write_config(self, **changes):
        super().write_config(**changes)
        more = ""
        for name in self.listeners:
            self.ports.setdefault(name, free_port())
            more += f"  {name}: 127.0.0.1:{self.ports[name]}\n"
        text = self.config.read_text(encoding="utf-8")
        self.config.write_text(text.replace("listen:\n", "listen:\n" + more), encoding="utf-8")


def is_sshd(event, protocol):
    check(event["decoder"] == "sshd", f"decoder is {event['decoder']}: {event['raw']}")
    check(event["protocol"] == protocol, f"protocol is {event['protocol']}")
    check(event["raw"].rstrip().endswith(FAILED), event["raw"])
    check(event["source"].startswith("so-tttt."), event["source"])


def numbers(events):
    """The last word of each, sorted."""
    return sorted(int(e["raw"].rstrip().rsplit(" ", 1)[1]) for e in events)


def all_of(events, count):
    got = numbers(events)
    check(got == list(range(count)), f"lines are missing or double: {len(got)} came, {len(set(got))} differ")


def in_folder(function):
    """Calls the test with a folder of its own."""
    def run():
        with tempfile.TemporaryDirectory(prefix="haidang-intake.") as folder:
            function(pathlib.Path(folder))
    return run


# ---- programs ---------------------------------------------------------------------------------------

def tool(name):
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/lib/systemd")
    if not path:
        raise Skip(f"{name} is not installed")
    return path


def unpacked(*packages):
    """A tree with these Debian packages in it, not installed; fetched once."""
    place = CACHE / "+".join(packages)
    if (place / ".whole").exists():
        return place
    shutil.rmtree(place, ignore_errors=True)
    (place / "deb").mkdir(parents=True)
    done = subprocess.run([tool("apt-get"), "download", *packages], cwd=place / "deb", capture_output=True,
                          text=True, timeout=120)
    if done.returncode:
        raise Skip(f"{packages[0]} cannot be fetched: {done.stderr.strip()[-100:]}")
    for package in (place / "deb").glob("*.deb"):
        subprocess.run([tool("dpkg-deb"), "-x", package, place], check=True)
    (place / ".whole").touch()
    return place


def node(script, *arguments, timeout=60, **environment):
    """A program of tests/clients with its libraries; what it printed, as JSON lines."""
    lock, made = CLIENTS / "package-lock.json", CLIENTS / "node_modules/.package-lock.json"
    if not (made.exists() and made.stat().st_mtime >= lock.stat().st_mtime):
        done = subprocess.run([tool("npm"), "install", "--no-save", "--no-audit", "--no-fund", "--silent"],
                              cwd=CLIENTS, capture_output=True, text=True, timeout=240)
        if done.returncode:
            raise Skip("the client libraries cannot be installed: " + done.stderr.strip()[-200:])
        made.touch()
    done = subprocess.run([tool("node"), CLIENTS / script, *map(str, arguments)], capture_output=True, text=True,
                          timeout=timeout, env={**os.environ, **environment})
    check(done.returncode == 0, f"{script} ended with {done.returncode}: {done.stdout[-500:]}{done.stderr[-1500:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


class Program:
    """A daemon in the foreground until the `with` ends."""

    def start(self, command, ready, what, **options):
        self.process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True, **options)
        self.said = []
        threading.Thread(target=lambda: self.said.extend(self.process.stderr), daemon=True).start()
        until = time.time() + PATIENCE
        while not ready():
            if time.time() > until or self.process.poll() is not None:
                self.stop()  # it is there, so a configuration of ours is wrong
                raise Failed(f"{what} does not start: {''.join(self.said)[-1000:]}")
            time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def log(self, *messages, tag="sshd", priority="auth.info"):
        for message in messages:
            subprocess.run([tool("logger"), "-u", self.socket, "-p", priority, "-t", tag, message], check=True)

    def log_many(self, count, tag="many", first=0):
        text = "".join(f"line {i}\n" for i in range(first, first + count))
        subprocess.run([tool("logger"), "-u", self.socket, "-t", tag], input=text, text=True, check=True)


class Rsyslog(Program):
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
        self.start([tool("rsyslogd"), "-n", "-f", configuration, "-i", folder / "pid"], self.socket.exists,
                   "rsyslogd")

    @staticmethod
    def needs(module, package):
        if not list(pathlib.Path("/usr/lib").glob(f"*/rsyslog/{module}.so")):
            raise Skip(f"{package} is not installed")


class SyslogNg(Program):
    """A real syslog-ng, unpacked beside rsyslog, that listens on a local socket and sends to `destination`
    (the inside of its destination {} block)."""

    def __init__(self, folder, destination, library=""):
        tree = unpacked("syslog-ng-core", "syslog-ng-mod-http", "syslog-ng-scl", "libivykis0", "libnet1")
        modules = next(tree.glob("usr/lib/syslog-ng/*.*/"))
        self.socket = folder / "log"
        configuration = folder / "syslog-ng.conf"
        configuration.write_text(f"""@version: {modules.name}
@define allow-config-dups 1
{f'@include "{tree}/usr/share/syslog-ng/include/scl/{library}"' if library else ""}
options {{ keep-hostname(yes); stats-freq(0); time-reopen(1); flush-lines(100); }};
source s_local {{ unix-dgram("{self.socket}"); }};
destination d_haidang {{ {destination} }};
log {{ source(s_local); destination(d_haidang); flags(flow-control); }};
""")
        libraries = f"{tree}/usr/lib/syslog-ng:{tree}/usr/lib/x86_64-linux-gnu"
        for name in ("var", "share"):
            (folder / name).mkdir(exist_ok=True)
        self.start([tree / "usr/sbin/syslog-ng", "--foreground", "--no-caps", "--cfgfile", configuration,
                    "--persist-file", folder / "persist", "--control", folder / "control",
                    "--pidfile", folder / "ng.pid", "--module-path", modules],
                   self.socket.exists, "syslog-ng", cwd=folder,
                   env={**os.environ, "LD_LIBRARY_PATH": libraries})


def forward(port, more=""):
    return f'action(type="omfwd" target="127.0.0.1" port="{port}" template="rfc5424" {more})'


def relp(port, more=""):
    return (f'action(type="omrelp" target="127.0.0.1" port="{port}" template="rfc5424" timeout="5" '
            f'action.resumeRetryCount="-1" action.resumeInterval="1" {more or "queue.type=" + chr(34) + "LinkedList" + chr(34)})')


def certificate(folder):
    """A server's own for localhost: certificate, key."""
    subprocess.run([tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
                   check=True, stderr=subprocess.DEVNULL)
    return folder / "certificate.pem", folder / "key.pem"


def connected(port, timeout=20):
    return socket.create_connection(("127.0.0.1", port), timeout=timeout)
