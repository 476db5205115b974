#!/usr/bin/env python3
"""haidang detect and haidang rules as people call them: forms of input, exit codes, errors with their
place. Prints TAP."""
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
HAIDANG = os.environ.get("HAIDANG", str(ROOT / "build/haidang"))
RULE = """title: Shell from a web server
id: 7a9c54d0-9a3e-4a27-9f9b-5d5a1d6cf001
logsource: {product: windows, category: process_creation}
detection:
  selection:
    ParentImage|endswith: '\\w3wp.exe'
    Image|endswith: '\\cmd.exe'
  condition: selection
level: high
"""
HIT = {"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Image": "C:\\cmd.exe",
       "ParentImage": "C:\\w3wp.exe", "@timestamp": "2026-11-24T00:00:00Z"}
MISS = dict(HIT, Image="C:\\notepad.exe")
number = failed = 0


def check(sentence, fine, why=""):
    global number, failed
    number += 1
    failed += not fine
    print(f"{'ok' if fine else 'not ok'} {number} - {sentence}")
    if not fine:
        print("# " + str(why).replace("\n", "\n# "))


def run(*arguments, stdin=None):
    done = subprocess.run([HAIDANG, *map(str, arguments), "--language", "en"], input=stdin,
                          capture_output=True, timeout=120, cwd=ROOT)
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        rules, logs = folder / "rules", folder / "logs"
        rules.mkdir()
        logs.mkdir()
        (rules / "r.yml").write_text(RULE)
        lines = json.dumps(MISS) + "\n" + json.dumps(HIT) + "\n"
        forms = {"lines.jsonl": lines.encode(), "array.json": json.dumps([MISS, HIT]).encode(),
                 "pretty.json": json.dumps(HIT, indent=2).encode(),
                 "several.json": (json.dumps(MISS, indent=1) + "\n" + json.dumps(HIT, indent=1)).encode(),
                 "packed.jsonl.gz": gzip.compress(lines.encode()),
                 "no-end.jsonl": lines.rstrip("\n").encode()}
        for form, data in forms.items():
            (logs / form).write_bytes(data)
            code, out, err = run("detect", "--rules", rules, "--json", logs / form)
            alerts = [json.loads(line) for line in out.splitlines()]
            check(f"one alert in {form}, exit 1", code == 1 and len(alerts) == 1 and
                  alerts[0]["level"] == "high", (code, out, err))
        code, out, err = run("detect", "--rules", rules, "--json", logs)
        check("a folder is walked, in order", code == 1 and len(out.splitlines()) == len(forms), err)
        code, out, err = run("detect", "--rules", rules, "-", stdin=json.dumps(MISS).encode())
        check("nothing found is exit 0", code == 0 and not out, (code, out, err))
        code, out, err = run("detect", "--rules", rules, "--csv", "-", stdin=lines.encode())
        check("CSV has a head and a line", code == 1 and len(out.splitlines()) == 2, out)
        code, out, err = run("detect", "--rules", rules, "--min-level", "critical", logs)
        check("--min-level leaves out what is below", code == 0 and not out, (code, out))
        code, out, err = run("detect", "--rules", rules, "--from", "2026-11-25", logs / "lines.jsonl")
        check("--from leaves out what is before", code == 0 and not out, (code, out))
        (logs / "cut.json").write_bytes(json.dumps([HIT, HIT]).encode()[:-30])
        code, out, err = run("detect", "--rules", rules, "--json", logs / "cut.json")
        check("a file that is cut off gives what it can, its place, and exit 3",
              code == 3 and len(out.splitlines()) == 1 and "cut.json: record 2" in err, (code, out, err))
        (logs / "cut.jsonl.gz").write_bytes(gzip.compress(lines.encode() * 2000)[:-20])
        code, out, err = run("detect", "--rules", rules, "--json", logs / "cut.jsonl.gz")
        check("a damaged gzip gives what it can, and exit 3", code == 3 and "cut.jsonl.gz" in err,
              (code, err))
        code, out, err = run("detect", "--rules", rules, folder / "nothing")
        check("a missing file is said, exit 3", code == 3 and "nothing" in err, (code, err))
        code, out, err = run("detect", "--rules", rules, "--json", "-",
                             stdin=b'{"EventID": 1, }\n' + lines.encode())
        check("a broken line costs only itself", code == 3 and len(out.splitlines()) == 1 and
              "-:1" in err, (code, out, err))
        code, out, err = run("detect", "--rules", rules, "-", stdin=b'{"a":1}\n')
        check("an unknown log source is counted", code == 0 and "nobody knows" in err, err)
        big = (json.dumps(MISS) + "\n") * 20000 + lines
        code, out, err = run("detect", "--rules", rules, "--json", "-j", "2", "-", stdin=big.encode())
        check("two threads keep the place", code == 1 and json.loads(out)["record"] == 20002, out)
        (rules / "bad.yml").write_text(RULE.replace("|endswith", "|endwith", 1))
        code, out, err = run("rules", "check", rules)
        check("rules check names file, line and modifier, and exits 1",
              code == 1 and "bad.yml:6" in err and "endwith" in err, (code, err))
        code, out, err = run("rules", "explain", "Shell from a web server", "--rules", rules)
        check("rules explain shows the index key", code == 0 and "[index]" in out, (code, out))
        code, out, err = run("rules", "list", "--json", rules)
        check("rules list is one object a line", code == 0 and json.loads(out)["level"] == "high", out)
    print(f"1..{number}")
    return 1 if failed else 0


sys.exit(main())
