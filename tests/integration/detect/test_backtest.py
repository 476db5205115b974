#!/usr/bin/env python3
"""A rule over the archive's last days: the same alerts as the pipeline raised, by API and command."""
import datetime
import json
import pathlib
import socket
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from haidang import ROOT, Server, check, main, ssh_failure, test, wait_for  # noqa: E402

HOST = "srv-web-02"
FAILED = ROOT / "rules/linux/sshd_default_users.yml"
GUESSING = ROOT / "rules/correlation/sshd_password_guessing.yml"
server = Server()
folder = pathlib.Path(tempfile.mkdtemp(prefix="haidang-rules-"))


def sent():
    """Eleven times from one address, three times from another, once from a third: once a test run."""
    if not server.search("src_ip:203.0.113.171"):
        for address, times in (("203.0.113.171", 11), ("203.0.113.172", 3), ("203.0.113.173", 1)):
            server.syslog_tcp(ssh_failure(HOST, address, user="pi", port=30000 + i, ago=1) for i in range(times))
    wait_for("all lines", lambda: len(server.search("src_ip:203.0.113.0/24", "--limit", "100")) == 15)


def soon():
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)).isoformat()


def raised(title):
    rows = [a for a in server.user("lead").wanted("/alerts", limit=500)["items"] if a["title"] == title]
    return len(rows), sum(a["matches"] for a in rows)


def lines(rule, **more):
    """The lines of a back-test over the API, by what they are; the last days and foot win."""
    reply = server.user("lead").post("/rules/backtest", {"rule": rule, "days": 3, **more})
    check(reply.status == 200, reply)
    found = {"example": []}
    for line in reply.bytes.decode().splitlines():
        (kind, value), = json.loads(line).items()
        if kind == "example":
            found["example"].append(value)
        else:
            found[kind] = value
    return found


def command(path, *options, expect=0):
    out = server.cli("rules", "backtest", str(path), "--days", "3", "--json", *options, expect=expect).stdout
    found = [json.loads(line) for line in out.splitlines()]
    return {kind: value for one in found for kind, value in one.items()}


def same_as_raised(rule, title):
    sent()
    wait_for("the alerts", lambda: raised(title)[1])
    found = lines(rule.read_text(encoding="utf-8"))
    wait_for("as many alerts as the back-test says",
             lambda: raised(title) == (found["days"]["alerts"], found["days"]["matches"]))
    check(found["foot"]["complete"] and 15 <= found["foot"]["events"] <= found["days"]["events"], found["foot"])
    check([d["alerts"] for d in found["days"]["days"]][:2] == [0, 0] or
          sum(d["alerts"] for d in found["days"]["days"]) == found["days"]["alerts"], found["days"])
    by_command = command(rule)
    check(by_command["days"]["alerts"] == found["days"]["alerts"] and
          by_command["days"]["matches"] == found["days"]["matches"], by_command)
    return found


@test("a rule's back-test counts what the pipeline raised on the same events, and shows examples")
def _():
    found = same_as_raised(FAILED, "SSH login tried with names of default accounts")
    check(found["days"]["alerts"] == 3 and found["days"]["matches"] == 15, found["days"])
    example = found["example"][0]
    check(example["event"]["raw"] and example["why"] and example["entity"].startswith("203.0.113.17"), example)
    check(server.user("lead").get("/events/" + example["id"]).status == 200, example["id"])
    check(found["days"]["expected"] > 0 and found["head"]["rules"][0]["level"], found)


@test("blocks in which nothing can match are passed by and counted, by API and command")
def _():
    sent()
    rule = FAILED.read_text(encoding="utf-8").replace("    user:", "    never_such_field:")
    check("never_such_field" in rule, rule)
    found, path = lines(rule), folder / "elsewhere.yml"
    foot, days = found["foot"], found["days"]
    check(foot["blocks_read"] == 0 < foot["skipped"]["source"] and foot["complete"], foot)
    check(foot["events"] == 0 and days["events"] >= 15 and days["alerts"] == 0, (foot, days))
    path.write_text(rule, encoding="utf-8")
    by_command, whole = command(path, expect=1), command(path, "--every-block", expect=1)
    check(by_command["foot"]["blocks_skipped_source"] > 0 == by_command["foot"]["blocks_read"], by_command)
    check(whole["foot"]["blocks_skipped_source"] == 0 < whole["foot"]["blocks_read"], whole)
    check(whole["days"] == by_command["days"], (whole["days"], by_command["days"]))
    said = server.cli("rules", "backtest", str(path), "--days", "3", expect=1).stderr
    check("passed by, since nothing in them can match" in said, said)


@test("a correlation's back-test counts what the pipeline raised, and names the events before")
def _():
    found = same_as_raised(GUESSING, "Password guessing by SSH")
    example = found["example"][0]
    check(example["correlation"]["type"] == "event_count" and len(example["earlier"]) == 9, example)
    check("203.0.113.171" in example["event"]["raw"], example)


