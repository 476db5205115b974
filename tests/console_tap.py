#!/usr/bin/env python3
"""The console's own tests (types, vitest), told as TAP."""
import json
import pathlib
import subprocess
import sys
import tempfile

CONSOLE = pathlib.Path(__file__).resolve().parent.parent / "console"


def main():
    checked = subprocess.run(["npm", "run", "--silent", "check"], cwd=CONSOLE)
    print(f"{'not ok' if checked.returncode else 'ok'} - the console's types hold", flush=True)
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        subprocess.run(["npx", "--no-install", "vitest", "run", "--reporter=json",
                        f"--outputFile={report.name}"], cwd=CONSOLE, stdout=subprocess.DEVNULL)
        try:
            files = json.loads(pathlib.Path(report.name).read_text(encoding="utf-8"))["testResults"]
        except (ValueError, KeyError):
            print("not ok - vitest left no report")
            return 1
    failed = checked.returncode != 0
    for file in files:
        for test in file["assertionResults"]:
            good = test["status"] == "passed"
            failed |= not good
            print(f"{'ok' if good else 'not ok'} - {test['fullName']}")
            for line in "".join(test.get("failureMessages") or []).splitlines()[:10]:
                print("# " + line)
    return 1 if failed else 0


sys.exit(main())
