"""What a disk does to an archive at rest: told by `archive verify`, and the rest is found."""
import contextlib
import pathlib
import shutil
import sqlite3
import tempfile

from haidang import check

WIDE = ("--from", "2000-01-01", "--to", "2100-01-01", "--limit", "1000000")


@contextlib.contextmanager
def copy_of(server):
    with tempfile.TemporaryDirectory(prefix="haidang-damage.") as folder:
        yield pathlib.Path(shutil.copytree(server.data / "archive", pathlib.Path(folder) / "archive"))


def largest(archive):
    return max(archive.glob("*.db"), key=lambda file: file.stat().st_size)


def events(server, archive):
    """How many a search over everything finds, and what it says beside them."""
    done = server.cli("search", "*", "--archive", archive, "--json", *WIDE, expect=None)
    check(done.returncode in (0, 1, 3), f"the search ended with {done.returncode}: {done.stderr}")
    return sum('"raw"' in line for line in done.stdout.splitlines()), done


def told(server, archive):
    done = server.cli("archive", "verify", "--archive", archive, expect=None)
    check(done.returncode in (1, 3), f"verify ended with {done.returncode}, as if all were well")
    return done.stdout + done.stderr


def corrupted_block(server):
    with copy_of(server) as archive:
        whole, _ = events(server, archive)
        file = largest(archive)
        with contextlib.closing(sqlite3.connect(file)) as db:
            ids = [row[0] for row in db.execute("SELECT id FROM part ORDER BY id")]
            where = ids[len(ids) // 2]
            data = bytearray(db.execute("SELECT data FROM part WHERE id = ?", (where,)).fetchone()[0])
            for at in range(len(data) // 2, min(len(data) // 2 + 16, len(data))):
                data[at] ^= 0xA5
            db.execute("UPDATE part SET data = ? WHERE id = ?", (bytes(data), where))
            db.commit()
        verdict = told(server, archive)
        check(file.name.split(".")[0][:4] in verdict, f"the file is not named:\n{verdict}")
        left, done = events(server, archive)
        check(0 < left < whole, f"{left} of {whole} found:\n{done.stderr[-500:]}")
        check("damaged" in (done.stderr + done.stdout).lower(), f"not told: {done.stderr[-500:]}")
        return f"{whole - left} of {whole} events skipped and told"


def readable(file, block):
    """All parts of the block are there, however short the file is."""
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        db.execute("PRAGMA writable_schema = ON")  # opens although pages are missing
        try:
            return all(db.execute("SELECT data FROM part WHERE id = ?", (block * 4 + part,)).fetchone()
                       for part in range(3))
        except sqlite3.DatabaseError:
            return False


def torn_page(server):
    with copy_of(server) as archive:
        whole, _ = events(server, archive)
        file = largest(archive)
        with contextlib.closing(sqlite3.connect(file)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            blocks = dict(db.execute("SELECT id, events FROM block"))
        size = file.stat().st_size
        with open(file, "r+b") as out:
            out.truncate(size - 8192)
        told(server, archive)
        lost = sum(blocks[block] for block in blocks if not readable(file, block))
        left, done = events(server, archive)
        check(left == whole - lost, f"{left} of {whole} found, {lost} are in torn blocks:\n{done.stderr[-500:]}")
        check("damaged" in (done.stderr + done.stdout).lower(), f"not told: {done.stderr[-500:]}")
        return f"{left} of {whole} events still found"


CASES = [
    ("a corrupted block is told and skipped, the rest is found", corrupted_block),
    ("a torn last page is told, the rest is found", torn_page),
]
