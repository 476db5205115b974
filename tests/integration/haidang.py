"""haidang - a whole server for a test, its actors, and how a test is written.

    from haidang import Server, check, test, wait_for, main

    @test("after a kill nothing acknowledged is missing")
    def _():
        with Server() as server:
            ...
            check(found == sent, f"{len(found)} of {len(sent)} found")

    if __name__ == "__main__":
        main()

A test is a sentence and a function; main() runs them in order and prints TAP. Standard library only.
The program is $HAIDANG, else build/haidang. A server has a data folder and ports of its own, so tests
can run beside each other; its log is shown when a test fails.
"""
import contextlib
import ctypes
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HAIDANG = pathlib.Path(os.environ.get("HAIDANG") or ROOT / "build" / "haidang").resolve()
EXAMPLE = ROOT / "examples" / "khanh-hoa-2019"
PATIENCE = float(os.environ.get("HAIDANG_PATIENCE", "60"))  # sanitizers on a busy machine are slow


# ---- how a test is written ------------------------------------------------------------------------

class Failed(Exception):
    """A check that did not hold."""


class Skip(Exception):
    """Cannot run here, and why."""


_tests = []
_servers = []


def test(sentence):
    def add(function):
        _tests.append((sentence, function))
        return function
    return add


def check(condition, why="it does not hold"):
    if not condition:
        raise Failed(why)


def wait_for(what, look, seconds=None):
    """look() again and again until it gives something true; that is returned."""
    end = time.monotonic() + (seconds or PATIENCE)
    fault = None
    while True:
        try:
            found = look()
            fault = None
            if found:
                return found
        except (OSError, http.client.HTTPException, Failed) as error:
            fault = error
        if time.monotonic() > end:
            raise Failed(f"waited in vain for {what}" + (f": {fault}" if fault else ""))
        time.sleep(0.1)


def main():
    print(f"1..{len(_tests)}", flush=True)
    failed = 0
    shared = list(_servers)  # made by the module for all its tests
    for number, (sentence, function) in enumerate(_tests, 1):
        outcome, notes = "ok", ""
        try:
            function()
        except Skip as skip:
            sentence += f" # SKIP {skip}"
        except BaseException as error:  # a test must not end the others
            outcome, failed = "not ok", failed + 1
            notes = str(error) if isinstance(error, Failed) else traceback.format_exc()
            for server in _servers:
                notes += f"\n--- log of the server in {server.data}\n" + server.log_tail(60)
            if isinstance(error, KeyboardInterrupt):
                raise
        finally:
            for server in [s for s in _servers if s not in shared]:
                server.remove()
        print(f"{outcome} {number} - {sentence}", flush=True)
        for line in notes.splitlines():
            print("# " + line, flush=True)
    for server in shared:
        server.remove()
    sys.exit(1 if failed else 0)


# ---- the server --------------------------------------------------------------------------------------

def free_port():
    """A port that is free for TCP and UDP just now.

    Below the range from which the kernel takes ports for outgoing connections (ip(7)), so that no
    client of a test that runs beside this one gets it before the server binds it.
    """
    for _ in range(200):
        port = random.randrange(12000, 32000)
        with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, \
                contextlib.suppress(OSError):
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))
            return port
    raise Failed("no free port")


_libc = ctypes.CDLL(None)


def _end_with_test():
    """A test that is killed (a time limit) leaves no server behind: PR_SET_PDEATHSIG."""
    _libc.prctl(1, signal.SIGTERM)


