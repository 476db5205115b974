#!/usr/bin/env python3
"""Faults at random moments under load: nothing acknowledged is lost, no alert stands twice.

    tests/chaos/run.py [--build DIR] [--rounds N] [--seed N] [--only FAULT]

One server, three kinds of clients that repeat what was not acknowledged, and N rounds. A round puts
the clients under way, lets one fault happen (the table FAULTS), and then asks three things: do the
clients go on; is everything found that was acknowledged, and what carries its sender's mark exactly
once; is each alert there once. Every fault comes once before any comes twice. At the end the archive
is verified, and copies of it are damaged: what is damaged is told, the rest is found.

Prints TAP, and the seed, so that a run can be made again.
"""
import argparse
import contextlib
import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", help="folder with haidang and tests/chaos/fault.so")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", help="this fault in every round")
    options = parser.parse_args()
    build = options.build or os.environ.get("HAIDANG_BUILD") or "build"
    options.build = (ROOT / build).resolve()
    os.environ["HAIDANG"] = str(options.build / "haidang")
    return options


OPTIONS = arguments()

import damage  # noqa: E402
from clients import BatchPoster, Poster, RelpSender  # noqa: E402
from fault import Fault  # noqa: E402
from haidang import EXAMPLE, Failed, Server, check, free_port, wait_for  # noqa: E402

WIDE = ("--from", "2000-01-01", "--to", "2100-01-01", "--limit", "1000000")


class ChaosServer(Server):
    """With a RELP listener, and with the library that makes its disk and clock fail."""

    def __init__(self, fault):
        self.fault = fault
        super().__init__()

    def write_config(self, **changes):
        super().write_config(**changes)
        self.ports.setdefault("relp", free_port())
        text = self.config.read_text(encoding="utf-8")
        self.config.write_text(text.replace("listen:\n", f"listen:\n  relp: 127.0.0.1:{self.ports['relp']}\n"),
                               encoding="utf-8")

    def environment(self):
        sanitizer = super().environment()
        return {**sanitizer, **self.fault.environment(),
                "ASAN_OPTIONS": sanitizer["ASAN_OPTIONS"] + ":verify_asan_link_order=0"}

    def again(self, *roles):
        """The roles run under other processes than before, without the pause after a death."""
        self.reload()
        for role, pid in roles:
            self.wait_role(role, other_than=pid)


# ---- the faults ------------------------------------------------------------------------------------

def kill(*roles):
    def happen(server, fault, rng):
        pids = [(role, server.roles()[role]["pid"]) for role in roles]
        for _, pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(rng.uniform(0, 0.3))
        server.again(*pids)
    return happen


def kill_supervisor(server, fault, rng):
    pids = [role["pid"] for role in server.roles().values() if role["pid"]]
    server.process.kill()
    server.process.wait()
    wait_for("its roles to end by themselves", lambda: not any(alive(pid) for pid in pids))
    server.start()


