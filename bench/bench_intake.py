#!/usr/bin/env python3
"""The whole way from a sender's socket to the synced archive, all rules tried: beside rsyslog, which
only writes files, and beside the detection engine alone.

A figure is events per second of processor time, summed over all processes of the program (the sender
is not counted), from the first byte until the program is quiet again: what is done later, such as
sealing, is paid too. Rows as bench/run wants them."""
import argparse
import concurrent.futures
import contextlib
import gzip
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared/data"
WINDOWS, SIGMA = SHARED / "events/windows-attack.jsonl.zst", SHARED / "sigma/rules"
TICKS = os.sysconf("SC_CLK_TCK")
ROUNDS = 3
HTTP_SOURCE = "so-tttt.cong.json"


def say(**row):
    print(json.dumps(row, ensure_ascii=False), flush=True)


# ---- processor time ---------------------------------------------------------------------------------

def family(root):
    """A process and all that descend from it."""
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def processor_time(root):
    """Seconds, user and system, of the family and of its children that have ended."""
    total = 0
    for pid in family(root):
        with contextlib.suppress(OSError):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += sum(int(field) for field in fields[11:15])
    return total / TICKS


def quiet(root, done=lambda: True, patience=240):
    """Waits until done() and the family has used under 2 % of a processor for a second."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        before = processor_time(root)
        time.sleep(1)
        if processor_time(root) - before < 0.02 and done():
            return processor_time(root)
    raise SystemExit("a program under measure does not come to rest")


# ---- the stream of syslog ---------------------------------------------------------------------------

HOSTS = ["srv-web-01", "srv-web-02", "fw-01", "mc-app-01", "vb-app-01", "kt-app-01", "dd-db-01"]


def web(r, address):
    path = r.choice(["/tin-tuc", "/dich-vu-cong/ho-so", "/api/v1/van-ban", "/static/app.js", "/tra-cuu"])
    return (30, "nginx", f'{address} - - [24/Nov/2026:07:31:{r.randrange(60):02d} +0700] "GET {path}/'
            f'{r.randrange(99999)} HTTP/1.1" {r.choice([200, 200, 200, 304, 404])} {r.randrange(90000)} "-" '
            '"Mozilla/5.0 (X11; Linux x86_64)"')


def firewall(r, address):
    return (4, "kernel", f"[{r.randrange(900000)}.{r.randrange(999999):06d}] FW-DROP IN=eth0 OUT= SRC={address} "
            f"DST=10.20.{r.randrange(9)}.{r.randrange(254)} LEN=60 TTL=52 PROTO=TCP SPT={r.randrange(65000)} "
            f"DPT={r.choice([80, 443, 8080, 25])} SYN")


def ssh(r, address):
    return (86, "sshd", f"Accepted publickey for van{r.randrange(40)} from 10.20.3.{r.randrange(254)} port "
            f"{r.randrange(65000)} ssh2: ED25519 SHA256:{r.randbytes(24).hex()}")


def failure(r, address):
    return (86, "sshd", f"Failed password for invalid user u{r.randrange(9999)} from {address} port "
            f"{r.randrange(65000)} ssh2")


def unit(r, address):
    return (30, "systemd", f"session-{r.randrange(9999)}.scope: Deactivated successfully after "
            f"{r.randrange(99)}.{r.randrange(999)}s; consumed {r.randrange(900)}ms CPU time of the slice")


def cron(r, address):
    return (78, "CRON", f"(root) CMD (test -x /usr/lib/{r.choice(['php', 'sysstat'])}/run-{r.randrange(99)} && "
            "/usr/lib/run --quick --quiet >/dev/null 2>&1)")


def application(r, address):
    return (134, "qlvb", f"[INFO] van-ban {r.randrange(9999999)} chuyển tới phòng {r.randrange(40)} bởi "
            f"can-bo-{r.randrange(900)} trong {r.randrange(900)} ms, phiên {r.randbytes(8).hex()}")


KINDS = [web] * 40 + [firewall] * 25 + [ssh] * 9 + [failure] + [unit] * 10 + [cron] * 5 + [application] * 10


def syslog_lines(count):
    """Lines of a small estate, about 200 bytes each (RFC 5424); always the same."""
    r = random.Random(802)
    now, lines = time.time(), []
    for i in range(count):
        address = f"113.{r.randrange(160, 192)}.{r.randrange(255)}.{r.randrange(1, 255)}"
        priority, program, text = r.choice(KINDS)(r, address)
        at = now - 30 + 30 * i / count
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1e6):06d}Z"
        lines.append(f"<{priority}>1 {stamp} {r.choice(HOSTS)} {program} {r.randrange(300, 32000)} - - {text}\n")
    return "".join(lines).encode()


def send(port, stream):
    with socket.create_connection(("127.0.0.1", port), timeout=240) as s:
        s.sendall(stream)


# ---- rsyslog ----------------------------------------------------------------------------------------

PEERS = {
    "rsyslog to a file": 'action(type="omfile" file="{out}")',
    "rsyslog to a compressed file": 'action(type="omfile" file="{out}" zipLevel="6" veryRobustZip="off")',
    "rsyslog with a synced disk queue":
        'action(type="omfile" file="{out}" queue.type="Disk" queue.filename="q" queue.syncQueueFiles="on" '
        'queue.checkpointInterval="1024" queue.dequeueBatchSize="1024" queue.size="100000000" '
        'queue.maxDiskSpace="8g")',
}


def lines_of(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def rsyslog(folder, action, stream, count, free_port):
    """Events a second of processor time of a real rsyslogd that writes the stream."""
    folder.mkdir()
    port, out = free_port(), folder / "out"
    (folder / "conf").write_text(f"""
