#!/usr/bin/env python3
"""Every clause of clauses.tsv is carried out by code that names it (IMPLEMENTS) and shown by a test
that names it (EVIDENCE). Prints TAP; --write makes docs/conformance.md anew, which must be current."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NAMES = re.compile(r"sigma-2/[a-z0-9-]+")
TEST = re.compile(r'TEST\("((?:[^"\\]|\\.)*)"\)')


def clauses():
    for line in (ROOT / "tests/conformance/clauses.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield (line.split("\t") + ["", ""])[:3]


def named(folder, word):
    """clause -> list of (file, sentence of the test that follows)"""
    found = {}
    for path in sorted((ROOT / folder).rglob("*.[ch]")):
        text = path.read_text(encoding="utf-8")
        for comment in re.finditer(r"/\*.*?\*/", text, re.S):
            at = comment[0].find(word)
            if at < 0:
                continue
            test = TEST.search(text, comment.end())
            for name in NAMES.findall(comment[0][at:]):
                found.setdefault(name, []).append((path.relative_to(ROOT), test[1] if test else ""))
    return found


def page(rows, code, tests):
    out = ["# What of Sigma we run", "",
           "Made by `tests/conformance/clauses.py --write` from the clauses that code and tests name.",
           "The texts of authority, in this order: the specification 2.1, SigmaHQ's own mapping, the",
           "reference parser's tests, recordings. Not supported, and refused by name: `value_percentile`,",
           "`value_median`, conditions over rule names in correlations.", "",
           "| feature | what we do | code | test |", "|---|---|---|---|"]
    for name, title, meaning in rows:
        files = ", ".join(sorted({f"`{f.name}`" for f, _ in code.get(name, [])}))
        shown = "<br>".join(sorted({s for _, s in tests.get(name, []) if s}))
        cells = [title, meaning or "as specified", files, shown]
        out.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    return "\n".join(out) + "\n"


def main():
    rows = list(clauses())
    code, tests = named("src", "IMPLEMENTS"), named("tests/unit/detect", "EVIDENCE")
    names = {name for name, _, _ in rows}
    failed = number = 0
    text = page(rows, code, tests)
    target = ROOT / "docs/conformance.md"
    if "--write" in sys.argv:
        target.write_text(text, encoding="utf-8")
    checks = [(f"{n} is carried out and shown", n in code and n in tests,
               f"code: {n in code}, test: {n in tests}") for n, _, _ in rows]
    strangers = sorted((set(code) | set(tests)) - names)
    checks.append(("no clause is named that the list does not know", not strangers, strangers))
    current = target.exists() and target.read_text(encoding="utf-8") == text
    checks.append(("docs/conformance.md is current", current, "run clauses.py --write"))
    print(f"1..{len(checks)}")
    for sentence, fine, why in checks:
        number += 1
        print(f"{'ok' if fine else 'not ok'} {number} - {sentence}")
        if not fine:
            failed += 1
            print(f"# {why}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
