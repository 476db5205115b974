#!/usr/bin/env python3
"""The API of a real server, held against openapi.yaml: every operation by every role that may call
it, and refusals where it may not."""
import atexit
import csv
import json
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import haidang  # noqa: E402
from haidang import EXAMPLE, Client, Server, check, main, ssh_failure, test, wait_for  # noqa: E402
from contract import Contract  # noqa: E402

ROLES = ["lead", "agency", "responder", "finance", "police", "assessor", "leader", "admin"]
contract = Contract()
state = {}


def server():
    """One server for all of this file, with events and alerts in it; it outlives each test."""
    if "server" not in state:
        state["server"] = Server()
        atexit.register(state["server"].remove)
        haidang._servers.remove(state["server"])
        fill(state["server"])
    return state["server"]


def fill(s):
    """Failed log-ins on a host of each of two agencies, and a line that nobody can read."""
    lead = s.user("lead")
    known = {x["id"]: x for x in lead.wanted("/sources", limit=1000)["items"]}
    with open(EXAMPLE / "sources.csv", encoding="utf-8-sig", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["kind"] == "syslog" and r["hostname"]]
    hosts = {known[r["key"]]["agency"]["id"]: r for r in rows}
    state["agency"] = next(a for a in hosts if a != "so-tttt")
    state["source"] = known[hosts[state["agency"]]["key"]]
    for row in hosts.values():
        s.syslog_tcp(ssh_failure(row["hostname"], "203.0.113.9", port=4000 + i) for i in range(30))
    s.syslog_tcp(["<13>xin chào, một dòng không bộ giải mã nào đọc được"])
    wait_for("the events of both agencies",
             lambda: len({(x["agency"] or {}).get("id")
                          for x in lead.wanted("/events", limit=1000)["items"]} & set(hosts)) > 1)
    wait_for("an alert", lambda: lead.wanted("/alerts")["items"])


def user(role):
    """Logged in once: passwords cost time."""
    people = state.setdefault("people", {})
    if role not in people:
        s = server()
        people[role] = s.user(role, state["agency"] if role == "agency" else None)
    return people[role]


def hold(operation, reply, wanted=None):
    """The reply's status is known to the contract, and its body fits."""
    if wanted:
        check(reply.status == wanted, f"{operation}: {reply}")
    kind = reply.headers.get("Content-Type", "")
    body = reply.json if kind.startswith("application/json") and reply.bytes else None
    if reply.status == 200 and "officedocument" in kind:
        return None
    if reply.status == 200 and kind.startswith("application/x-ndjson"):
        return hold_lines(operation, reply)
    faults = contract.faults(operation, reply.status, body)
    check(not faults, f"{operation} {reply.status}:\n" + "\n".join(faults[:12]))
    return body


def hold_lines(operation, reply):
    """Each line of a stream is of its schema and has one member; the lines."""
    schema = "BacktestLine" if operation.endswith("backtest") else "StreamLine"
    lines = [json.loads(line) for line in reply.bytes.decode().splitlines()]
    for line in lines:
        check(len(line) == 1, f"{operation}: a line with {list(line)}")
        faults = list(contract.check({"$ref": "#/components/schemas/" + schema}, line, "$"))
        check(not faults, f"{operation} {list(line)}:\n" + "\n".join(faults[:12]))
    check("head" in lines[0], f"{operation} begins with {lines[0]}")
    return lines


def path_of(pattern):
    """With the ids of things of the own agency; None where there is none yet."""
    lead, own = user("lead"), {"agency": state["agency"]}

    def first(path):
        return next((str(x["id"]) for x in lead.wanted(path, limit=1, **own)["items"]), None)

    found = {
        "{agency}": lambda: state["agency"],
        "{system}": lambda: state["source"]["system"]["id"],
        "{source}": lambda: state["source"]["id"],
        "{obligation}": lambda: "II.2.1.a",
        "{event}": lambda: first("/events"),
        "{user}": lambda: "lead",
        "{alert}": lambda: first("/alerts"),
        "{incident}": lambda: first("/incidents"),
        "{relay}": lambda: next((x["key"] for x in lead.wanted("/relays")["items"]), None),
        "{certificate}": lambda: None,
    }
    for name in re.findall(r"\{\w+\}", pattern):
        value = found.get(name, lambda: None)()
        if value is None:
            return None
        pattern = pattern.replace(name, value)
    return pattern


@test("a back-test's lines fit the contract, with an example, and without one")
def _():
    lead = user("lead")
    for action in ("failed", "never-such"):
        rule = (f"title: x\nlogsource: {{product: linux, service: sshd}}\ndetection:\n  s:\n"
                f"    action: {action}\n  condition: s\nlevel: low\n")
        lines = hold("POST /rules/backtest", lead.post("/rules/backtest", {"rule": rule, "days": 2}), 200)
        check("foot" in lines[-1] and "days" in lines[-2], lines[-2:])
        check(any("example" in line for line in lines) == (action == "failed"), lines)
    hold("POST /rules/backtest", lead.post("/rules/backtest", {"rule": "title: ["}), 400)


