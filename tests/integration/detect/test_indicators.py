#!/usr/bin/env python3
"""Threat indicators: from a feed's file to an alert of the running server, and back."""
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from haidang import Server, check, main, ssh_failure, test, wait_for  # noqa: E402

HOST = "srv-web-02"
server = Server()
folder = pathlib.Path(tempfile.mkdtemp(prefix="haidang-feeds-"))


def said_json(*arguments, **options):
    return json.loads(server.cli(*arguments, "--json", **options).stdout)


def values(source):
    lines = server.cli("indicators", "list", "--source", source, "--json").stdout.splitlines()
    return [json.loads(line)["value"] for line in lines]


def feed(name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def fail_from(address):
    server.syslog_tcp([ssh_failure(HOST, address)])


def indicator_alerts(value=None):
    found = server.user("lead").wanted("/alerts", limit=200)["items"]
    return [a for a in found if a["rule"].startswith("indicator:")
            and (value is None or value in a["title"])]


def table_holds(count):
    def look():
        return said_json("indicators", "stats")["published"] == count
    wait_for(f"{count} indicators to be published", look)


@test("a feed is imported beside the running server, and an event with its address is an alert")
def _():
    path = feed("c2.csv", "type,value,confidence,tlp,valid_until,note\n"
                          "address,203.0.113.201,85,amber,2035-01-01,Emotet C2\n"
                          "domain,evil.example,60,green,,\n")
    said = said_json("indicators", "import", path, "--source", "ncsc-c2", "--license", "CC-BY")
    check(said["taken"] == 2 and said["stored"], said)
    table_holds(2)

    def raised():
        fail_from("203.0.113.201")
        return indicator_alerts("203.0.113.201")
    alert = wait_for("the alert", raised)[0]
    check(alert["level"] == "high" and alert["rule"] == "indicator:address", alert)
    whole = server.user("lead").wanted(f"/alerts/{alert['id']}")
    reason = whole["why"][0]
    check(reason["field"] == "src_ip" and reason["value"] == "203.0.113.201", reason)
    check(reason["source"] == "ncsc-c2" and reason["confidence"] == 85 and
          reason["tlp"] == "amber" and reason["note"] == "Emotet C2", reason)
    check(whole["detail"]["author"] == "ncsc-c2" and whole["detail"]["license"] == "CC-BY",
          whole["detail"])


@test("a feed with faults tells each of them, takes the rest and ends with 1; a dry run stores nothing")
def _():
    path = feed("faulty.txt", "203.0.113.202\nnot an indicator\n203.0.113.0/33\n")
    server.cli("indicators", "import", path, "--source", "faulty", "--dry-run", expect=1)
    check("faulty" not in server.cli("indicators", "stats").stdout, "the dry run stored something")
    said = said_json("indicators", "import", path, "--source", "faulty", expect=1)
    check(said["taken"] == 1 and said["refused"] == 2, said)
    check(values("faulty") == ["203.0.113.202"], values("faulty"))


@test("what is allowed raises nothing from then on, and again when it is disallowed")
def _():
    before = len(indicator_alerts("203.0.113.202"))
    check(before == 0, before)
    swaps = server.log_tail(500).count("indicators in force")
    server.cli("indicators", "allow", "203.0.113.202", "--why", "our own scanner")
    generation = said_json("indicators", "stats")
    check(generation["allowed"] == 1, generation)
    wait_for("the table with the allowed address to be swapped in",
             lambda: server.log_tail(500).count("indicators in force") > swaps)
    fail_from("203.0.113.202")
    fail_from("203.0.113.201")   # behind it, and known to alert
    seen = wait_for("both lines", lambda: server.search("203.0.113.202"))
    check(seen and not indicator_alerts("203.0.113.202"), "an allowed address raised an alert")
    server.cli("indicators", "disallow", "203.0.113.202")

    def raised():
        fail_from("203.0.113.202")
        return indicator_alerts("203.0.113.202")
    wait_for("the alert after all", raised)


@test("a newer state of a feed takes the place of the older one, and survives the pipeline's end")
def _():
    server.cli("indicators", "import", feed("c2.txt", "203.0.113.203\n"), "--source", "ncsc-c2")
    check(values("ncsc-c2") == ["203.0.113.203"], values("ncsc-c2"))
    table_holds(2)
    old = server.kill("pipeline")
    server.wait_role("pipeline", other_than=old)

    def raised():
        fail_from("203.0.113.203")
        return indicator_alerts("203.0.113.203")
    wait_for("an alert by the new state", raised)


@test("a removed indicator is gone everywhere; a feed that is not there is said")
def _():
    server.cli("indicators", "remove", "203.0.113.203")
    server.cli("indicators", "remove", "203.0.113.203", expect=2)
    server.cli("indicators", "remove", "--source", "nobody", expect=2)
    table_holds(1)


if __name__ == "__main__":
    main()
