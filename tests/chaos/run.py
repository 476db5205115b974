#!/usr/bin/env python3
"""Faults at random moments under load: nothing acknowledged is lost, no alert stands twice.

    tests/chaos/run.py [--build DIR] [--rounds N] [--minutes N] [--seed N] [--only FAULT] [--report FILE]

One server, three kinds of clients that repeat what was not acknowledged, and N rounds. A round puts
the clients under way, lets one fault happen (the table FAULTS), and then asks: do the clients go on;
did the fault happen at all; is everything found that was acknowledged, and what carries its sender's
mark exactly once; has each event that raises an alert one match and no second; is the archive whole.
Every fault comes once before any comes twice. At the end all that was acknowledged in any round is
looked for once more. Then copies of the archive are damaged, and a small disk is really filled.

Prints TAP, and the seed, so that a run can be made again.
"""
import argparse
import collections
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
    parser.add_argument("--minutes", type=float, help="no new round begins after so long")
    parser.add_argument("--only", help="this fault in every round")
    parser.add_argument("--report", help="what was done and found, as Markdown")
    options = parser.parse_args()
    build = options.build or os.environ.get("HAIDANG_BUILD") or "build"
    options.build = (ROOT / build).resolve()
    os.environ["HAIDANG"] = str(options.build / "haidang")
    return options


OPTIONS = arguments()

import damage  # noqa: E402
import live  # noqa: E402
from clients import BatchPoster, Poster, RelpSender  # noqa: E402
from fault import Fault  # noqa: E402
from haidang import Failed, Server, Skip, check, free_port, wait_for  # noqa: E402

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


class Scene:
    """What a fault works on, and what is known of all rounds."""
    wide = WIDE

    def __init__(self, server, fault, rng):
        self.server, self.fault, self.rng = server, fault, rng
        self.clients = [Poster(server), BatchPoster(server), RelpSender(server)]
        self.held = {client.name: set() for client in self.clients}  # acknowledged in any round
        self.elsewhere = set()  # found in files that were set aside, mended and taken away
        self.broke = False      # in this round
        self.alerts = 0         # stored events that raise one, up to the round before
        self.owed = False       # the hub has not looked yet into a day that is over
        self.fired = collections.Counter()

    def go_on(self):
        """Each client has something acknowledged that it sent after now."""
        for client in self.clients:
            before = client.acknowledgements
            wait_for(f"{client.name} to go on", lambda: client.acknowledgements > before + 2)

    def mended(self, folder):
        """What was acknowledged up to now and is no longer found here stands in that archive: how much."""
        count = 0
        for client in self.clients:
            known = self.held[client.name] | set(client.peek())
            gone = known - self.elsewhere - set(found(self.server, client, "r"))
            lost = gone - set(found(self.server, client, "r", "--archive", folder))
            check(not lost, f"{client.name}: {len(lost)} of {len(gone)} are not in the file that was set aside: "
                            f"{sorted(lost)[:5]}")
            self.elsewhere |= gone
            count += len(gone)
        self.broke = True
        return count


# ---- the faults: each is given the scene; what it returns stands in the report ------------------------

def kill(*roles):
    def happen(scene):
        server, rng = scene.server, scene.rng
        pids = [(role, server.roles()[role]["pid"]) for role in roles]
        for _, pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(rng.uniform(0, 0.3))
        server.again(*pids)
    return happen


def kill_supervisor(scene):
    server = scene.server
    pids = [role["pid"] for role in server.roles().values() if role["pid"]]
    server.process.kill()
    server.process.wait()
    wait_for("its roles to end by themselves", lambda: not any(alive(pid) for pid in pids))
    server.start()