def alive(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def reload(server, fault, rng):
    for _ in range(3):
        server.reload()
        time.sleep(rng.uniform(0, 0.2))
    server.wait_up()


def stop_and_go(server, fault, rng):
    """A pipeline that gets no processor for a second."""
    pid = server.roles()["pipeline"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    time.sleep(1)
    os.kill(pid, signal.SIGCONT)


def disk(kind, area):
    def happen(server, fault, rng):
        fault.set(kind, area, after=rng.randrange(40))
        end = time.monotonic() + 3
        while fault.fired() == 0 and time.monotonic() < end:
            time.sleep(0.02)
        time.sleep(rng.uniform(0.1, 0.6))
        fault.clear()
        server.again()
        server.wait_up()
        return f"{fault.fired()} calls failed"
    return happen


def clock_back(server, fault, rng):
    fault.clock(-rng.choice([2, 3600, 26 * 3600]))
    time.sleep(0.5)
    fault.clock(0)


def idle(server, fault, rng):
    """2,000 connections that say nothing, half of them in the middle of a frame."""
    held = []
    with contextlib.suppress(OSError):
        for number in range(2000):
            port = server.ports[("syslog", "http", "relp")[number % 3]]
            held.append(socket.create_connection(("127.0.0.1", port), timeout=5))
            if number % 2:
                held[-1].sendall((b"<13>1 - - - half", b"POST /events HTTP/1.1\r\nContent-Le", b"1 open 85 rel")[number % 3])
    check(len(held) > 500, f"only {len(held)} connections were taken")
    time.sleep(0.5)
    for peer in held:
        peer.close()


def slow(server, fault, rng):
    """A client that sends its request byte by byte, and one that never reads its answers."""
    with socket.create_connection(("127.0.0.1", server.ports["http"])) as drip, \
            socket.create_connection(("127.0.0.1", server.ports["relp"])) as deaf:
        deaf.sendall(b"1 open 30 relp_version=0\ncommands=syslog\n")
        with contextlib.suppress(OSError):
            deaf.setblocking(False)
            for number in range(2, 20000):
                deaf.send(b"%d syslog 16 <13>deaf talker \n" % number)
        for byte in b"POST /events HTTP/1.1\r\nHost: x":
            drip.sendall(bytes([byte]))
            time.sleep(0.02)


FAULTS = {
    "kill -9 of the pipeline": kill("pipeline"),
    "kill -9 of the hub": kill("hub"),
    "kill -9 of pipeline and hub": kill("pipeline", "hub"),
    "kill -9 of the reader": kill("reader"),
    "kill -9 of the supervisor": kill_supervisor,
    "reload, three times": reload,
    "a pipeline without a processor for a second": stop_and_go,
    "no space for the archive": disk("no_space", "archive"),
    "no space for the records": disk("no_space", "records"),
    "a write to the archive that fails in the middle (EIO)": disk("broken_write", "archive"),
    "a write to the records that fails in the middle (EIO)": disk("broken_write", "records"),
    "a sync of the archive that fails": disk("broken_sync", "archive"),
    "half a write to the archive, then death": disk("half_then_kill", "archive"),
    "half a write to the records, then death": disk("half_then_kill", "records"),
    "a disk that takes 20 ms a write": disk("slow", "archive"),
    "the clock set back": clock_back,
    "2,000 idle connections": idle,
    "slow and deaf clients": slow,
}


# ---- what must hold --------------------------------------------------------------------------------

def found(server, query):
    return [re.search(r"(poster|batch|relp)r\d+n\d+i\d+", row["raw"])[0] for row in server.search(query, *WIDE)]


def hold_marks(server, client):
    """All that was acknowledged in this round is found; with a sender's mark exactly once."""
    sent = client.take_acknowledged()
    query = client.query()

    def all_there():
        marks = found(server, query)
        return marks if set(sent) <= set(marks) else None
    try:
        marks = wait_for("what was acknowledged", all_there, 20)
    except Failed:
        missing = sorted(set(sent) - set(found(server, query)))
        raise Failed(f"{client.name}: {len(missing)} of {len(sent)} acknowledged are missing: "
                     f"{missing[:5]}") from None
    if client.once:
        check(len(marks) == len(set(marks)), f"{client.name}: {len(marks) - len(set(marks))} are there twice")
    return len(sent)


def hold_alerts(server):
    """Each event that a rule met has one match, and no match is there twice. The hub looks again only
    each minute into a day that is over, which a clock set back writes to."""
    stored = len(server.search('"NOT in sudoers"', *WIDE))

    def folded():
        with contextlib.closing(sqlite3.connect(f"file:{server.data}/records/haidang.db?mode=ro", uri=True)) as db:
            return db.execute("SELECT count(*), count(DISTINCT day || ' ' || class || ' ' || sequence) "
                              "FROM alert_match").fetchone()
    try:
        wait_for("every match", lambda: folded()[0] >= stored, 90)
    except Failed:
        pass
    total, distinct = folded()
    check(total == distinct, f"{total - distinct} matches are there twice")
    check(total == stored, f"{stored} events that raise an alert are stored, {total} matches in the records")
    return total


def one_round(server, fault, name, rng, clients, number):
    for client in clients:
        client.begin_round(number)
    time.sleep(rng.uniform(0.1, 0.5))
    happened = FAULTS[name](server, fault, rng)
    fault.clear()
    for client in clients:
        before = client.acknowledgements
        wait_for(f"{client.name} to go on", lambda: client.acknowledgements > before + 2)
    for client in clients:
        client.pause()
    return sum(hold_marks(server, client) for client in clients), happened


def order(rounds, rng):
    """Every fault once before any comes twice."""
    names = []
    while len(names) < rounds:
        pack = list(FAULTS)
        rng.shuffle(pack)
        names += pack
    return names[:rounds]


class Tap:
    def __init__(self):
        self.number = self.failed = 0

    def case(self, sentence, run):
        self.number += 1
        began = time.monotonic()
        try:
            note = run()
            print(f"ok {self.number} - {sentence}")
            print(f"# {note}, {time.monotonic() - began:.1f} s", flush=True)
            return True
        except Exception as error:  # a round must not end the others
            self.failed += 1
            print(f"not ok {self.number} - {sentence}")
            for line in str(error).splitlines():
                print("# " + line, flush=True)
            return False


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    seed = OPTIONS.seed if OPTIONS.seed is not None else random.SystemRandom().randrange(1 << 32)
    rng = random.Random(seed)
    print(f"# seed {seed}", flush=True)
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="haidang-chaos.") as folder:
        fault = Fault(pathlib.Path(folder), OPTIONS.build / "tests/chaos/fault.so")
        with ChaosServer(fault) as server:
            clients = [Poster(server), BatchPoster(server), RelpSender(server)]
            acknowledged = 0
            names = [OPTIONS.only] * OPTIONS.rounds if OPTIONS.only else order(OPTIONS.rounds, rng)
            for number, name in enumerate(names):
                def run():
                    nonlocal acknowledged
                    now, happened = one_round(server, fault, name, rng, clients, number)
                    acknowledged += now
                    return f"{now} acknowledged" + (f", {happened}" if happened else "")
                if not tap.case(name, run):
                    print("\n".join("# | " + line for line in server.log_tail(30).splitlines()))
                    fault.clear()
                    for client in clients:
                        client.pause()
                        client.take_acknowledged()
                if number % 10 == 9:
                    tap.case("each alert once", lambda: f"{hold_alerts(server)} alerts")
            for client in clients:
                client.end()
            tap.case("each alert once, at the end", lambda: f"{hold_alerts(server)} alerts")
            server.stop()

            def verify():
                server.cli("archive", "verify")
                return f"{acknowledged} acknowledged in {len(names)} rounds"
            tap.case("after all of it the archive is whole", verify)
            for sentence, run in damage.CASES:
                tap.case(sentence, lambda: run(server))
            if tap.failed and os.environ.get("HAIDANG_CHAOS_KEEP"):
                shutil.copytree(server.place, os.environ["HAIDANG_CHAOS_KEEP"])
    print(f"1..{tap.number}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
