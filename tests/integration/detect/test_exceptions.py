#!/usr/bin/env python3
"""From a false positive to an exception; folding, throttling, switching off; windows that stay open."""
import datetime
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from haidang import Server, check, main, ssh_failure, test, wait_for  # noqa: E402

HOST, RULE = "srv-web-02", "indicator:address"
server = Server()
folder = pathlib.Path(tempfile.mkdtemp(prefix="haidang-feeds-"))


def fail_from(address, times=1):
    server.syslog_tcp(ssh_failure(HOST, address, port=20000 + i, ago=1) for i in range(times))


def alerts(address):
    found = server.user("lead").wanted("/alerts", rule=RULE, limit=200)["items"]
    return [a for a in found if address in a["title"]]


def rosters():
    return server.log_tail(1000).count("pipeline info: roster")


def in_force(change):
    """Does it, and waits until the pipeline has the roster that follows."""
    before = rosters()
    answer = change()
    wait_for("the roster to be taken", lambda: rosters() > before)
    return answer


def in_days(days):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).isoformat()


def stored(address, least):
    wait_for("the lines", lambda: len(server.search(address, "--limit", "500")) >= least)


@test("a false positive becomes an exception: previewed, in force at once, counted, ended early")
def _():
    feed = folder / "feed.txt"
    feed.write_text("\n".join(f"203.0.113.{n}" for n in range(201, 210)) + "\n", encoding="utf-8")
    server.cli("indicators", "import", str(feed), "--source", "test")

    def raised():
        fail_from("203.0.113.201")
        return alerts("203.0.113.201")
    alert = wait_for("the alert", raised)[0]
    lead = server.user("lead")
    lead.post(f"/alerts/{alert['id']}/take")
    lead.post(f"/alerts/{alert['id']}/false_positive", {"reason": "our own scanner"})
    where = {"rule": RULE, "conditions": "src_ip = 203.0.113.201", "source": alert["source"]["id"]}
    preview = lead.post("/exceptions/preview", where).json
    check(preview["alerts"] == 1 and preview["of_alerts"] == 1 and preview["matches"] >= 1, preview)
    other = lead.post("/exceptions/preview", {**where, "conditions": "src_ip = 203.0.113.9"}).json
    check(other["alerts"] == 0 and other["of_alerts"] == 1, other)
    reply = in_force(lambda: lead.post("/exceptions", {**where, "reason": "our own scanner",
                                                       "until": in_days(30), "alert": alert["id"]}))
    check(reply.status == 201, reply)
    made = reply.json
    check(made["state"] == "in_force" and made["silenced"] == 0 and '"not selection"' in made["filter"],
          made)
    before = alerts("203.0.113.201")[0]["matches"]
    fail_from("203.0.113.201", times=3)

    def counted():
        rows = lead.wanted("/exceptions", rule=RULE)["items"]
        return rows[0]["silenced"] == 3 and rows[0]["last_match"]
    wait_for("three silenced matches", counted)
    check(alerts("203.0.113.201")[0]["matches"] == before, "a silenced match reached the alert")
    fail_from("203.0.113.202")
    wait_for("another address to alert all the same", lambda: alerts("203.0.113.202"))
    ended = in_force(lambda: lead.post(f"/exceptions/{made['id']}/end"))
    check(ended.json["state"] == "ended", ended.json)
    fail_from("203.0.113.201")
    wait_for("the alert to count again", lambda: alerts("203.0.113.201")[0]["matches"] > before)


@test("an exception needs a reason, an end within a year and conditions that can be read")
def _():
    lead = server.user("lead")
    good = {"rule": RULE, "conditions": "src_ip = 1.2.3.4", "reason": "because", "until": in_days(3)}
    for change, place in (({"reason": "x"}, "reason"), ({"until": in_days(400)}, "until"),
                          ({"until": in_days(-1)}, "until"), ({"conditions": "nothing"}, "conditions"),
                          ({"conditions": "a|re = b"}, "conditions")):
        reply = lead.post("/exceptions", {**good, **change})
        check(reply.status == 400 and place in str(reply.json), (change, reply.json))
    check(server.user("agency", "nha-trang").post("/exceptions", good).status == 403, "by an agency")