global(workDirectory="{folder}" maxMessageSize="16k")
module(load="imptcp")
input(type="imptcp" port="{port}" address="127.0.0.1")
{action.format(out=out)}
""")
    server = subprocess.Popen(["rsyslogd", "-n", "-f", folder / "conf", "-i", folder / "pid"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            break
        time.sleep(0.1)
    before = quiet(server.pid)
    send(port, stream)
    # a disk queue sleeps in fsync: at rest only when all is written (a compressed file tells at its end)
    used = quiet(server.pid, lambda: "zipLevel" in action or lines_of(out) >= count) - before
    server.terminate()
    server.wait(timeout=60)
    data = out.read_bytes()
    written = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).count(b"\n")
    if written < count:
        raise SystemExit(f"rsyslog wrote {written} of {count} lines")
    return count / used


# ---- ours -------------------------------------------------------------------------------------------

def stored(server):
    with contextlib.suppress(OSError, ValueError):
        return json.loads((server.data / "run/pipeline.json").read_text())["events"]
    return 0


def ours_syslog(server, stream, count):
    began = stored(server)
    before = quiet(server.process.pid)
    send(server.ports["syslog"], stream)
    return count / (quiet(server.process.pid, lambda: stored(server) - began >= count) - before)


def bench_syslog(haidang, count):
    if not shutil.which("rsyslogd") and not pathlib.Path("/usr/sbin/rsyslogd").exists():
        return say(skipped="rsyslogd is not installed")
    os.environ["PATH"] += ":/usr/sbin"
    stream = syslog_lines(count)
    reach = {"rsyslog to a file": "≥ 0.4", "rsyslog to a compressed file": "≥ 1",
             "rsyslog with a synced disk queue": "≥ 2"}
    rounds = {name: [] for name in PEERS}
    with tempfile.TemporaryDirectory(prefix="haidang-bench.") as folder:
        for number in range(ROUNDS):  # one after the other: the machine's own speed changes meanwhile
            with haidang.Server() as server:
                ours = ours_syslog(server, stream, count)
            for peer, (name, action) in enumerate(PEERS.items()):
                share = 8 if "disk queue" in name else 1  # it syncs so often that the whole takes minutes
                if share > 1 and number:
                    continue
                part = stream if share == 1 else syslog_lines(count // share)
                place = pathlib.Path(folder) / f"{number}.{peer}"
                rounds[name].append((ours, rsyslog(place, action, part, count // share, haidang.free_port)))
    for name, pairs in rounds.items():
        ratios = sorted(ours / peer for ours, peer in pairs)
        told = f", median of {len(pairs)} rounds ({ratios[0]:.2f} to {ratios[-1]:.2f})" if len(pairs) > 1 else ""
        ours, peer = (statistics.median(side) for side in zip(*pairs))
        say(what=f"syslog over TCP, {len(stream) // count}-byte RFC 5424: decoded, our rules, durable{told}",
            figure=f"{ours:.0f} events/s CPU", beside=name, peer=f"{peer:.0f} events/s CPU",
            ratio=statistics.median(ratios), reach=reach[name], command="bench/run --only intake")


# ---- Windows events over _bulk ------------------------------------------------------------------------

def bulks(lines, each):
    for at in range(0, len(lines), each):
        part = lines[at:at + each]
        yield len(part), b"".join(b'{"create":{}}\n' + line + b"\n" for line in part)


class Bulk:
    """One shipper: a connection that waits for each answer. Times are in .took."""

    def __init__(self, port, token):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
        self.took = []

    def post(self, body):
        began = time.monotonic()
        while True:
            self.connection.request("POST", "/_bulk", body, self.headers)
            reply = self.connection.getresponse()
            text = reply.read()
            if reply.status == 200:
                break
            if reply.status != 429:
                raise SystemExit(f"_bulk answered {reply.status} {text[:200]}")
            time.sleep(0.05)
        if b'"errors":false' not in text[:60]:
            raise SystemExit(f"_bulk answered {text[:200]}")
        self.took.append(time.monotonic() - began)


def ship(server, bodies, rate=None, shippers=4):
    """Sends all; at most `rate` events a second. The times of all answers and the seconds it took."""
    token, lock, began = server.token(HTTP_SOURCE), threading.Lock(), time.monotonic()
    queue, sent = iter(bodies), [0]

    def run(_):
        bulk = Bulk(server.ports["http"], token)
        while True:
            with lock:
                found = next(queue, None)
                if not found:
                    return bulk.took
                due = began + sent[0] / rate if rate else 0
                sent[0] += found[0]
            time.sleep(max(0, due - time.monotonic()))
            bulk.post(found[1])

    with concurrent.futures.ThreadPoolExecutor(shippers) as pool:
        took = sorted(t for part in pool.map(run, range(shippers)) for t in part)
    return took, time.monotonic() - began


def detect_alone(build, events, rules, count):
    """The engine's own `detect` over the same file: events a second of processor time, rules compiled."""
    with tempfile.TemporaryDirectory() as folder:
        command = [build / "haidang", "detect", "--threads", "1", "--rules", rules, "--compiled",
                   pathlib.Path(folder) / "compiled", "--json"]
        (pathlib.Path(folder) / "none.jsonl").write_text("{}\n")
        used = []
        for file in (pathlib.Path(folder) / "none.jsonl", pathlib.Path(folder) / "none.jsonl", events):
            child = subprocess.Popen([*command, file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                     cwd=ROOT)
            _, status, usage = os.wait4(child.pid, 0)
            if os.waitstatus_to_exitcode(status) not in (0, 1):
                raise SystemExit("haidang detect failed")
            used.append(usage.ru_utime + usage.ru_stime)
    return count / (used[2] - used[1])  # less what only starting costs


def bench_bulk(haidang, build):
    for path in (WINDOWS, SIGMA):
        if not path.exists():
            return say(skipped=f"{path.name} is not there (../shared/data)")
    if not shutil.which("zstd"):
        return say(skipped="zstd is not installed")
    with tempfile.TemporaryDirectory(prefix="haidang-bench.") as folder:
        events = pathlib.Path(folder) / "events.jsonl"
        subprocess.run(["zstd", "-dqf", WINDOWS, "-o", events], check=True)
        lines = events.read_bytes().splitlines()
        alone = detect_alone(build, events, SIGMA, len(lines))
        with haidang.Server(rules=SIGMA) as server:
            haidang.wait_for("the rules", lambda: re.search(r"[1-9]\d* rules in force|rules compiled",
                                                             server.log_tail(200)), 240)
            began = stored(server)
            before = quiet(server.process.pid)
            _, seconds = ship(server, bulks(lines, 500))
            ours = len(lines) / (quiet(server.process.pid, lambda: stored(server) - began >= len(lines)) - before)
            took, _ = ship(server, bulks(lines[:60000], 500), rate=len(lines) / seconds / 2)
    say(what="Windows JSON over _bulk, all Sigma rules, durable", figure=f"{ours:.0f} events/s CPU",
        beside="haidang detect on the same file", peer=f"{alone:.0f} events/s CPU", ratio=ours / alone,
        reach="≥ 0.4", command="bench/run --only intake")
    p99 = took[len(took) * 99 // 100] * 1000
    say(what="acknowledgement of _bulk (500 events) at half load, 99th percentile", figure=f"{p99:.0f} ms",
        beside="the limit set", peer="250 ms", ratio=p99 / 250, reach="≤ 1", command="bench/run --only intake")


def haidang_of(folder):
    """The integration tests' module for the program in that build; None, and said, where it is not built."""
    program = (ROOT / folder).resolve() / "haidang"
    if not program.exists():
        return say(skipped=f"haidang is not built in {folder}")
    os.environ["HAIDANG"] = str(program)
    sys.path.insert(0, str(ROOT / "tests/integration"))
    import haidang
    return haidang


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build")
    parser.add_argument("--only", choices=["syslog", "bulk"])
    parser.add_argument("--lines", type=int, default=100000)
    options = parser.parse_args()
    haidang = haidang_of(options.build)
    if not haidang:
        return
    if options.only != "bulk":
        bench_syslog(haidang, options.lines)
    if options.only != "syslog":
        bench_bulk(haidang, (ROOT / options.build).resolve())


if __name__ == "__main__":
    main()
