#!/usr/bin/env python3
"""Broken input of every kind: a clear sentence with its place, and nothing that was stored is lost."""
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from haidang import ROOT, Server, Skip, check, main, stamp, test, wait_for  # noqa: E402

SOURCE = "so-tttt.cong.json"
PLAN = ROOT / "plans/802-kh-ubnd-2019"


@test("a plan that cannot be read is told with its line; detection and search go on without it")
def _():
    with contextlib.ExitStack() as stack:
        server = Server(start=False)
        plan = server.folder / "plan"
        shutil.copytree(PLAN, plan)
        text = (plan / "plan.yaml").read_text(encoding="utf-8").splitlines(True)
        (plan / "plan.yaml").write_text("".join(text[:40] + ["  - : : [broken\n"] + text[40:]),
                                        encoding="utf-8")
        server.write_config(plan=plan)
        done = server.cli("plan", "lint", expect=None)
        check(done.returncode == 2 and "plan.yaml:4" in done.stderr, done)
        server.start()
        check("plan.yaml:4" in server.log_tail(100), server.log_tail())
        lead = server.user("lead")
        check(lead.get("/plan").status == 503, "the plan's page is not closed")
        server.syslog_tcp([f"<13>1 {stamp()} srv-web-01 thu - - - van-nghe-thay"])
        wait_for("the line", lambda: server.search("van-nghe-thay"))
        stack.callback(server.remove)


@test("an office of 60 browsers behind one address, each with six open connections, keeps nobody out")
def _():
    with Server() as server, contextlib.ExitStack() as stack:
        lead = server.user("lead")
        for _ in range(60 * 6):
            stack.enter_context(socket.create_connection(("127.0.0.1", server.ports["console"])))
        check(lead.get("/session").status == 200, "somebody is kept out")


@test("a sheet with wrong cells names every one and stores nothing")
def _():
    with Server() as server:
        lead = server.user("lead")
        before = lead.wanted("/agencies", limit=1000)["total"]
        sheet = server.folder / "agencies.csv"
        sheet.write_text("key,name,kind,valid_from\n"
                         "phong-moi,Phòng mới,so-nganh,2019-01-01\n"
                         "Khóa Sai,Tên,so-nganh,2019-01-01\n"
                         "phong-hai,,so-nganh,31/02/2019\n", encoding="utf-8")
        done = server.cli("import", "agencies", sheet, expect=2)
        for part in ("agencies.csv", "3", "4", "Nothing was stored"):
            check(part in done.stderr + done.stdout, done)
        check(lead.wanted("/agencies", limit=1000)["total"] == before, "something was stored")
        sheet.write_text("key,name,kind\nphong-moi,Phòng mới,so-nganh\n", encoding="utf-8")
        server.cli("import", "agencies", "--preview", sheet)
        check(lead.wanted("/agencies", limit=1000)["total"] == before, "a preview stored something")
        server.cli("import", "agencies", sheet)
        check(lead.wanted("/agencies", limit=1000)["total"] == before + 1, "it was not stored")
        sheet.write_bytes(b"key,name\n\xff\xfe\x00\x01,x\n")
        server.cli("import", "agencies", sheet, expect=2)
        done = server.cli("import", "agencies", server.folder / "none.csv", expect=2)
        check("none.csv" in done.stderr, done)


@test("whoever registers a source by its host name alone is told that nothing but a credential tells it")
def _():
    with Server() as server:
        sheet = server.folder / "sources.csv"
        sheet.write_text("key,system,name,kind,network,hostname\n"
                         "so-tttt.cong.x,so-tttt.cong,Máy X,syslog,,srv-x\n"
                         "so-tttt.cong.y,so-tttt.cong,Máy Y,syslog,10.1.0.0/16,srv-y\n", encoding="utf-8")
        done = server.cli("import", "sources", "--preview", "--json", sheet)
        notes = json.loads(done.stdout)["notes"]
        check(len(notes) == 1 and notes[0]["place"].endswith("sources.csv:2 (network)") and notes[0]["hint"], notes)
        done = server.cli("import", "sources", sheet)
        check("sources.csv:2 (network): no network is given" in done.stderr and "Stored." in done.stdout, done)
        lead = server.user("lead")
        x, y = lead.wanted("/sources/so-tttt.cong.x"), lead.wanted("/sources/so-tttt.cong.y")
        check((x["by_credential"], x["hostname"], x["addresses"]) == (True, "srv-x", []), x)
        check((y["by_credential"], y["hostname"], y["addresses"]) == (False, "srv-y", ["10.1.0.0/16"]), y)
        check(not any(x["connect"].values()) and y["connect"]["rsyslog"], (x["connect"], y["connect"]))


@test("lines that are no JSON are kept raw, counted and found; the good ones beside them too")
def _():
    with Server() as server:
        token = server.token(SOURCE)
        body = b'{"mark":"ba-mot"}\n{"mark": broken ba-hai\n\xff\xfe ba-ba\n{"mark":"ba-bon"}\n'
        reply = server.post(body, token)
        check(reply.status == 200 and reply.json["accepted"] == 4, reply)
        check(reply.json["undecoded"] == 2, reply)
        for word in ("ba-mot", "ba-hai", "ba-ba", "ba-bon"):
            check(len(server.search(word)) == 1, word)
        lead = server.user("lead")
        row = wait_for("the counter", lambda: next(
            (r for r in lead.wanted("/sources", limit=100)["items"]
             if r["id"] == SOURCE and r["last_seen"]), None))
        check(row, row)


