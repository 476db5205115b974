#!/usr/bin/env python3
"""A relay between senders and the hub: the link cut, the relay, the pipeline and the whole server killed;
what a sender was told is stored is found at the hub exactly once."""
import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from haidang import HAIDANG, PATIENCE, ROOT, Server, _end_with_test, check, free_port, main, stamp, test, wait_for

WEB, JSON = "so-tttt.cong.web01", "so-tttt.cong.json"


def start_server():
    server = Server(start=False)
    server.ports["https"] = free_port()
    server.write_config(**{"listen.https": f"127.0.0.1:{server.ports['https']}",
                           "tls.names": "[127.0.0.1, localhost]",
                           "enrol.console": f"http://127.0.0.1:{server.ports['console']}",
                           "enrol.templates": ROOT / "enrol"})
    server.start()
    return server


class Relay:
    """`haidang relay` with the package that `haidang enrol` made; ports of its own."""

    def __init__(self, server, key="tram-1", agency="so-tttt", hub_port=None, **more):
        self.server, self.folder = server, server.place / key
        server.cli("enrol", key, "--relay-of", agency, "--out", server.place / f"{key}.zip", "--folder",
                   self.folder)
        with zipfile.ZipFile(server.place / f"{key}.zip") as pack:
            pack.extractall(server.place)
        done = subprocess.run(["sh", self.folder / "enrol.sh"], capture_output=True, text=True)
        check(done.returncode == 0, done.stderr)
        self.data = self.folder / "data"
        self.ports = {"syslog": free_port(), "http": free_port(), "relp": free_port()}
        text = (self.folder / "relay.yaml").read_text()
        # as it is, but for its folder and the ports, which other tests use too
        text = re.sub(r"^data:.*\n", "", re.sub(r"^listen:\n(  .*\n)+", "", text, flags=re.M), flags=re.M)
        for name in more:
            text = re.sub(rf"^{name}:.*\n", "", text, flags=re.M)
        if hub_port:
            text = text.replace(f":{server.ports['https']}", f":{hub_port}")
        text += f"data: {self.data}\nlisten:\n" + "".join(
            f"  {name}: 127.0.0.1:{self.ports[port]}\n" for name, port in
            (("syslog_tcp", "syslog"), ("syslog_udp", "syslog"), ("http", "http"), ("relp", "relp")))
        text += "".join(f"{name}: {value}\n" for name, value in more.items())
        self.config = self.folder / "test.yaml"
        self.config.write_text(text)
        self.log = self.folder / "relay.log"
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([HAIDANG, "relay", "--config", self.config], stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL, env=Server.environment(),
                                            preexec_fn=_end_with_test)

        def listening():
            check(self.process.poll() is None, self.log.read_text())
            with socket.create_connection(("127.0.0.1", self.ports["http"]), 1):
                return True
        wait_for("the relay to listen", listening)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def status(self):
        with contextlib.suppress(OSError, ValueError):
            return json.loads((self.data / "status.json").read_text())
        return {}

    def has_roster(self):
        wait_for("the relay's roster", lambda: "1 sources" in self.log.read_text() or
                 (self.data / "roster.json").exists())

    def post(self, rows, token, batch=None):
        headers = {"Content-Type": "application/x-ndjson", "Authorization": f"Bearer {token}"}
        if batch:
            headers["X-Batch-Id"] = batch
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["http"], timeout=10)
        with contextlib.closing(connection):
            connection.request("POST", "/events", "".join(json.dumps(r) + "\n" for r in rows), headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status

    def send(self, records, stream):
        """What the hub answers to these records, as from the beginning of that stream."""
        return subprocess.run(["curl", "-s", "--cacert", self.folder / "authority.pem", "--cert",
                               self.folder / "sender.pem", "--key", self.folder / "sender.key",
                               "-H", f"X-Relay-Stream: {stream}", "-H", "X-Relay-Place: 1", "--data-binary", "@-",
                               f"https://127.0.0.1:{self.server.ports['https']}/relay/records"],
                              input=b"HDR1" + records, capture_output=True).stdout

    def syslog(self, lines):
        with socket.create_connection(("127.0.0.1", self.ports["syslog"]), PATIENCE) as s:
            s.sendall("".join(line + "\n" for line in lines).encode())


def record(source, sender, raw, cut=False):
    """One record by syslog, as src/event/relayed.h lays it out."""
    def text(value):
        return len(value.encode()).to_bytes(4, "little") + value.encode()
    return text(source) + text(sender) + text("") + bytes([3 if cut else 2]) + \
        time.time_ns().to_bytes(8, "little") + text(raw)


def line(text, host="srv-web-01"):
    return f"<38>1 {stamp()} {host} sshd 77 - - {text}"


def found(server, word):
    """How often each event with that word is in the archive, by its number."""
    done = server.cli("search", word, "--json", "--limit", "100000", expect=None)
    numbers = {}
    for row in done.stdout.splitlines():
        with contextlib.suppress(ValueError):
            event = json.loads(row)
            if "raw" in event:
                number = int(event["raw"].split(word + "-")[1].split('"')[0].split()[0])
                numbers[number] = numbers.get(number, 0) + 1
    return numbers


SERVER = start_server()


@test("events keep their own source; receipt at the relay counts; the hub knows by which relay they came")
def _():
    relay = Relay(SERVER, "tram-nguon")
    relay.has_roster()
    relay.syslog([line("relayone hello")])
    check(relay.post([{"message": "relaytwo"}], SERVER.token(JSON)) == 200, "the relay refuses the token")
    one = wait_for("the syslog line", lambda: SERVER.search("relayone"))[0]
    two = wait_for("the posted event", lambda: SERVER.search("relaytwo"))[0]
    check(one["source"] == WEB and two["source"] == JSON, f"{one['source']}, {two['source']}")
    check(one["agency"] == "so-tttt", one["agency"])
    check(SERVER.search("relay:tram-nguon relayone"), "its relay is no field")
    check(relay.stop() == 0, "the relay does not end in order")
    listed = SERVER.user("lead").wanted("/relays")["items"]
    check(any(r["key"] == "tram-nguon" and r["sources"] > 1 for r in listed), listed)


@test("a relay of one agency cannot hand on events as of another: they go to quarantine")
def _():
    other = next(row.split(",")[0] for row in
                 (ROOT / "examples/khanh-hoa-2019/sources.csv").read_text().splitlines()[1:]
                 if not row.startswith("so-tttt."))
    relay = Relay(SERVER, "tram-la", agency="so-tttt")
    relay.has_roster()
    known = json.loads((relay.data / "roster.json").read_text().rsplit("sha256:", 1)[0])["sources"]
    check(known and all(s["agency"] == "so-tttt" for s in known), "it was told of other agencies' sources")
    relay.stop()
    # forged: the roster that it believes names the other agency's source for this sender
    answer = relay.send(record(other, "127.0.0.1", "relayforged x"), stream="forged")
    check(b'"stored":1' in answer, answer)
    event = wait_for("the event", lambda: SERVER.search("class:quarantine relayforged"))[0]
    check(not event.get("source") and not event.get("agency"), event)
    # a source's certificate is no relay's
    SERVER.cli("enrol", JSON, "--out", SERVER.place / "s.zip", "--folder", SERVER.place / "quelle")
    with zipfile.ZipFile(SERVER.place / "s.zip") as pack:
        pack.extractall(SERVER.place)
    subprocess.run(["sh", SERVER.place / "quelle/enrol.sh"], check=True, capture_output=True)
    time.sleep(1)
    done = subprocess.run(["curl", "-s", "--cacert", relay.folder / "authority.pem", "--cert",
                           SERVER.place / "quelle/sender.pem", "--key", SERVER.place / "quelle/sender.key",
                           f"https://127.0.0.1:{SERVER.ports['https']}/relay/roster"], capture_output=True)
    check(b"for relays" in done.stdout, done.stdout)


@test("the pieces of a long record of a sender that the relay does not know are one source's at the hub")
def _():
    relay = Relay(SERVER, "tram-dai")
    relay.stop()
    here, there = "127.0.0.1", "203.0.113.9"
    answer = relay.send(record("", here, line("relaypiece-0 begins"), cut=True) +
                        record("", there, "relaypiece-1 of another sender") +
                        record("", here, "Nov 24 07:31:02 other relaypiece-2 goes on", cut=True) +
                        record("", here, "relaypiece-3 ends") +
                        record("", here, "relaypiece-4 of no host"), stream="dai")
    check(b'"stored":5' in answer, answer)
    wait_for("all of them", lambda: len(found(SERVER, "relaypiece")) == 5)
    sources = {row["raw"].split("relaypiece-")[1][0]: row.get("source") or "" for row in SERVER.search("relaypiece")}
    check(sources == {"0": WEB, "1": "", "2": WEB, "3": WEB, "4": ""}, sources)


class Cuts:
    """A TCP way between relay and hub that can be cut, and that can lose the hub's answers."""

    def __init__(self, port):
        self.to, self.deaf, self.open = port, False, True
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lost = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            if not self.open:
                client.close()
                continue
            try:
                hub = socket.create_connection(("127.0.0.1", self.to), 5)
            except OSError:
                client.close()
                continue
            for a, b, back in ((client, hub, False), (hub, client, True)):
                threading.Thread(target=self.pump, args=(a, b, back), daemon=True).start()

    def pump(self, a, b, back):
        with contextlib.suppress(OSError):
            while data := a.recv(65536):
                if not self.open or (back and self.deaf):
                    self.lost += 1
                    break
                b.sendall(data)
        for s in (a, b):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)


