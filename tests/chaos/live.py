"""Damage to the archive while the server runs: rounds as the other faults are, and a disk that is really full."""
import contextlib
import http.client
import os
import pathlib
import signal
import sqlite3
import subprocess
import tempfile
import time

from haidang import Failed, Server, Skip, check, stamp, wait_for

PAGE = 4096
SOURCE = "so-tttt.cong.json"


def day_files(server):
    """Those that the clients' events are written to."""
    files = [f for f in (server.data / "archive").glob("*.db") if f.name.split(".")[1] not in ("canary", "quarantine")]
    newest = max(f.name[:8] for f in files)
    return [f for f in files if f.name.startswith(newest)]


def into_the_file(file):
    """What stands in the log goes into the file, as far as readers allow."""
    with contextlib.closing(sqlite3.connect(file, timeout=5)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


# ---- a block whose bytes changed ---------------------------------------------------------------------

def stored_blocks(file):
    """Bytes of some parts of blocks (rows and text), those first that the sealer will not touch."""
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        return [bytes(row[0]) for row in db.execute(
            "SELECT p.data FROM block b JOIN part p ON p.id / 4 = b.id AND p.id % 4 < 2 "
            "WHERE length(p.data) > 120 ORDER BY b.kind DESC, b.id LIMIT 50")]


def place_of_a_block(file):
    """Some bytes in the middle of a block that stand once in the file; None: there are none."""
    whole = file.read_bytes()
    for data in stored_blocks(file):
        middle = data[len(data) // 2 - 24:len(data) // 2 + 24]
        if whole.count(middle) == 1:
            return middle
    return None


def exchange(file, old, new):
    """The new bytes stand wherever the old ones did: the server may have moved the page meanwhile."""
    into_the_file(file)
    whole = file.read_bytes()
    with open(file, "r+b", buffering=0) as disk:
        at = whole.find(old)
        while at >= 0:
            os.pwrite(disk.fileno(), new, at)
            at = whole.find(old, at + 1)


def corrupted_block(scene):
    """Bytes of a block change under the running server: it is told, the rest is found; then they change
    back, as if the file had come from a back-up."""
    file = max(day_files(scene.server), key=lambda f: f.stat().st_size)
    into_the_file(file)
    right = place_of_a_block(file)
    if right is None:
        raise Failed("no block of the archive stands in its file")
    wrong = right[:20] + bytes(byte ^ 0xA5 for byte in right[20:28]) + right[28:]
    exchange(file, right, wrong)
    done = scene.server.cli("archive", "verify", expect=None)
    verdict = done.stdout + done.stderr
    scene.go_on()
    found = len(scene.server.search("*", *scene.wide))
    exchange(file, wrong, right)
    check(done.returncode == 1 and "NOT WHOLE" in verdict, f"verify did not tell:\n{verdict}")
    check(found > 0, "nothing is found beside the damaged block")
    return f"told; {found} events found beside it"


# ---- a page of today's file that is torn ---------------------------------------------------------------

def set_aside(server):
    return {f for f in (server.data / "archive").glob("*.db.damaged-*")
            if not f.name.endswith(("-wal", "-shm"))}


def torn_page(scene):
    """The head of the file that is being written is torn, and the pipeline killed: a new file goes on. The
    operator takes the old one away and mends its head: all that is no longer found here is found there."""
    server, rng = scene.server, scene.rng
    file = rng.choice(day_files(server))
    before = set_aside(server)
    pid = server.roles()["pipeline"]["pid"]
    into_the_file(file)
    half = rng.choice([0, 100, PAGE // 2])
    with open(file, "r+b", buffering=0) as disk:
        head = os.pread(disk.fileno(), PAGE - half, half)
        os.pwrite(disk.fileno(), bytes(PAGE - half), half)
    os.kill(pid, signal.SIGKILL)
    server.again(("pipeline", pid))
    aside = wait_for("the torn file to be set aside", lambda: set_aside(server) - before, 40)
    with tempfile.TemporaryDirectory(prefix="haidang-aside.") as folder:
        folder = pathlib.Path(folder)
        for one in aside:
            for path in one.parent.glob(one.name + "*"):
                path.rename(folder / path.name.replace(one.name, file.name))
        with open(folder / file.name, "r+b", buffering=0) as disk:
            if os.pread(disk.fileno(), PAGE - half, half) == bytes(PAGE - half):
                os.pwrite(disk.fileno(), head, half)
        return f"a new file goes on; {scene.mended(folder)} events found in the mended old one"


# ---- today's file cannot be read --------------------------------------------------------------------------

def bad_sector(scene):
    """Nothing of the file that is being written can be read any more: it is set aside, a new one goes on, and
    the operator saves the old one from the disk."""
    server, fault = scene.server, scene.fault
    file = scene.rng.choice(day_files(server))
    before = set_aside(server)
    fault.set("bad_sector", "archive", 0, file.stat().st_ino)
    if scene.rng.random() < 0.5:  # else the writer holds what it needs in memory, and others cannot read
        pid = server.roles()["pipeline"]["pid"]
        os.kill(pid, signal.SIGKILL)
        server.again(("pipeline", pid))
    aside = wait_for("the file to be set aside", lambda: set_aside(server) - before, 40)
    fault.clear()
    server.again()
    with tempfile.TemporaryDirectory(prefix="haidang-aside.") as folder:
        folder = pathlib.Path(folder)
        for one in aside:
            for path in one.parent.glob(one.name + "*"):
                path.rename(folder / path.name.replace(one.name, file.name))
        return f"a new file goes on; {scene.mended(folder)} events found in the old one"


# ---- a disk that is really full -------------------------------------------------------------------------

@contextlib.contextmanager
def small_disk(megabytes):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="haidang-small."))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(folder)],
                             capture_output=True, text=True)
    if mounted.returncode:
        folder.rmdir()
        raise Skip("no file system may be mounted here: " + mounted.stderr.strip()[:80])
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
        folder.rmdir()


