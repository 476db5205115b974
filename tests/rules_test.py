#!/usr/bin/env python3
"""haidang rules as people call it, on rules and recordings of our own and, where they are beside the
project, on those of SigmaHQ. Prints TAP."""
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import tap
from tap import check, skip

ROOT = pathlib.Path(__file__).resolve().parent.parent
HAIDANG = os.environ.get("HAIDANG", str(ROOT / "build/haidang"))
SIGMA = ROOT.parent / "shared/data/sigma"
ID = "7a9c54d0-9a3e-4a27-9f9b-5d5a1d6cf001"
RULE = f"""title: A program
id: {ID}
logsource: {{product: windows, category: process_creation}}
detection: {{sel: {{Image|endswith: '\\cmd.exe'}}, condition: sel}}
"""
HIT = {"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Image": "C:\\cmd.exe"}


def run(*arguments, language="en"):
    done = subprocess.run([HAIDANG, *map(str, arguments), "--language", language], capture_output=True,
                          timeout=550, cwd=ROOT)
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def own(folder):
    rules, tests = folder / "rules", folder / "recordings"
    rules.mkdir()
    tests.mkdir()
    (rules / "r.yml").write_text(RULE)
    whole = tests / f"{ID}.json"
    whole.write_text(json.dumps(HIT))
    code, out, err = run("rules", "test", tests, "--rules", rules)
    check("rules test: a recording that raises its rule, exit 0",
          code == 0 and out == "1 of 1 recordings matched their rule\n", (code, out, err))
    (tests / "cut").mkdir()
    cut = tests / "cut" / f"{ID}.json"
    cut.write_text(json.dumps([HIT, HIT])[:-30])
    code, out, err = run("rules", "test", tests, "--rules", rules)
    check("rules test: a damaged recording that raises its rule is named and counted",
          code == 0 and f"{cut}: {ID} matched, but the file is damaged" in out and
          "2 of 2 recordings" in out and "1 recordings are damaged" in out, (code, out, err))
    cut.write_text(json.dumps(dict(HIT, Image="C:\\notepad.exe")))
    code, out, err = run("rules", "test", tests, "--rules", rules)
    check("rules test: one that raises nothing is named, exit 1",
          code == 1 and f"{cut}: {ID} missed" in out and "1 of 2" in out, (code, out, err))
    cut.rename(tests / "cut" / "other.json")
    code, out, err = run("rules", "test", tests, "--rules", rules)
    check("rules test: a recording of no rule is named, exit 1", code == 1 and "no such rule" in out, out)
    code, out, err = run("rules", "stats", rules)
    counts = {line.split(maxsplit=1)[1]: int(line.split()[0]) for line in out.splitlines()}
    check("rules stats counts rules and what they compile to",
          code == 0 and counts["rules"] == 1 and counts["indexed literals"] == 1 and counts["bytes"] > 0,
          (code, out, err))
    code, out, err = run("rules", "stats", "--json", rules)
    check("rules stats --json says the same",
          code == 0 and {k: v for k, v in json.loads(out).items() if "bytes" not in k} ==
          {k: v for k, v in counts.items() if "bytes" not in k}, (code, out))


def faulty(folder):
    rules = folder / "faulty"
    rules.mkdir()
    path = rules / "many.yml"
    path.write_text("""title: Many faults
level: loud
logsource: {}
detection:
  one:
    Image|endz: x
    CommandLine|contains: ' -enc'
    Size|gt: big
  two:
    - User: {a: b}
    - 'fine'
    - Path|re: '(' # looked at once all else of the rule can be read
  three: []
  timeframe: 5m
  condition: one and two and nowhere
---
title: Another
logsource: {product: windows}
correlation: {type: event_count, rules: [], timespan: never, condition: {gte: 1}}
---
- no rule
""")
    code, out, err = run("rules", "check", rules)
    found = [line.split(": ", 1) for line in err.splitlines() if line.startswith(str(path))]
    lines = [int(place.removeprefix(str(path) + ":").split(":")[0]) for place, _ in found]
    check("rules check shows every fault of a file that does not follow from another, at its line",
          code == 1 and lines == [2, 3, 6, 8, 10, 13, 14, 15, 19, 19, 21] and "0 rules compiled, 3 refused" in out,
          (code, lines, out, err))
    path.write_text(path.read_text().split("---")[0].replace("nowhere", "three").replace("three: []", "three: [a]"))
    code, out, err = run("rules", "check", rules)
    check("rules check: a condition over selections with faults is none",
          code == 1 and ":15:" not in err and ":6:" in err, err)