@test("an incident opened by hand fits the contract at every step of its way")
def _():
    lead, responder = user("lead"), user("responder")
    new = {"title": "Trang chủ bị thay đổi", "severity": "high", "agency": state["agency"],
           "description": "thấy lúc 7 giờ"}
    incident = hold("POST /incidents", lead.post("/incidents", new), 201)
    moves = [{"move": "confirm"}, {"move": "severity", "severity": "critical"},
             {"move": "note", "note": "đã gọi cho trưởng phòng"}, {"move": "tell"},
             {"move": "contain"}, {"move": "eradicate"},
             {"move": "recover"}, {"move": "close", "note": "xong"},
             {"move": "reopen", "note": "lại thấy"}]
    for move in moves:
        check(move["move"] in incident["moves"], f"{move} is not open: {incident['moves']}")
        incident = hold("POST /incidents/{incident}/moves",
                        responder.post(f"/incidents/{incident['id']}/moves", move), 200)
    check(incident["state"] == "confirmed" and incident["severity"] == "critical", str(incident))
    check(any(o["obligation"].startswith("II.2.1") for o in incident["obligations"]),
          f"the incident stands in no obligation: {incident['obligations']}")
    refused = hold("POST /incidents/{incident}/moves",
                   responder.post(f"/incidents/{incident['id']}/moves",
                                  {"move": "close", "note": "nửa"}), 409)
    check(refused["error"]["sentence"], "a refusal without a sentence")


@test("every operation answers each role that may ask with what the contract says")
def _():
    for operation, about in contract.operations.items():
        method, pattern = operation.split(" ")
        if method != "GET" or about.get("x-public"):
            continue
        path = path_of(pattern)
        for role in about["x-roles"]:
            if path:
                short = {"seconds": 1} if path == "/events/live" else {}
                hold(operation, user(role).get(path, **short), 200)


@test("every operation refuses each role that may not ask, and everybody without a session")
def _():
    for operation, about in contract.operations.items():
        method, pattern = operation.split(" ")
        if about.get("x-public"):
            continue
        path = path_of(pattern) or re.sub(r"\{\w+\}", "1", pattern)
        for role in set(ROLES) - set(about["x-roles"]):
            body = hold(operation, user(role).call(method, path), 403)
            check(body["error"]["code"] == "role_denied", f"{operation} for {role}: {body}")
        hold(operation, Client(server(), None).call(method, path), 401)


