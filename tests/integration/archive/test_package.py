#!/usr/bin/env python3
"""An incident's events as a signed package: made in the console and by the command, checked, and every
change to it noticed."""
import hashlib
import io
import json
import pathlib
import subprocess
import sys
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from haidang import HAIDANG, Server, check, main, ssh_failure, test, wait_for  # noqa: E402

HOST, AGENCY, ATTACKER = "srv-web-02", "nha-trang", "203.0.113.99"
server = Server(canary="{interval: 0s}")
package = server.place / "case.zip"
key = server.data / "secrets/archive.key.pub"
state = {}


def check_package(path, *options, expect=(0,)):
    """As whoever got it runs it: no configuration, no server."""
    words = [HAIDANG, "archive", "check-package", path, "--language", "en", *options]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, cwd="/")
    check(done.returncode in expect, f"{path}: {done}")
    return done


def checked(path, *options, expect=0):
    return json.loads(check_package(path, "--json", *options, expect=(expect,)).stdout)


def changed(change):
    """The package with its files put through change(name, bytes): None drops one."""
    path = server.place / "changed.zip"
    with zipfile.ZipFile(package) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = change(name, old.read(name))
            if data is not None:
                new.writestr(name, data)
    return path


@test("the lead takes an incident's package; who, when and why stands in the time line")
def _():
    server.syslog_tcp(ssh_failure(HOST, ATTACKER, port=40000 + i, ago=20 - i) for i in range(20))
    lead = server.user("lead")
    alert = wait_for("the alert", lambda: [a for a in lead.wanted("/alerts")["items"]
                                           if ATTACKER in (a["entity"] or "")])[0]
    incident = state["incident"] = lead.post(f"/alerts/{alert['id']}/escalate",
                                             {"severity": "high"}).json["incident"]
    check(lead.post(f"/incidents/{incident}/package", {}).status == 400, "without a reason")
    reply = lead.post(f"/incidents/{incident}/package", {"reason": "công an yêu cầu"})
    check(reply.status == 200 and reply.headers["Content-Type"] == "application/zip", reply)
    package.write_bytes(reply.bytes)
    with zipfile.ZipFile(io.BytesIO(reply.bytes)) as files:
        events = [json.loads(line) for line in files.read("events.jsonl").splitlines()]
        manifest = json.loads(files.read("manifest.json"))
    state["events"] = len(events)
    check(len(events) >= 10 and all(ATTACKER in event["raw"] for event in events), [event["raw"] for event in events])
    check([event["id"] for event in events] == manifest["events"], manifest)
    check(manifest["by"] == "thu-lead" and manifest["reason"] == "công an yêu cầu", manifest)
    entry = lead.wanted(f"/incidents/{incident}")["timeline"][-1]
    check(entry["kind"] == "package" and entry["text"] == "công an yêu cầu" and entry["by"], entry)
    check(entry["package"] == {"events": len(events), "sha256": hashlib.sha256(reply.bytes).hexdigest()}, entry)


@test("the package is whole by the server's key, and each event stands in the day's chain")
def _():
    answer = checked(package, "--key", key)
    check(answer["whole"] and answer["key_known"] and answer["events"] == state["events"], answer)
    check(answer["linked"] == state["events"] and answer["days_held"] == answer["days"], answer)
    check(checked(package)["whole"], "without a key it holds itself")
    check("WHOLE" in check_package(package).stdout)


@test("a changed byte, a missing, an added and a swapped file, another manifest: all noticed")
def _():
    def flip(which):
        return lambda name, data: data.replace(b"203.0.113.99", b"203.0.113.98", 1) \
            if name == which else data
    for which in ("events.jsonl", "incident.json"):
        answer = checked(changed(flip(which)), expect=1)
        check(not answer["whole"] and which in answer["first"], answer)
    for which in ("events.jsonl", "chain.jsonl", "incident.json"):
        answer = checked(changed(lambda n, d, w=which: None if n == w else d), expect=1)
        check("missing" in answer["first"] and which in answer["first"], answer)
    link = checked(changed(lambda n, d: d.replace(b'"batch":1', b'"batch":7', 1)
                           if n == "chain.jsonl" else d), expect=1)
    check("chain.jsonl" in link["first"], link)
    other = checked(changed(lambda n, d: d.replace(b"thu-lead", b"thu-nobo") if n == "manifest.json"
                            else d), expect=1)
    check("manifest" in other["first"], other)
    with zipfile.ZipFile(changed(lambda n, d: d), "a") as files:
        files.writestr("more.txt", "x")
    check("added" in checked(server.place / "changed.zip", expect=1)["first"])
    raw = bytearray(package.read_bytes())
    raw[len(raw) // 3] ^= 1  # a bit rotted on the disk
    (server.place / "rotten.zip").write_bytes(raw)
    check_package(server.place / "rotten.zip", expect=(1, 2))
    wrong = server.place / "other.pub"
    wrong.write_text("ab" * 32 + "\n")
    check("another key" in checked(package, "--key", wrong, expect=1)["first"])
    for path in (server.config, server.place / "nothing.zip"):
        check_package(path, expect=(2,))


@test("the command makes the same, and its reason stands in the time line too")
def _():
    incident = state["incident"]
    server.cli("archive", "export", "--incident", incident, "--package", server.place / "own.zip",
               "--reason", "lưu hồ sơ")
    answer = checked(server.place / "own.zip", "--key", key)
    check(answer["whole"] and answer["events"] == state["events"] and answer["by"].startswith("command line"),
          answer)
    entry = server.user("lead").wanted(f"/incidents/{incident}")["timeline"][-1]
    check(entry["kind"] == "package" and entry["text"] == "lưu hồ sơ", entry)
    server.cli("archive", "export", "--incident", incident, expect=2)
    server.cli("archive", "export", "--incident", 999, "--package", server.place / "no.zip",
               "--reason", "x", expect=2)
    server.cli("archive", "export", expect=2)


@test("an agency packs its own incident and no other's; who only reads incidents packs none")
def _():
    incident, body = state["incident"], {"reason": "x"}
    own = server.user("agency", AGENCY).post(f"/incidents/{incident}/package", body)
    check(own.status == 200, own)
    other = server.user("agency", "so-yt").post(f"/incidents/{incident}/package", body)
    check(other.status == 404, other)
    check(server.user("police").post(f"/incidents/{incident}/package", body).status == 403)
    lead = server.user("lead")
    empty = lead.post("/incidents", {"title": "không có cảnh báo", "severity": "low",
                                     "agency": AGENCY}).json["id"]
    check(lead.post(f"/incidents/{empty}/package", body).status == 409)


@test("when the day file is gone the alert's own copies are packed, and said to be copies")
def _():
    server.stop()
    for path in (server.data / "archive").glob("*.db*"):
        path.unlink()
    server.start()
    again = server.user("lead").post(f"/incidents/{state['incident']}/package", {"reason": "muộn"})
    check(again.status == 200, again)
    (server.place / "late.zip").write_bytes(again.bytes)
    answer = checked(server.place / "late.zip", "--key", key)
    check(answer["whole"] and answer["events"] == answer["copies"] > 0 and answer["linked"] == 0,
          answer)


if __name__ == "__main__":
    main()
