#!/usr/bin/env python3
"""What detection did not look at stands on the machine's page and beside the list of rules."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from haidang import Server, check, main, test, wait_for  # noqa: E402

server = Server()
SOURCE = "so-tttt.cong.json"


@test("events of an unknown log source are counted and named, by the status, the API and its check")
def _():
    body = "\n".join(json.dumps({"event_type": "nobody-knows", "n": n}) for n in range(5))
    reply = server.post(body, server.token(SOURCE))
    check(reply.status == 200, reply)

    def named():
        losses = server.user("admin").wanted("/health")["detection"]
        rows = {row["name"]: row["events"] for row in losses["sources"]}
        return rows.get("event_type=nobody-knows") == 5 and losses
    losses = wait_for("the name", named)
    check(losses["unknown"] >= 5 and losses["events"] >= losses["unknown"] and losses["cut"] == 0, losses)
    checks = {c["id"]: c for c in server.user("admin").wanted("/health")["checks"]}
    check(checks["detection"]["state"] == "well", checks["detection"])
    beside = server.user("responder").wanted("/rules", limit=1)["detection"]
    check(beside["unknown"] >= 5, beside)


if __name__ == "__main__":
    main()