class Server:
    """`haidang serve` in a folder of its own; the example province unless told otherwise."""

    def __init__(self, data=None, start=True, **options):
        self.own_folder = data is None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="haidang-")) if data is None else None
        self.data = pathlib.Path(data) if data else self.folder / "var"
        self.place = self.folder or self.data.parent
        self.ports = {name: free_port() for name in ("syslog", "http", "console")}
        self.options = options
        self.process = None
        self.passwords = {}
        self.log = self.place / "server.log"
        self.config = self.place / "haidang.yaml"
        self.write_config()
        _servers.append(self)
        if start:
            self.start()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.remove()

    # -- configuration

    def write_config(self, **changes):
        self.options.update(changes)
        o = {"plan": ROOT / "plans/802-kh-ubnd-2019", "regimes": ROOT / "regimes",
             "rules": ROOT / "rules", "decoders": ROOT / "decoders", "import": EXAMPLE,
             **self.options}
        lines = [f"data: {self.data}", "language: en", "listen:"]
        for option, port in (("syslog_udp", "syslog"), ("syslog_tcp", "syslog"), ("http", "http"),
                             ("console", "console")):
            lines.append(f"  {option}: 127.0.0.1:{self.ports[port]}")
        lines += [f"{name}: {value}" for name, value in o.items() if value is not None]
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")

    # -- life

    def start(self, wait=True):
        with open(self.log, "ab") as log:
            said = log.tell()
            self.process = subprocess.Popen(
                [str(HAIDANG), "serve", "--config", str(self.config)], cwd=ROOT, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True, env=self.environment(),
                preexec_fn=_end_with_test)
        if wait:
            self.wait_up()
            wait_for("the senders to be known", lambda: b"pipeline info: roster" in self.log.read_bytes()[said:])

    @staticmethod
    def environment():
        """The leak checker attaches to its own process, which the roles' walls forbid."""
        options = os.environ.get("ASAN_OPTIONS", "")
        return {**os.environ, "ASAN_OPTIONS": (options + ":" if options else "") + "detect_leaks=0"}

    def wait_up(self):
        """Console, and all roles that stay, are there."""
        def up():
            check(self.process.poll() is None,
                  f"the server ended with {self.process.returncode}:\n{self.log_tail(20)}")
            roles = self.roles()
            return all(roles.get(name, {}).get("state") == "running"
                       for name in ("pipeline", "hub", "reader")) and self.answers()
        return wait_for("the server to be up", up)

    def answers(self):
        return Client(self, None).get("/ping").status == 200

    def stop(self):
        """In order; the exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failed("the server does not stop") from None
        self.process = None
        return status

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def roles(self):
        with contextlib.suppress(OSError, ValueError):
            text = (self.data / "run" / "roles.json").read_text(encoding="utf-8")
            return {role["name"]: role for role in json.loads(text)}
        return {}

    def kill(self, role):
        """kill -9; returns the pid that was."""
        pid = self.roles()[role]["pid"]
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_role(self, role, other_than=0):
        """Its pid, once it runs under another one."""
        def running():
            state = self.roles().get(role, {})
            return state.get("state") == "running" and state.get("pid") != other_than and state["pid"]
        return wait_for(f"{role} to run again", running)

    def remove(self):
        if self in _servers:
            _servers.remove(self)
        if self.process and self.process.poll() is None:
            try:
                self.stop()
            except Failed:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def log_tail(self, lines=40):
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return ""

    # -- people and senders

    def cli(self, *arguments, given=None, expect=0):
        """haidang ARGUMENTS --config …; the finished process. expect None: any exit status."""
        words = [str(word) for word in arguments]
        at = words.index("--") if "--" in words else len(words)
        words[at:at] = ["--config", str(self.config)]
        done = subprocess.run([str(HAIDANG), *words], cwd=ROOT, input=given, capture_output=True,
                              text=True, timeout=PATIENCE * 2,
                              stdin=subprocess.DEVNULL if given is None else None,
                              env={**os.environ, "HAIDANG_LANGUAGE": "en"})
        if expect is not None:
            check(done.returncode == expect, f"haidang {' '.join(words)} ended with {done.returncode}"
                  f" and not {expect}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done

    def user(self, role, agency=None):
        """A logged-in client of that role; the user is made when there is none yet."""
        name = f"thu-{role}-{agency}".replace("-None", "").replace(".", "-")
        if name not in self.passwords:
            words = ["user", "add", name, "--role", role, "--json"]
            done = self.cli(*words, *(["--agency", agency] if agency else []))
            self.passwords[name] = json.loads(done.stdout)["password"]
        return Client(self, name, self.passwords[name])

    def token(self, source):
        """Of an HTTP source: made at the first start."""
        path = self.data / "secrets" / "tokens" / source
        return wait_for(f"the token of {source}", lambda: path.exists() and path.read_text().strip())

    def search(self, query, *options):
        """Events by `haidang search`, as dictionaries."""
        done = self.cli("search", query, "--json", *options, expect=None)
        check(done.returncode in (0, 1), f"haidang search ended with {done.returncode}: {done.stderr}")
        found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return [event for event in found if "raw" in event]

    # -- actors

    def syslog_tcp(self, lines, octets=False):
        with socket.create_connection(("127.0.0.1", self.ports["syslog"]), timeout=PATIENCE) as s:
            for line in lines:
                data = line.encode() if isinstance(line, str) else line
                s.sendall(b"%d %s" % (len(data), data) if octets else data + b"\n")

    def syslog_udp(self, lines):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for line in lines:
                s.sendto(line.encode() if isinstance(line, str) else line,
                         ("127.0.0.1", self.ports["syslog"]))

    def post(self, body, token, path="/events", kind="application/x-ndjson"):
        """A batch to the HTTP intake: lines (dictionaries) or bytes."""
        if not isinstance(body, (bytes, str)):
            body = "".join(json.dumps(row) + "\n" for row in body)
        if isinstance(body, str):
            body = body.encode()
        headers = {"Content-Type": kind}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["http"], timeout=PATIENCE)
        with contextlib.closing(connection):
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request("POST", path, body, headers)  # refused before it was all sent
            return Reply(connection.getresponse())


class Reply:
    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.bytes = response.read()

    @property
    def json(self):
        return json.loads(self.bytes) if self.bytes else None

    def __repr__(self):
        return f"{self.status} {self.bytes[:500]!r}"


class Client:
    """Somebody at the API. Without a name: nobody. Logs in at the first call that needs it."""

    def __init__(self, server, name, password=None):
        self.server, self.name, self.password = server, name, password
        self.cookie = self.csrf = None

    def log_in(self):
        reply = self.call("POST", "/session", {"name": self.name, "password": self.password}, raw=True)
        check(reply.status == 200, f"{self.name} cannot log in: {reply}")
        self.cookie = reply.headers["Set-Cookie"].split(";")[0]
        self.csrf = reply.json["csrf"]
        return self

    def call(self, method, path, body=None, raw=False, **parameters):
        if self.name and not self.cookie and not raw:
            self.log_in()
        headers = {"Accept-Language": "en"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        if self.csrf and method != "GET":
            headers["X-Haidang-Csrf"] = self.csrf
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        if parameters:
            path += "?" + urllib.parse.urlencode(parameters)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.ports["console"],
                                                timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request(method, "/api/v1" + path, body, headers)
            return Reply(connection.getresponse())

    def get(self, path, **parameters):
        return self.call("GET", path, **parameters)

    def post(self, path, body=None):
        return self.call("POST", path, body)

    def wanted(self, path, **parameters):
        """GET whose answer must be 200; its JSON."""
        reply = self.get(path, **parameters)
        check(reply.status == 200, f"GET {path}: {reply}")
        return reply.json


def stamp(seconds_ago=0):
    """RFC 3339 in UTC, as RFC 5424 headers want it."""
    at = time.time() - seconds_ago
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1e6):06d}Z"


def ssh_failure(host, address, user="root", port=4711, ago=0):
    """A line as OpenSSH writes it, in an RFC 5424 frame."""
    return (f"<86>1 {stamp(ago)} {host} sshd 815 - - Failed password for {user} "
            f"from {address} port {port} ssh2")