@test("an exception in force lowers it to what the pipeline would raise, by API and command")
def _():
    sent()
    lead = server.user("lead")
    cases = ((FAILED, "src_ip = 203.0.113.171", 11), (GUESSING, "src_ip = 203.0.113.171", 1),
             (FAILED, "src_ip = 203.0.113.9", 0))
    for path, conditions, fewer in cases:
        rule = path.read_text(encoding="utf-8")
        before = lines(rule)
        key = [r["id"] for r in before["head"]["rules"] if r["correlation"] == (path == GUESSING)][0]
        made = lead.post("/exceptions", {"rule": key, "conditions": conditions, "reason": "our own scanner",
                                         "until": soon()})
        check(made.status == 201 and before["days"]["excepted"] == 0, (made, before["days"]))
        roster = server.data / "roster/roster.json"
        wait_for("the exception in the roster", lambda: f'exception-{made.json["id"]}' in roster.read_text())
        after = lines(rule)
        check(after["days"]["excepted"] == fewer and
              after["days"]["matches"] == before["days"]["matches"] - fewer and
              after["days"]["alerts"] == before["days"]["alerts"] - (fewer > 0), (conditions, after["days"]))
        check(len(after["example"]) == after["days"]["alerts"], after["example"])
        by_command = command(path, expect=0 if after["days"]["alerts"] else 1)
        check(by_command["days"]["excepted"] == fewer and
              by_command["days"]["alerts"] == after["days"]["alerts"], by_command["days"])
        said = server.cli("rules", "backtest", str(path), "--days", "3",
                          expect=0 if after["days"]["alerts"] else 1).stdout
        check((f"took away {fewer} more" in said) == (fewer > 0), said)
        lead.post(f"/exceptions/{made.json['id']}/end")
        wait_for("what was before", lambda: lines(rule)["days"]["alerts"] == before["days"]["alerts"])


@test("after a new start the same is counted")
def _():
    sent()
    rule = FAILED.read_text(encoding="utf-8")
    before = lines(rule)["days"]
    server.stop()
    server.start()
    check(lines(rule)["days"]["alerts"] == before["alerts"], before)


@test("a wrong rule is told at its line and column, by API and command")
def _():
    wrong = "title: Wrong\nlogsource: {product: linux}\ndetection:\n  a:\n    user|containz: x\n  condition: a\n"
    reply = server.user("lead").post("/rules/backtest", {"rule": wrong})
    check(reply.status == 400 and "containz" in reply.json["error"]["sentence"] and
          reply.json["error"]["place"].startswith("rule:5:"), reply.json)
    path = folder / "wrong.yml"
    path.write_text(wrong, encoding="utf-8")
    said = server.cli("rules", "backtest", str(path), "--json", expect=2).stderr
    check(f"{path}:5:" in said, said)
    for text, sentence in (("- a\n- b\n", ""), ("", "rule"), ("# nothing\n", "no rule")):
        reply = server.user("lead").post("/rules/backtest", {"rule": text})
        check(reply.status == 400 and sentence in str(reply.json), (text, reply.json))
    alone = "title: X\ncorrelation:\n  type: event_count\n  rules: [nowhere]\n  timespan: 1m\n  condition: {gte: 1}\n"
    check(server.user("lead").post("/rules/backtest", {"rule": alone}).status == 400, "counts what is not there")


@test("a rule that matches nothing says so; roles are those of rules")
def _():
    sent()
    nothing = FAILED.read_text(encoding="utf-8").replace("- failed", "- never-such").replace("- invalid_user", "- no")
    check(nothing != FAILED.read_text(encoding="utf-8"), "the rule changed")
    found = lines(nothing)
    check(found["days"]["alerts"] == 0 and not found["example"] and found["days"]["expected"] == 0, found)
    path = folder / "nothing.yml"
    path.write_text(nothing, encoding="utf-8")
    command(path, expect=1)
    rule = FAILED.read_text(encoding="utf-8")
    for role, agency, status in (("responder", None, 200), ("admin", None, 200), ("leader", None, 403),
                                 ("agency", "nha-trang", 403)):
        reply = server.user(role, agency).post("/rules/backtest", {"rule": rule})
        check(reply.status == status, (role, reply.status))


def children(pid):
    return (pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


@test("whoever hangs up ends the reader's child")
def _():
    sent()
    reader = server.roles()["reader"]["pid"]
    request = json.dumps({"rule": FAILED.read_text(encoding="utf-8"), "days": 3, "all": True, "scope": ""})
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(server.data / "run/reader.sock"))
        client.sendall(request.encode())  # no line end: the child waits for the rest of it
        wait_for("the child", lambda: children(reader))
    wait_for("the child to end", lambda: not children(reader))
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(server.data / "run/reader.sock"))
        client.sendall(request.encode() + b"\n")
        check(client.recv(1) == b"Q", "the rule is understood first")
    wait_for("the child to end", lambda: not children(reader))
    check(lines(FAILED.read_text(encoding="utf-8"))["foot"]["complete"], "the next one runs")


if __name__ == "__main__":
    main()
