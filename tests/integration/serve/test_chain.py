#!/usr/bin/env python3
"""From a log line to the plan's standing, and back from the figure to the very lines."""
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from haidang import PATIENCE, Server, Skip, check, main, ssh_failure, stamp, test, wait_for  # noqa: E402

HOST, AGENCY, SOURCE = "srv-web-02", "nha-trang", "nha-trang.cong.web02"
ATTACKER = "203.0.113.99"
server = Server()


@test("a line sent by logger is found by the command and by the API")
def _():
    if not shutil.which("logger"):
        raise Skip("logger is not installed")
    subprocess.run(["logger", "-n", "127.0.0.1", "-P", str(server.ports["syslog"]), "-T", "--rfc5424",
                    "-t", "haidang-test", "ngon-den-bien-dau-tien sáng lên"], check=True,
                   timeout=PATIENCE)
    lead = server.user("lead")
    found = wait_for("the line", lambda: server.search("ngon-den-bien-dau-tien"))
    check("sáng lên" in found[0]["raw"], found[0])
    page = lead.wanted("/events", query="ngon-den-bien-dau-tien")
    check(len(page["items"]) == 1, page)
    one = lead.wanted("/events/" + page["items"][0]["id"])
    check(one["raw"] == page["items"][0]["raw"], one)


@test("a sender of the register is told by its host name, and counted for its agency")
def _():
    server.syslog_udp([f"<86>1 {stamp()} {HOST} cron 9 - - bong-bien-moc-len"])
    lead = server.user("lead")
    found = wait_for("the line", lambda: server.search("bong-bien-moc-len"))
    check(found[0]["source"] == SOURCE and found[0]["agency"] == AGENCY, found[0])

    def heard():
        rows = lead.wanted("/sources", limit=100)["items"]
        return any(row["id"] == SOURCE and row["last_seen"] for row in rows)
    wait_for("the source to count as heard", heard)


@test("twenty failed ssh logins, one after the other, make an alert with the lines behind it")
def _():
    for i in range(20):
        server.syslog_tcp([ssh_failure(HOST, ATTACKER, port=40000 + i, ago=20 - i)])
        time.sleep(0.12)  # each comes in a batch of its own
    lead = server.user("lead")
    alerts = wait_for("the alert", lambda: [a for a in lead.wanted("/alerts")["items"]
                                            if ATTACKER in (a["entity"] or "")])
    check(alerts[0]["agency"]["id"] == AGENCY, alerts[0])
    alert = lead.wanted(f"/alerts/{alerts[0]['id']}")
    ports = {int(event["raw"].rsplit(" port ")[1].split()[0]) for event in alert["events"]}
    check(ports == set(range(40000, 40010)), [event["raw"] for event in alert["events"]])
    check(alert["detail"]["text"], "the rule's text is not shown")


@test("the incident made from the alert moves the plan's figure, and the click path ends at the lines")
def _():
    lead = server.user("lead")
    alert = next(a for a in lead.wanted("/alerts")["items"] if ATTACKER in (a["entity"] or ""))
    plan = lead.wanted("/plan")
    named = [o["id"] for o in plan["obligations"] if o["id"].startswith("II.2.1.")]
    check(named, f"no obligation of clause II.2.1 in {[o['id'] for o in plan['obligations']]}")
    told = "II.2.1.b"
    check(told in named, named)

    def figure():
        cell = lead.wanted(f"/plan/standing/{told}/{AGENCY}")
        return cell["standing"], [(t["figure"], t["sentence"], t["rows"]) for t in cell["targets"]]
    before = figure()
    reply = lead.post(f"/alerts/{alert['id']}/escalate", {"severity": "high"})
    check(reply.status == 200 and reply.json["incident"], reply)
    incident = reply.json["incident"]
    wait_for("the figure to move", lambda: figure() != before)

    links = [link for _, _, rows in figure()[1] for row in rows for link in row["links"]]
    link = next((x for x in links if x["kind"] == "incident" and x["id"] == str(incident)), None)
    check(link, f"no row leads to incident {incident}: {links}")
    shown = lead.wanted(f"/incidents/{link['id']}")
    check(shown["title"] == alert["title"], f"a title that nobody wrote: {shown['title']}")
    lead.call("PATCH", "/session", {"language": "vi"})
    title = lead.wanted(f"/incidents/{incident}")["title"]
    check(title == lead.wanted(f"/alerts/{alert['id']}")["title"] != shown["title"], title)
    lead.call("PATCH", "/session", {"language": "en"})
    check(any(o["obligation"] == told and o["agency"] == AGENCY for o in shown["obligations"]),
          shown["obligations"])
    link = next((entry["events"] for entry in shown["timeline"] if entry["events"]), None)
    check(link, shown["timeline"])
    lines = lead.wanted("/events", **{k: v for k, v in link.items() if v is not None})["items"]
    check(sum(ATTACKER in line["raw"] for line in lines) == 20, [line["raw"] for line in lines])


@test("telling the receiver stops the incident's clock, and the standing says so")
def _():
    lead = server.user("lead")
    incident = lead.wanted("/incidents")["items"][0]
    check(incident["clock"]["standing"] == "running", incident)
    for move in ({"move": "confirm"}, {"move": "tell", "note": "by telephone"}):
        reply = lead.post(f"/incidents/{incident['id']}/moves", move)
        check(reply.status == 200, reply)
    check(reply.json["clocks"][0]["standing"] == "met", reply.json["clocks"])
    wait_for("the target to be met", lambda: any(
        t["measure"] == "incident.told_in_time" and t["figure"] == {"numerator": 1, "denominator": 1,
                                                                  "unit": t["figure"]["unit"]}
        for t in lead.wanted(f"/plan/standing/II.2.1.b/{AGENCY}")["targets"] if t["figure"]))


@test("an agency sees its own alerts and no other's")
def _():
    other = server.user("agency", "so-yt")
    check(all(a["agency"]["id"] == "so-yt" for a in other.wanted("/alerts")["items"]))
    check(not other.wanted("/events", query=ATTACKER)["items"])
    lead = server.user("lead")
    alert = next(a for a in lead.wanted("/alerts")["items"] if ATTACKER in (a["entity"] or ""))
    check(other.get(f"/alerts/{alert['id']}").status == 404)
    check(other.get("/alerts", agency=AGENCY).status == 403)


@test("`plan check` on the command line says what the console says")
def _():
    done = server.cli("plan", "check", "--json", expect=None)
    check(done.returncode in (0, 1), done.stderr)
    check('"obligation"' in done.stdout, done.stdout[:500])


@test("a clean stop takes the roles along and a second start keeps everything")
def _():
    check(server.stop() == 0, "the exit status is not 0")
    server.start()
    check(server.search("ngon-den-bien-dau-tien"), "the first line is gone")
    lead = server.user("lead")
    check([a for a in lead.wanted("/alerts")["items"] if ATTACKER in (a["entity"] or "")],
          "the alert is gone")


if __name__ == "__main__":
    main()