def fill(path):
    with contextlib.suppress(OSError), open(path, "wb", buffering=0) as out:
        for size in (1 << 20, 1 << 12):
            with contextlib.suppress(OSError):
                while out.write(bytes(size)) == size:
                    pass


def post_some(server, number, acknowledged):
    """Status of one batch; what was answered 200 is noted."""
    marks = [f"dia{number}i{i}" for i in range(200)]
    status = server.post([{"time": stamp(), "message": "x" * 200, "mark": mark} for mark in marks],
                         server.token(SOURCE)).status
    if status == 200:
        acknowledged += marks
    return status


def really_full(scene):
    """A tmpfs of 48 MiB, filled to its last page while a client posts: refused with 503, then taken again."""
    del scene
    with small_disk(48) as disk, Server(data=disk / "var", archive="{reserve: 0}") as server:
        acknowledged, statuses = [], []
        filler = disk / "filler"
        for number in range(400):
            if number == 5:
                fill(filler)
            if number > 5 and 503 in statuses[-3:]:
                break
            try:
                statuses.append(post_some(server, number, acknowledged))
            except (OSError, http.client.HTTPException):
                statuses.append(0)
        check(503 in statuses, f"a full disk was never met: {statuses}")
        filler.unlink()
        wait_for("it to go on", lambda: post_some(server, 1000 + int(time.monotonic() * 10), acknowledged) == 200)
        found = {row["raw"].split('"mark": "')[1].split('"')[0] for row in server.search("mark:dia*", "--limit", "1000000")}
        missing = set(acknowledged) - found
        check(not missing, f"{len(missing)} of {len(acknowledged)} acknowledged are missing")
        server.cli("archive", "verify")
        return f"{len(acknowledged)} acknowledged, {statuses.count(503)} times refused"