@test("a wrong token is refused before its body is read, and nothing of it is kept")
def _():
    with Server() as server:
        token = server.token(SOURCE)
        for wrong in (None, "x" * 43, token[:-1], token + "A"):
            reply = server.post([{"message": "khong-duoc-vao"}], wrong)
            check(reply.status == 401 and reply.json["error"], f"{wrong}: {reply}")
        check(server.post([{"message": "duoc-vao"}], token).status == 200)
        check(server.search("duoc-vao") and not server.search("khong-duoc-vao"))


@test("a body that is cut, damaged or too large is refused whole, with the reason")
def _():
    with Server() as server:
        token = server.token(SOURCE)
        reply = server.post(b"x" * (16 * 1024 * 1024 + 1), token)
        check(reply.status == 413, reply)
        check(server.post(b'{"mark":"con-song"}\n', token).status == 200)
        check(server.search("con-song"))


@test("an over-long syslog frame is cut in pieces and none is lost; a wrong length ends only its peer")
def _():
    with Server() as server:
        long = f"<13>1 {stamp()} srv-web-01 thu - - - dau-dong " + "x" * 200_000 + " cuoi-dong"
        server.syslog_tcp([long], octets=True)
        server.syslog_tcp([long.replace("dau-dong", "dau-hai").replace("cuoi-dong", "cuoi-hai")])
        for word in ("dau-dong", "cuoi-dong", "dau-hai", "cuoi-hai"):
            wait_for(word, lambda: server.search(word))
        with contextlib.suppress(OSError):
            server.syslog_tcp([b"99999999999 <13>1 - - - - - - qua-dai"])
        with contextlib.suppress(OSError):
            server.syslog_tcp([b"\x00\x01\x02\xff" * 1000])
        server.syslog_tcp([f"<13>1 {stamp()} srv-web-01 thu - - - sau-do"], octets=True)
        wait_for("the next sender's line", lambda: server.search("sau-do"))


@test("a line of an unknown sender is kept apart, counted and searchable")
def _():
    with Server() as server:
        server.syslog_tcp([f"<13>1 {stamp()} may-la thu - - - nguoi-la"])
        found = wait_for("the line", lambda: server.search("nguoi-la"))
        check(not found[0].get("source") and not found[0].get("agency"), found[0])
        other = server.user("agency", "so-yt")
        check(not other.wanted("/events", query="nguoi-la")["items"], "an agency sees it")


@test("a wrong query is told with its column")
def _():
    with Server() as server:
        lead = server.user("lead")
        reply = lead.get("/events", query="user:(root or")
        check(reply.status == 400 and reply.json["error"]["place"].startswith("query:"), reply)
        done = server.cli("search", "user:(root or", expect=2)
        check("^" in done.stderr, done.stderr)


@test("rules that can be neither compiled nor read do not keep events out")
def _():
    with Server(start=False) as server:
        (server.data / "cache" / "rules.blob").mkdir(parents=True)  # nothing can be written or read there
        server.start()
        reply = wait_for("an answer", lambda: (r := server.post([{"mark": "khong-luat"}],
                                                                server.token(SOURCE))).status == 200 and r)
        check(reply.json["accepted"] == 1, reply)
        check(server.search("mark:khong-luat"), "the event is not there")
        check("events are kept, but no rule is tried on them" in server.log_tail(), server.log_tail())


@test("on a full disk the sender is told, nothing acknowledged is lost, and it goes on once there is room")
def _():
    if os.geteuid() != 0:
        raise Skip("mounting a small tmpfs needs root")
    with tempfile.TemporaryDirectory() as folder:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", folder],
                          capture_output=True).returncode:
            raise Skip("tmpfs cannot be mounted here")
        try:
            fill_disk(pathlib.Path(folder))
        finally:
            for _ in range(50):
                if subprocess.run(["umount", folder], capture_output=True).returncode == 0:
                    break
                time.sleep(0.1)


def fill_disk(folder):
    server = Server(data=folder / "var")
    try:
        token = server.token(SOURCE)
        acknowledged = []
        ballast = folder / "ballast"

        def post(mark):
            body = [{"mark": f"{mark}-{i}", "noise": os.urandom(2000).hex()} for i in range(50)]
            reply = server.post(body, token)
            if reply.status == 200:
                acknowledged.extend(row["mark"] for row in body)
            return reply
        check(post("truoc").status == 200)
        with open(ballast, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(65536))
        refused = None
        for number in range(200):
            reply = post(f"day{number}")
            if reply.status != 200:
                refused = reply
                break
        check(refused is not None and refused.status == 503, f"never refused: {refused}")
        check("disk" in refused.json["error"] or "space" in refused.json["error"], refused)
        check("space" in server.log_tail(100) or "disk" in server.log_tail(100), server.log_tail())
        ballast.unlink()
        wait_for("a batch to be taken again", lambda: post("sau").status == 200)
        found = {row["fields"]["mark"] for row in server.search("mark:*", "--limit", "100000")}
        missing = set(acknowledged) - found
        check(not missing, f"{len(missing)} of {len(acknowledged)} acknowledged are missing")
        roles = server.roles()
        check(all(roles[name]["restarts"] == 0 for name in ("pipeline", "reader")), roles)
    finally:
        server.remove()


if __name__ == "__main__":
    main()