@test("pages of a list follow each other without a gap or a row twice")
def _():
    lead = user("lead")
    for path in ("/agencies", "/systems", "/sources", "/events"):
        whole = lead.wanted(path, limit=1000)
        keys, cursor = [], None
        step = max(1, len(whole["items"]) // 3)
        for _ in range(50):
            more = {"cursor": cursor} if cursor else {}
            if path == "/events":
                now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
                more["to"] = state.setdefault("to", now)
            page = hold(f"GET {path}", lead.get(path, limit=step, **more), 200)
            keys += [x["id"] for x in page["items"]]
            cursor = page["next"]
            if not cursor:
                break
        check(len(keys) == len(set(keys)), f"{path}: a row stands there twice")
        if path != "/events":
            check(keys == [x["id"] for x in whole["items"]], f"{path}: the pages are not the whole")
            check(whole["total"] == len(keys), f"{path}: total {whole['total']}, rows {len(keys)}")


@test("each sort and filter that the contract names is taken")
def _():
    lead = user("lead")
    for path in ("/alerts", "/incidents", "/agencies", "/systems", "/sources"):
        for parameter in contract.operations[f"GET {path}"]["parameters"]:
            schema = contract.resolve(parameter["schema"])
            for value in schema.get("enum", []):
                hold(f"GET {path}", lead.get(path, **{parameter["name"]: value}), 200)


@test("what the contract forbids is refused with a place: a value too much, a member too much")
def _():
    lead = user("lead")
    rows = [
        ("/alerts", {"limit": 1001}, "limit"), ("/alerts", {"sort": "name"}, "sort"),
        ("/alerts", {"nothing": 1}, "nothing"), ("/events", {"from": "gestern"}, "from"),
        ("/plan/matrix", {"period": "2026-Q9"}, "period"), ("/home", {"at": "2026-13-01"}, "at"),
        ("/systems", {"level": 6}, "level"), ("/agencies", {"cursor": "nonsense"}, "cursor"),
        ("/events", {"query": "user:("}, None), ("/events/stream", {"values": 51}, "values"),
        ("/events/live", {"query": "* | count"}, None), ("/events", {"query": "* | count"}, "query"),
    ]
    for path, parameters, place in rows:
        body = hold(f"GET {path}", lead.get(path, **parameters), 400)
        check(place is None or body["error"]["place"] == place, f"{path} {parameters}: {body}")
    body = hold("GET /events", lead.get("/events", query='user:"'), 400)
    check(body["error"]["place"].startswith("query:"), f"a wrong query without its column: {body}")


@test("an agency's user sees nothing of another agency")
def _():
    mine = user("agency")
    lead = user("lead")
    for path in ("/alerts", "/incidents", "/systems", "/sources", "/agencies", "/events"):
        for row in mine.wanted(path, limit=1000)["items"]:
            agency = row["id"] if path == "/agencies" else (row["agency"] or {}).get("id")
            check(agency == state["agency"], f"{path} shows {agency}")
    others = [x for x in lead.wanted("/sources", limit=1000)["items"]
              if x["agency"]["id"] != state["agency"]]
    check(others, "there is no other agency's source")
    for path, operation in ((f"/sources/{others[0]['id']}", "GET /sources/{source}"),
                            (f"/systems/{others[0]['system']['id']}", "GET /systems/{system}"),
                            (f"/agencies/{others[0]['agency']['id']}", "GET /agencies/{agency}"),
                            (f"/plan/standing/II.2.1.a/{others[0]['agency']['id']}",
                             "GET /plan/standing/{obligation}/{agency}")):
        hold(operation, mine.get(path), 404)
    hold("GET /events", mine.get("/events", agency=others[0]["agency"]["id"]), 403)


@test("the matrix and the drawer say the same, and the drawer's figure is the sum of its rows")
def _():
    lead = user("lead")
    matrix = lead.wanted("/plan/matrix")
    rows = {row["obligation"]: number for number, row in enumerate(matrix["rows"])}
    for column, head in list(enumerate(matrix["columns"]))[:3]:
        for obligation in ("II.2.1.a", "II.2.1.b"):
            cell = matrix["cells"][rows[obligation]][column]
            if cell is None:
                continue
            drawer = hold("GET /plan/standing/{obligation}/{agency}",
                          lead.get(f"/plan/standing/{obligation}/{head['agency']['id']}"), 200)
            check(drawer["standing"] == cell["standing"],
                  f"{obligation}: {cell} {drawer['standing']}")
            for target in drawer["targets"]:
                counted = [r for r in target["rows"] if r["ok"] is not None and r["weight"] > 0]
                figure = target["figure"]
                if figure and figure["denominator"] is not None:
                    sums = (sum(r["weight"] for r in counted if r["ok"]),
                            sum(r["weight"] for r in counted))
                    check((figure["numerator"], figure["denominator"]) == sums,
                          f"{obligation} {target['measure']}: {figure} over {counted}")


@test("changes carry the CSRF token, log-in has a limit, log-out ends the session")
def _():
    client = server().user("finance")
    client.log_in()
    token, client.csrf = client.csrf, None
    body = hold("PATCH /session", client.call("PATCH", "/session", {"language": "vi"}), 403)
    check(body["error"]["code"] == "csrf_missing", "a change without a token")
    client.csrf = token
    hold("PATCH /session", client.call("PATCH", "/session", {"language": "vi"}), 200)
    nobody = Client(server(), None)
    wrong = {"name": "ghost", "password": "x"}
    for _ in range(10):
        hold("POST /session", nobody.post("/session", wrong), 401)
    hold("POST /session", nobody.post("/session", wrong), 429)
    hold("DELETE /session", client.call("DELETE", "/session"), 204)
    hold("GET /session", client.get("/session"), 401)


@test("a user is made, told the first password once, and disabled")
def _():
    admin = user("admin")
    new = {"name": "thu-nghiem", "display_name": "Người thử", "role": "responder"}
    made = hold("POST /users", admin.post("/users", new), 201)
    hold("POST /users", admin.post("/users", new), 409)
    hold("POST /users", admin.post("/users", {**new, "name": "hai", "password": "x"}), 400)
    other = Client(server(), "thu-nghiem", made["password"])
    check(other.wanted("/session")["role"] == "responder", "the new user's role")
    changed = hold("PATCH /users/{user}",
                   admin.call("PATCH", "/users/thu-nghiem", {"disabled": True}), 200)
    check(changed["disabled"], "disabled")
    check(other.get("/session").status == 401, "a disabled user's session lives on")
    hold("PATCH /users/{user}", admin.call("PATCH", "/users/khong-co", {"disabled": True}), 404)


if __name__ == "__main__":
    main()