def alive(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def reload(scene):
    for _ in range(3):
        scene.server.reload()
        time.sleep(scene.rng.uniform(0, 0.2))
    scene.server.wait_up()


def stop_and_go(scene):
    """A pipeline that gets no processor for a second."""
    pid = scene.server.roles()["pipeline"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    time.sleep(1)
    os.kill(pid, signal.SIGCONT)


def disk(kind, area):
    """A disk that takes nothing is no reason to set a file aside."""
    def happen(scene):
        server, fault = scene.server, scene.fault
        before = live.set_aside(server)
        fault.set(kind, area, after=scene.rng.randrange(40))
        wait_for("the fault to be met", fault.fired, 20)
        time.sleep(scene.rng.uniform(0.1, 0.6))
        fault.clear()
        server.again()
        server.wait_up()
        check(live.set_aside(server) == before, "a file was set aside")
        scene.fired[kind] += fault.fired()
        return f"{fault.fired()} calls failed"
    return happen


def clock_back(scene):
    scene.fault.clock(-scene.rng.choice([2, 3600, 26 * 3600]))
    time.sleep(0.5)
    scene.fault.clock(0)
    scene.owed = True


IDLE = (("syslog", 800, b"<13>1 - - - half"), ("relp", 700, b"1 open 85 rel"),
        ("http", 500, b"POST /events HTTP/1.1\r\nContent-Le"))


def connect(name, port, number):
    try:
        return socket.create_connection(("127.0.0.1", port), timeout=20,
                                        source_address=(f"127.0.1.{number % 8 + 1}", 0))
    except OSError as error:
        raise Failed(f"connection {number} to {name}: {error}") from None


def stands(peer):
    peer.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        return peer.recv(1) != b""
    return True


def idle(scene):
    """2,000 connections that say nothing, half of them in the middle of a frame; the clients go on beside."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if most < 2500:
        raise Skip(f"this process may open {most} files only")
    held = []
    try:
        for name, count, half in IDLE:
            for number in range(count):
                held.append(connect(name, scene.server.ports[name], number))
                if number % 2:
                    held[-1].sendall(half)
        scene.go_on()
        standing = sum(stands(peer) for peer in held)
        check(standing == len(held) == 2000, f"{standing} of {len(held)} connections stand")
    finally:
        for peer in held:
            peer.close()
    return f"{standing} stood while the clients went on"


def slow(scene):
    """A client that sends its request byte by byte, and one that never reads its answers."""
    with socket.create_connection(("127.0.0.1", scene.server.ports["http"])) as drip, \
            socket.create_connection(("127.0.0.1", scene.server.ports["relp"])) as deaf:
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
    "a disk of the archive that is gone for a while": disk("gone", "archive"),
    "a bad sector in the file that is written": live.bad_sector,
    "half a write to the archive, then death": disk("half_then_kill", "archive"),
    "half a write to the records, then death": disk("half_then_kill", "records"),
    "a disk that takes 20 ms a write": disk("slow", "archive"),
    "the clock set back": clock_back,
    "a block of the archive whose bytes change": live.corrupted_block,
    "a torn page in the file that is written": live.torn_page,
    "2,000 idle connections": idle,
    "slow and deaf clients": slow,
}

# Writing into files under the running server's own hands: whether the round can be undone is a matter of
# chance, so a short run tries the same on copies instead (damage.py).
OF_LONG_RUNS = {"a block of the archive whose bytes change", "a torn page in the file that is written"}


# ---- what must hold --------------------------------------------------------------------------------

def found(server, client, rounds, *options):
    """Marks of that client in the archive; rounds: "r", or "r7n" for one."""
    return [re.search(r"(poster|batch|relp)r\d+n\d+i\d+", row["raw"])[0]
            for row in server.search(client.query(rounds), *WIDE, *options)]


def hold_marks(scene, client):
    """All that was acknowledged in this round is found; with a sender's mark exactly once."""
    server, rounds = scene.server, f"r{client.round}n"
    sent = set(client.take_acknowledged())
    scene.held[client.name] |= sent

    def all_there():
        marks = found(server, client, rounds)
        return marks or [""] if sent - scene.elsewhere <= set(marks) else None
    try:
        marks = wait_for("what was acknowledged", all_there, 20)
    except Failed:
        missing = sorted(sent - scene.elsewhere - set(found(server, client, rounds)))
        raise Failed(f"{client.name}: {len(missing)} of {len(sent)} acknowledged are missing: "
                     f"{missing[:5]}") from None
    if client.once:
        check(len(marks) == len(set(marks)), f"{client.name}: {len(marks) - len(set(marks))} are there twice")
    return len(sent)


def hold_all(scene):
    """What was acknowledged in any round is there still."""
    total = 0
    for client in scene.clients:
        wanted = scene.held[client.name] - scene.elsewhere
        missing = sorted(wanted - set(found(scene.server, client, "r")))
        check(not missing, f"{client.name}: {len(missing)} of {len(wanted)} are missing: {missing[:5]}")
        total += len(wanted)
    return f"{total} found again, {len(scene.elsewhere)} were found in files set aside"


def matches(server):
    with contextlib.closing(sqlite3.connect(f"file:{server.data}/records/haidang.db?mode=ro", uri=True)) as db:
        return db.execute("SELECT count(*), count(DISTINCT day || ' ' || class || ' ' || sequence) "
                          "FROM alert_match").fetchone()


def hold_alerts(scene, number, last=False):
    """Each event of this round that a rule met has one match more, and no match is there twice. The hub
    looks again only each minute into a day that is over, which a clock set back writes to."""
    server = scene.server
    stored = len(server.search(f'"NOT in sudoers" relpr{number}n*', *WIDE)) if number is not None else 0
    if scene.broke:  # what was folded before the file broke, and what was not, cannot be told apart
        time.sleep(3)
        scene.alerts = matches(server)[0]
    else:
        scene.alerts += stored
    patience = 90 if last else 5 if scene.owed else 30
    with contextlib.suppress(Failed):
        wait_for("every match", lambda: matches(server)[0] >= scene.alerts, patience)
    total, distinct = matches(server)
    check(total == distinct, f"{total - distinct} matches are there twice")
    check(total <= scene.alerts, f"{scene.alerts} events that raise an alert are stored, {total} matches are there")
    check(total == scene.alerts or (scene.owed and not last),
          f"{scene.alerts} events that raise an alert are stored, {total} matches in the records")
    scene.owed = scene.owed and total < scene.alerts
    return total


def hold_archive(scene, number):
    """Whole, by the programs's own word; each tenth time only when it has become large."""
    size = sum(f.stat().st_size for f in (scene.server.data / "archive").glob("*.db"))
    if size < 64 << 20 or number % 10 == 9:
        scene.server.cli("archive", "verify")


def one_round(scene, name, number):
    scene.broke = False
    for client in scene.clients:
        client.begin_round(number)
    time.sleep(scene.rng.uniform(0.1, 0.5))
    happened = FAULTS[name](scene)
    scene.fault.clear()
    scene.go_on()
    for client in scene.clients:
        client.pause()
    sent = sum(hold_marks(scene, client) for client in scene.clients)
    alerts = hold_alerts(scene, number)
    hold_archive(scene, number)
    return sent, f"{alerts} alerts" + (f", {happened}" if happened else "")


def order(rounds, rng):
    """Every fault once before any comes twice."""
    names = []
    while len(names) < rounds:
        pack = [name for name in FAULTS if rounds > len(FAULTS) or name not in OF_LONG_RUNS]
        rng.shuffle(pack)
        names += pack
    return names[:rounds]


class Tap:
    def __init__(self):
        self.number = self.failed = 0
        self.faults = []       # what was found, for the report

    def case(self, sentence, run):
        self.number += 1
        began = time.monotonic()
        try:
            note = run()
            print(f"ok {self.number} - {sentence}")
            print(f"# {note}, {time.monotonic() - began:.1f} s", flush=True)
            return True
        except Skip as skip:
            print(f"ok {self.number} - {sentence} # SKIP {skip}", flush=True)
            return True
        except Exception as error:  # a round must not end the others
            self.failed += 1
            self.faults.append(f"{sentence}: {str(error).splitlines()[0] if str(error) else type(error).__name__}")
            print(f"not ok {self.number} - {sentence}")
            for line in str(error).splitlines():
                print("# " + line, flush=True)
            return False


def rounds(scene, tap, names):
    """How many were run of each fault, and what was acknowledged."""
    done, acknowledged = collections.Counter(), 0
    end = time.monotonic() + OPTIONS.minutes * 60 if OPTIONS.minutes else float("inf")
    for number, name in enumerate(names):
        if time.monotonic() > end:
            break

        def run():
            nonlocal acknowledged
            now, happened = one_round(scene, name, number)
            acknowledged += now
            return f"{now} acknowledged, {happened}"
        if not tap.case(name, run):
            print("\n".join("# | " + line for line in scene.server.log_tail(30).splitlines()))
            start_over(scene)
        done[name] += 1
    return done, acknowledged


def start_over(scene):
    """After a round that failed: the next is not to suffer from it."""
    scene.fault.clear()
    for client in scene.clients:
        client.pause()
        scene.elsewhere |= set(client.take_acknowledged())  # told by the round that failed
    with contextlib.suppress(Failed):
        scene.server.wait_up()
        time.sleep(3)
    scene.alerts = matches(scene.server)[0]


def report(path, seed, done, acknowledged, scene, tap, took):
    lines = ["# Chaos: what was done, and what was found", "",
             "Made by `tests/chaos/run.py --report` (`make chaos`); what a round is, and what must hold after it,",
             "stands at the head of that file.", "",
             f"Seed {seed}, {sum(done.values())} rounds in {took / 60:.0f} minutes, {acknowledged:,} events acknowledged; "
             f"{len(scene.elsewhere):,} of them",
             "were found, once its head was mended, in a file that had been torn on purpose and set aside; all others",
             "at the end of their round and again after the last one.", "", "| fault | rounds |", "|---|---|"]
    lines += [f"| {name} | {done[name]} |" for name in FAULTS]
    lines += ["", "| calls of the operating system that failed or were slowed | |", "|---|---|"]
    lines += [f"| {kind.replace('_', ' ')} | {count} |" for kind, count in sorted(scene.fired.items())]
    lines += ["", f"Faults found in this run: {len(tap.faults) or 'none'}.", ""]
    lines += [f"- {fault}" for fault in tap.faults]
    pathlib.Path(path).write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    seed = OPTIONS.seed if OPTIONS.seed is not None else random.SystemRandom().randrange(1 << 32)
    rng = random.Random(seed)
    print(f"# seed {seed}", flush=True)
    tap, began = Tap(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="haidang-chaos.") as folder:
        fault = Fault(pathlib.Path(folder), OPTIONS.build / "tests/chaos/fault.so")
        with ChaosServer(fault) as server:
            scene = Scene(server, fault, rng)
            names = [OPTIONS.only] * OPTIONS.rounds if OPTIONS.only else order(OPTIONS.rounds, rng)
            done, acknowledged = rounds(scene, tap, names)
            for client in scene.clients:
                client.end()
            scene.broke = False
            tap.case("each alert once, at the end", lambda: f"{hold_alerts(scene, None, last=True)} alerts")
            tap.case("all that was acknowledged in any round is there", lambda: hold_all(scene))
            server.stop()
            tap.case("after all of it the archive is whole", lambda: server.cli("archive", "verify").returncode)
            for sentence, run in damage.CASES:
                tap.case(sentence, lambda: run(server))
            if tap.failed and os.environ.get("HAIDANG_CHAOS_KEEP"):
                shutil.copytree(server.place, os.environ["HAIDANG_CHAOS_KEEP"])
        tap.case("a small disk is really full: refused, and nothing acknowledged is lost", lambda: live.really_full(scene))
    print(f"1..{tap.number}")
    if OPTIONS.report:
        report(OPTIONS.report, seed, done, acknowledged, scene, tap, time.monotonic() - began)
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
