#!/usr/bin/env python3
"""How long events are kept: by the system's level and the regime, longer on an incident's hold; what
goes is recorded; a disk that fills lets go what is beyond the law, then refuses."""
import contextlib
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from haidang import Skip, check, main, test, wait_for  # noqa: E402
from senders import HTTP, Shifted, shifts  # noqa: E402

@test("a day file goes when the law's time is over, not while an incident is held, and it is recorded")
def _():
    shifts()
    with Shifted(start=False, archive="{keep: 10d}") as server:
        server.days = -100
        server.start()
        token = server.token(HTTP)
        server.take([{"message": "cu"}, {"message": "cu"}])
        server.folded(2)
        old = server.files()
        check(len(old) == 1 and ".level-3." in old[0], old)
        lead = server.user("lead")
        opened = lead.post("/incidents", {"title": "Su co cu", "severity": "high",
                                          "agency": "so-tttt"})
        check(opened.status == 201, opened)
        number = opened.json["id"]
        check(lead.post(f"/incidents/{number}/hold", {"held": True}).status == 400)
        held = lead.post(f"/incidents/{number}/hold", {"held": True, "reason": "dieu tra"})
        check(held.status == 200 and held.json["hold"]["reason"] == "dieu tra", held)
        check(lead.post(f"/incidents/{number}/hold", {"held": True, "reason": "x"}).status == 409)
        check(server.user("agency", "so-tttt").post(f"/incidents/{number}/hold", {
            "held": False}).status == 403, "an agency releases a hold")

        server.restart(0)
        said = [json.loads(line) for line in
                server.cli("archive", "retain", "--dry-run", "--json").stdout.splitlines()]
        check(said and said[0]["file"] == old[0] and said[0]["state"] == "held" and
              said[0]["incident"] == number and said[0]["kept_days"] == 93, said)
        server.cli("archive", "retain")
        check(server.files()[:1] == old, "a held file is gone")

        lead = server.user("lead")
        check(lead.post(f"/incidents/{number}/hold", {"held": False}).status == 200)
        done = server.cli("archive", "retain")
        check("deleted" in done.stdout and "log_days_level_3" in done.stdout, done.stdout)
        check(old[0] not in server.files(), server.files())
        ledger = (server.data / "archive/deleted.jsonl").read_text().splitlines()
        row = next(json.loads(line) for line in ledger if old[0] in line)
        check(row["events"] == 2 and row["kept_days"] == 93 and "TCVN" in row["rule"], row)

        def audited():
            with contextlib.closing(sqlite3.connect(server.data / "records/haidang.db")) as db:
                return dict(db.execute("SELECT action, object FROM audit WHERE action IN "
                                       "('incident.hold', 'incident.release', 'archive.expire')"))
        rows = wait_for("the audit log", lambda: len(a := audited()) == 3 and a)
        check(rows["archive.expire"].endswith(old[0]), rows)


@test("what the operator wants to keep longer stays, and without a server the command deletes itself")
def _():
    with Shifted(start=False, archive="{keep: 200d}") as server:
        server.lived(150, [{"message": "cu"}])
        check(not server.cli("archive", "retain", "--dry-run", "--json").stdout, "it would go")
        server.write_config(archive="{keep: 93d}")
        server.cli("archive", "retain")
        check(not server.files(), server.files())


@test("what the law lets go does not hang on a plan that can be read")
def _():
    with Shifted(start=False, archive="{keep: 93d}") as server:
        server.lived(150, [{"message": "cu"}])
        broken = server.place / "plan"
        broken.mkdir()
        (broken / "plan.yaml").write_text("plan: [")
        server.write_config(plan=broken)
        server.start()
        check("its pages stay closed" in server.log_tail(100), server.log_tail(20))
        server.cli("archive", "retain")
        check(not server.files(), server.files())


@test("an almost full disk lets go what is beyond the law, then takes nothing in, and says so")
def _():
    if os.geteuid() != 0:
        raise Skip("mounting a small tmpfs needs root")
    with tempfile.TemporaryDirectory() as folder:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", folder],
                          capture_output=True).returncode:
            raise Skip("tmpfs cannot be mounted here")
        try:
            fill(pathlib.Path(folder))
        finally:
            for _ in range(50):
                if subprocess.run(["umount", folder], capture_output=True).returncode == 0:
                    break
                time.sleep(0.1)


def fill(folder):
    server = Shifted(data=folder / "var", start=False, archive="{keep: 0s, reserve: 1M}")
    ballast = folder / "ballast"

    def free():
        disk = os.statvfs(folder)
        return disk.f_bavail * disk.f_frsize

    def leave(size):
        with open(ballast, "ab") as file:
            file.write(bytes(max(0, free() - size)))
    try:
        server.days = -120
        server.start()
        token = server.token(HTTP)
        noise = [{"n": os.urandom(600).hex()} for _ in range(400)]
        server.take(noise)
        server.folded(400)
        old = server.files()
        server.restart(0)
        server.take([{"message": "moi"}])
        time.sleep(3)
        check(old[0] in server.files(), "it went although there was room")
        leave(int(1.6 * 2**20))  # less than twice the reserve: what is beyond the law goes
        wait_for("the old file to go", lambda: old[0] not in server.files())
        ledger = (server.data / "archive/deleted.jsonl").read_text()
        check("the disk is short" in ledger, ledger)
        server.take([{"message": "van nhan"}])

        leave(900 * 1024)
        refused = wait_for("a refusal", lambda: (r := server.post([{"a": 1}], token)).status == 503 and r)
        check("disk" in refused.json["error"], refused)
        lead = server.user("lead")
        wait_for("the alert", lambda: [a for a in lead.wanted("/alerts", state="new")["items"]
                                       if a["rule"] == "haidang.disk_full"])
        ballast.unlink()
        wait_for("events to be taken again", lambda: server.post([{"message": "lai nhan"}], token).status == 200)
        wait_for("the alert to be closed", lambda: not lead.wanted("/alerts", state="new")["items"])
        done = server.cli("archive", "verify", "--json", expect=0)
        check(all(json.loads(line)["whole"] for line in done.stdout.splitlines()), done.stdout)
        found = server.search("message:*", "--limit", "100")
        check(len(found) >= 3, found)
    finally:
        server.remove()


if __name__ == "__main__":
    main()