@test("of many matches of one entity twenty go on whole, and every one is counted")
def _():
    fail_from("203.0.113.203", times=60)
    wait_for("sixty matches", lambda: (alerts("203.0.113.203") or [{"matches": 0}])[0]["matches"] == 60)
    whole = server.user("lead").wanted(f"/alerts/{alerts('203.0.113.203')[0]['id']}")
    check(len(whole["events"]) == 20, len(whole["events"]))


@test("a rule that fires above its rate is throttled, and the list of rules says so")
def _():
    lead = server.user("lead")
    reply = in_force(lambda: lead.post(f"/rules/{RULE}/limit", {"fold": 0, "most": 1}))
    check(reply.status == 200 and reply.json["most"] == 1, reply.json)
    fail_from("203.0.113.204")
    fail_from("203.0.113.205")

    def told():
        row = [r for r in lead.wanted("/rules", words=RULE)["items"] if r["id"] == RULE][0]
        return row["throttled"] >= 1 and row
    row = wait_for("the throttled matches", told)
    check(row["alerts"] >= 3, row)
    in_force(lambda: lead.post(f"/rules/{RULE}/limit", {"fold": 0, "most": 0}))


@test("a disabled rule raises nothing, and raises again when it is enabled; its events are kept")
def _():
    lead = server.user("lead")
    check(server.user("responder").post(f"/rules/{RULE}/disable", {"reason": "no"}).status == 403,
          "a responder may not")
    off = in_force(lambda: lead.post(f"/rules/{RULE}/disable", {"reason": "too loud"})).json
    check(not off["enabled"] and off["disabled"]["reason"] == "too loud", off)
    fail_from("203.0.113.206")
    stored("203.0.113.206", 1)
    check(not alerts("203.0.113.206"), "a disabled rule raised an alert")
    on = in_force(lambda: lead.post(f"/rules/{RULE}/enable")).json
    check(on["enabled"], on)
    fail_from("203.0.113.206")
    wait_for("the alert", lambda: alerts("203.0.113.206"))


@test("the list of rules has author, licence, log source; one shows its text and compiled form")
def _():
    lead = server.user("lead")
    page = lead.wanted("/rules", limit=1000)
    check(page["total"] == len(page["items"]) > 40, page["total"])
    row = [r for r in page["items"] if r["product"] == "linux"][0]
    check(row["author"] and row["level"] and row["tags"], row)
    one = lead.wanted(f"/rules/{row['id']}")
    check("title:" in one["text"] and one["explain"], one)
    check(lead.get("/rules/there-is-none").status == 404, "a rule that is not there")


@test("open windows of a correlation survive a reload of the rules and the pipeline's end")
def _():
    def guessing():
        found = server.user("lead").wanted("/alerts", limit=200)["items"]
        return [a for a in found if "203.0.113.150" in (a["entity"] or "") and
                a["rule"] != RULE and "guess" in a["title"].lower()]
    fail_from("203.0.113.150", times=NEEDED - 1)
    stored("203.0.113.150", NEEDED - 1)
    compiled = server.log_tail(1000).count("rules compiled in")
    server.reload()
    wait_for("the rules to be compiled anew",
             lambda: server.log_tail(1000).count("rules compiled in") > compiled)
    server.wait_up()
    check(not guessing(), "one match too few raised an alert")
    old = server.kill("pipeline")
    server.wait_role("pipeline", other_than=old)
    server.wait_up()
    wait_for("the last match to be taken", lambda: fail_from("203.0.113.150") is None)
    wait_for("the alert", guessing)


NEEDED = 10

if __name__ == "__main__":
    main()