def faulty_correlation(folder):
    rules = folder / "correlations"
    rules.mkdir()
    path = rules / "many.yml"
    path.write_text("""title: Many faults
correlation:
  type: counted
  rules: []
  group-bye: [User]
  group-by:
    - User
    - {}
    - ''
  timespan: soon
  generate: perhaps
  aliases:
    user: User
    host: Host
  condition:
    gte: ten
    above: 3
    lt: 4
    lte: 5
---
title: Nothing of what it needs
correlation: {}
---
title: A fault of the whole
correlation:
  type: value_count
  rules: [nobody, nowhere]
  timespan: 1m
  condition: {gte: 1}
---
title: Refers to what is not there
correlation: {type: event_count, rules: [nobody, nowhere], timespan: 1m, condition: {gte: 1}}
---
title: Refers to a refused one
correlation: {type: temporal, rules: [Refers to what is not there], timespan: 1m}
""")
    code, out, err = run("rules", "check", rules)
    told = [(int(line.removeprefix(str(path) + ":").split(":")[0]), line.split(": ", 1)[1])
            for line in err.splitlines() if line.startswith(str(path))]
    lines = [line for line, _ in told]
    check("rules check shows every fault of a correlation section, at its line",
          code == 1 and sorted(lines) == [3, 4, 5, 8, 9, 10, 11, 13, 14, 16, 17, 19, 22, 22, 22, 29,
                                          31, 31, 34] and
          "0 rules compiled, 5 refused" in out, (code, sorted(lines), out, err))
    check("it names what is missing, and each rule that is not there",
          all(any(said in sentence for _, sentence in told) for said in
              ("needs 'type'", "needs 'rules'", "needs 'timespan'", "'nobody'", "'nowhere'",
               "needs 'field'", "was refused")), err)
    code, out, err = run("rules", "check", rules, language="vi")
    check("rules check tells each of them in Vietnamese",
          all(said in err for said in ("luật tương quan cần 'type'", "'soon' không phải", "'ten' không phải là số")),
          err)


def published(folder):
    if not SIGMA.exists():
        skip("recordings of SigmaHQ", "../shared/data/sigma is not there")
        return
    code, out, err = run("rules", "test", SIGMA / "regression_data", "--rules", SIGMA, "--json",
                         "--compiled", folder / "rules.blob")
    results = [json.loads(line) for line in out.splitlines()]
    forms = collections.Counter(pathlib.Path(r["file"]).suffix for r in results)
    wrong = [r for r in results if r["result"] != "matched"]
    check("every recording of SigmaHQ raises its rule, none is damaged", code == 0 and not wrong,
          (code, wrong, err[-500:]))
    there = collections.Counter(path.suffix for path in (SIGMA / "regression_data").rglob("*")
                                if path.suffix in (".evtx", ".json", ".raw"))
    check("all of them were tried: 163 .evtx, 163 .json, one .raw",
          forms == there and (forms[".evtx"], forms[".json"], forms[".raw"]) == (163, 163, 1), forms)
    code, out, err = run("rules", "check", SIGMA / "rules-placeholder", "--json")
    told = json.loads(out)
    check("rules check refuses the rules whose placeholders nobody fills, exit 1",
          code == 1 and (told["rules"], told["refused"]) == (0, 23) and
          len({line.split(".yml:")[0] for line in err.splitlines()
               if "there is no list for the placeholder" in line}) == 23, (code, out, err[:500]))


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        own(folder)
        faulty(folder)
        faulty_correlation(folder)
        published(folder)
    return tap.end()


sys.exit(main())