@test("link cut, answers lost, kill -9 of relay, pipeline and server: what was acknowledged is there once")
def _():
    server = start_server()
    cuts = Cuts(server.ports["https"])
    relay = Relay(server, "tram-dut", hub_port=cuts.port)
    relay.has_roster()
    token = server.token(JSON)
    acknowledged, unsure, ends = set(), set(), threading.Event()

    def send(start):
        """Batches of twenty, each sent until it is acknowledged, under a mark of its own."""
        number = start
        while not ends.is_set():
            numbers = range(number, number + 20)
            rows = [{"message": f"relaykill-{n}"} for n in numbers]
            while True:
                try:
                    status = relay.post(rows, token, batch=f"b{number}")
                    if status == 200:
                        acknowledged.update(numbers)
                        break
                except (OSError, http.client.HTTPException):
                    pass
                unsure.update(numbers)
                if ends.is_set():
                    return
                time.sleep(0.05)
            number += 20
            time.sleep(0.02)

    senders = [threading.Thread(target=send, args=(k * 1_000_000,)) for k in range(3)]
    for sender in senders:
        sender.start()
    time.sleep(0.7)
    cuts.open = False                       # the link is down
    time.sleep(0.8)
    relay.kill()                            # … and the relay dies with what it holds
    relay.start()
    time.sleep(0.4)
    cuts.open = True
    wait_for("something to arrive", lambda: found(server, "relaykill"))
    for _ in range(2):
        cuts.deaf = True                    # the hub stores, its answer is lost …
        time.sleep(0.4)
        pid = server.kill("pipeline")       # … and then it forgets everything that is not on disk
        cuts.deaf = False
        server.wait_role("pipeline", other_than=pid)
        time.sleep(0.4)
        relay.kill()
        relay.start()
        time.sleep(0.4)
    os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()
    time.sleep(0.5)
    server.start()
    time.sleep(0.3)
    ends.set()
    for sender in senders:
        sender.join(PATIENCE)
    check(len(acknowledged) > 500, f"only {len(acknowledged)} events were acknowledged")
    check(cuts.lost > 0, "no answer was lost: the test tries nothing")
    wait_for("the buffer to be empty", lambda: relay.status().get("waiting") == 0 and
             relay.status().get("sent", 0) + 1, PATIENCE)
    # what was on the way when the last sender ended is given a moment
    wait_for("all of it", lambda: acknowledged <= set(found(server, "relaykill")))
    numbers = found(server, "relaykill")
    twice = {n: times for n, times in numbers.items() if times > 1}
    check(not twice, f"{len(twice)} events stand there more than once: {sorted(twice)[:10]}")
    strange = set(numbers) - acknowledged - unsure
    check(not strange, f"events that nobody sent: {sorted(strange)[:5]}")
    print(f"# {len(acknowledged)} events acknowledged, {len(numbers)} found, each once; "
          f"{cuts.lost} connections cut in an answer")
    relay.stop()
    server.remove()


