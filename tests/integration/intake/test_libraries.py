#!/usr/bin/env python3
"""Client libraries of others at the HTTP listener: Elasticsearch's official JavaScript client, Splunk's own logger."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from actors import TOKEN, Sink, all_of, node  # noqa: E402
from haidang import check, main, test  # noqa: E402


def said(rows):
    return {row.pop("what"): row for row in rows}


@test("Elasticsearch's JavaScript client: product check, bulk, its bulk helper (gzip, three at once), a wrong key")
def _():
    with Sink() as sink:
        got = said(node("elasticsearch.mjs", f"http://127.0.0.1:{sink.port['http']}", "aWQ6c2VjcmV0"))  # id:secret
        check(got["info"]["tagline"] == "You Know, for Search", got)
        check(got["bulk"] == {"errors": False, "statuses": [201, 201]}, got)
        check(got["helper"] == {"total": 2500, "successful": 2500, "failed": 0} and "dropped" not in got, got)
        check(got["stranger"] == {"status": 401, "response": True}, got)
        events = sink.take(2502)
        check(all(e["source"] == "so-tttt.api" and e["protocol"] == "elastic" for e in events), events[0])
        lines = [{**e, "raw": e["fields"]["message"]} for e in events if "dong so" in e["raw"]]
        all_of(lines, 2500)
        sink.nothing_more()


@test("Splunk's logger: one event, a batch of events that follow each other, a wrong token")
def _():
    with Sink() as sink:
        got = said(node("splunk.mjs", f"http://127.0.0.1:{sink.port['http']}", TOKEN))
        check(got["one"]["status"] == 200 and got["one"]["body"]["code"] == 0, got)
        check(got["batch"]["status"] == 200 and got["batch"]["body"]["code"] == 0, got)
        check("stranger" in got and "Success" not in str(got["stranger"]), got)
        events = sink.take(301)
        check(all(e["protocol"] == "splunk" for e in events), events[0])
        check(events[0]["fields"]["host"] == "farm.local", events[0])
        all_of([{"raw": e["fields"]["message"]} for e in events[1:]], 300)
        check(events[1]["time"] == 1795480262, events[1])


if __name__ == "__main__":
    main()
