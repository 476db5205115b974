#!/usr/bin/env python3
"""Lists that rules name by %name%: from the configuration to the pipeline, read anew at a reload."""
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from haidang import Server, check, main, ssh_failure, test, wait_for  # noqa: E402

folder = pathlib.Path(tempfile.mkdtemp(prefix="haidang-lists-"))
rules, lists = folder / "rules", folder / "lists.yml"
rules.mkdir()
(rules / "watched.yml").write_text("""\
title: A watched name
id: 0d4e5a53-6c2e-4b8e-9a41-3a3a3f1c0b11
logsource: {product: linux, service: sshd}
detection:
  selection:
    user|expand: '%watched_names%'
  condition: selection
level: high
""", encoding="utf-8")
server = Server(start=False, rules=rules)


def compiled():
    return json.loads((server.data / "cache/rules.json").read_text(encoding="utf-8"))


def reload(done):
    """A SIGHUP, until the compiler's summary says so and the pipeline has it."""
    server.reload()
    wait_for("the rules to be compiled anew", lambda: done(compiled()))


def alerts(name):
    found = server.user("lead").wanted("/alerts", limit=200)["items"]
    return [a for a in found if a["title"] == "A watched name" and a["entity"] == f"203.0.113.{name}"]


def raises(host, user):
    """Lines with that name until one raises: the rules in force change between two batches."""
    def look():
        server.syslog_tcp([ssh_failure("srv-web-02", f"203.0.113.{host}", user=user, ago=1)])
        return alerts(host)
    wait_for(f"an alert for {user}", look)


@test("without the file the rule is left out, and is told; with it, it raises")
def _():
    server.start()
    check(compiled()["refused"] == 1 and "watched_names" in compiled()["faults"][0]["sentence"], compiled())
    lists.write_text("watched_names: [thanh, hoa]\n", encoding="utf-8")
    server.write_config(detect="{placeholders: %s}" % lists)
    reload(lambda now: now["refused"] == 0 and now["rules"] == 1)
    raises(11, "hoa")


@test("a list that changed holds after a reload, in the pipeline and in the reader")
def _():
    fresh = folder / "lists.new"
    fresh.write_text("watched_names: [minh]\n", encoding="utf-8")
    fresh.replace(lists)  # another file of that name, as editors do
    before = compiled()["compiled"]
    reload(lambda now: now["compiled"] != before)
    server.wait_up()
    raises(12, "minh")
    rule = (rules / "watched.yml").read_text(encoding="utf-8")

    def counted():
        reply = server.user("lead").post("/rules/backtest", {"rule": rule, "days": 2})
        check(reply.status == 200, reply)
        days = [json.loads(line) for line in reply.bytes.decode().splitlines() if line.startswith('{"days"')]
        return days[-1]["days"]["alerts"] == 1
    wait_for("a back-test with the new list: minh alone", counted)


@test("config check and a reload refuse a wrong file with its place; the lists of before hold")
def _():
    lists.write_text("watched_names: [minh]\nother: {a: b}\n", encoding="utf-8")
    said = server.cli("config", "check", expect=2).stderr
    check(f"{lists}:2" in said and "lists of values" in said, said)
    server.reload()
    wait_for("the refusal in the log", lambda: "the new configuration is not taken" in server.log_tail(200))
    lists.write_text("watched_names: [minh]\n", encoding="utf-8")
    check("fine" in server.cli("config", "check").stdout, "config check")
    server.write_config(detect="{placeholders: %s}" % (folder / "nowhere.yml"))
    check("nowhere.yml" in server.cli("config", "check", expect=2).stderr, "a file that is not there")


if __name__ == "__main__":
    main()