@test("a marked request sent again after kill -9 of the pipeline is stored once, without any relay")
def _():
    token = SERVER.token(JSON)
    rows = "".join(json.dumps({"message": f"relaymark-{n}"}) + "\n" for n in range(3000)).encode()

    def post():
        connection = http.client.HTTPConnection("127.0.0.1", SERVER.ports["http"], timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request("POST", "/events", rows, {"Authorization": f"Bearer {token}",
                                                         "X-Batch-Id": "lan-1"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
    check(post()[0] == 200, "it was not stored")
    for _ in range(2):
        pid = SERVER.kill("pipeline")
        SERVER.wait_role("pipeline", other_than=pid)
        status, body = wait_for("an answer", lambda: (lambda a: a if a[0] == 200 else None)(post()))
        check(body["accepted"] == 3000, body)
    numbers = found(SERVER, "relaymark")
    check(len(numbers) == 3000 and set(numbers.values()) == {1},
          f"{len(numbers)} found, {sum(numbers.values())} in all")


@test("the buffer is bounded: when it is full senders are asked to wait, and nothing acknowledged is lost")
def _():
    server = start_server()
    cuts = Cuts(server.ports["https"])
    relay = Relay(server, "tram-day", hub_port=cuts.port, buffer="1M")
    relay.has_roster()
    token, acknowledged = server.token(JSON), set()
    cuts.open = False
    refused = 0
    for batch in range(400):
        numbers = range(batch * 50, batch * 50 + 50)
        # of little use to compress, so that a megabyte is soon full
        status = relay.post([{"message": f"relayfull-{n}", "noise": os.urandom(400).hex()} for n in numbers], token)
        if status == 200:
            acknowledged.update(numbers)
        else:
            check(status in (429, 503), f"it answered {status}")
            refused += 1
            if refused == 3:
                break
    check(refused == 3, "it took more than its buffer")
    size = sum(p.stat().st_size for p in relay.data.glob("spool.db*"))
    check(size < 40 << 20, f"its files have {size >> 20} MiB")
    done = subprocess.run([HAIDANG, "relay", "status", "--config", relay.config, "--json"], capture_output=True,
                          text=True)
    check(done.returncode == 1 and not json.loads(done.stdout)["hub_answers"], done.stdout + done.stderr)
    cuts.open = True
    wait_for("all of it", lambda: acknowledged <= set(found(server, "relayfull")), PATIENCE * 2)
    numbers = found(server, "relayfull")
    check(set(numbers.values()) == {1}, "some stand there twice")
    relay.stop()
    server.remove()


@test("W3C logs with headers of their own are read by them at the hub: two at once, through cuts and kills")
def _():
    server = start_server()
    cuts = Cuts(server.ports["https"])
    logs = {"a": server.place / "u_ex.log", "b": server.place / "msgtrk.log"}
    forms = {"a": "{n} GET relayw3c-{n} agent-a-{n} 200", "b": "relayw3c-{n},agent-b-{n},{n}"}
    headers = {"a": "#Software: tep\n#Fields: x-number cs-method cs-uri-stem cs(User-Agent) sc-status\n",
               "b": "#Software: tep\n#Fields: cs-uri-stem,cs(User-Agent),x-number\n"}
    written = 0

    def write(count, **other):
        """Lines of both logs by turns, so that headers change within a batch."""
        nonlocal written
        for _ in range(count):
            written += 1
            log = "ab"[written % 2]
            with logs[log].open("a") as file:
                file.write(other.get(log, forms[log]).format(n=written) + "\n")

    def seen():
        """What was read of each line: how often it is there, and by which agents."""
        rows = {}
        for row in server.search("relayw3c", "--limit", "10000"):
            fields = row["fields"]
            rows.setdefault(fields.get("cs-uri-stem"), []).append(fields.get("c-useragent"))
        return rows

    for log, path in logs.items():
        path.write_text(headers[log])
    relay = Relay(server, "tram-w3c", hub_port=cuts.port,
                  files=f"[{WEB} {logs['a']}, {JSON} {logs['b']}]")
    relay.has_roster()
    write(40)
    wait_for("the first lines", lambda: len(seen()) == 40)
    time.sleep(1.5)                         # how far it has read is saved each second
    cuts.open = False
    relay.kill()                            # the next lines stand in the middle of their files
    write(40)
    relay.start()
    wait_for("lines to wait on disk", lambda: relay.status().get("waiting", 0) >= 40)
    relay.kill()                            # … and those that wait are sent by another run
    cuts.deaf = cuts.open = True            # the hub stores, its answer is lost …
    relay.start()
    wait_for("an answer to be lost", lambda: cuts.lost)
    pid = server.kill("pipeline")           # … and it forgets what is not on disk
    server.wait_role("pipeline", other_than=pid)
    cuts.deaf = False
    wait_for("the lines behind the cut", lambda: len(seen()) == 80)
    with logs["b"].open("a") as file:       # another header within the file
        file.write("#Fields: x-number cs(User-Agent) cs-uri-stem\n")
    write(40, b="{n} agent-b-{n} relayw3c-{n}")
    os.rename(logs["a"], f"{logs['a']}.1")  # and a rotated one
    logs["a"].write_text("#Fields: cs(User-Agent) cs-uri-stem\n")
    write(40, a="agent-a-{n} relayw3c-{n}", b="{n} agent-b-{n} relayw3c-{n}")
    wait_for("all lines", lambda: len(seen()) == written)
    expected = {f"relayw3c-{n}": [f"agent-{'ab'[n % 2]}-{n}"] for n in range(1, written + 1)}
    wrong = {stem: agents for stem, agents in seen().items() if agents != expected.get(stem)}
    check(not wrong, f"{len(wrong)} lines are read wrongly, or stand there twice: {list(wrong.items())[:5]}")
    body = "#Fields: cs-uri-stem c-ip\nrelayposted 10.9.8.7\n"
    connection = http.client.HTTPConnection("127.0.0.1", relay.ports["http"], timeout=10)
    with contextlib.closing(connection):
        connection.request("POST", "/events", body, {"Content-Type": "text/plain",
                                                     "Authorization": f"Bearer {server.token(JSON)}"})
        check(connection.getresponse().status == 200, "the relay refuses the log")
    wait_for("the posted line", lambda: [row for row in server.search("relayposted")
                                         if row["fields"].get("cs-uri-stem") == "relayposted"])
    relay.stop()
    server.remove()


main()
