#!/usr/bin/env python3
"""The form of C and C++: no line beyond 110 columns, no banned call, no tab, no blanks at an end.

100 columns are the aim (.clang-format); the ten beyond are for rows of tables and sentences that a
break would make worse.

A file that is older than this check may keep so many long lines as form.txt says; `--list` prints that
list anew when some are gone.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
COLUMNS = 110
LONG = ROOT / "tests" / "form.txt"
# (call, what to use): unchecked lengths, errors that cannot be told, state shared by threads
BANNED = {
    "strcpy": "buffer.h or snprintf", "strcat": "buffer.h", "sprintf": "snprintf or buffer_print",
    "vsprintf": "vsnprintf", "gets": "file.h", "atoi": "slice_to_i64", "atol": "slice_to_i64",
    "atof": "strtod", "strtok": "slice_split", "alloca": "arena.h",
}
CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
STRINGS = re.compile(r'"(?:\\.|[^"\\])*"|/\*.*?\*/|//[^\n]*', re.S)


def files():
    for folder in ("src", "tests", "bench"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".c", ".h", ".cc") and "corpus" not in path.parts and "node_modules" not in path.parts:
                yield path


def faults(path, text):
    """Places that are wrong, and how many lines are too long."""
    long = 0
    for number, line in enumerate(text.split("\n"), 1):
        long += len(line) > COLUMNS
        if "\t" in line:
            yield f"{path}:{number}: a tab: indent by four blanks"
        if line != line.rstrip():
            yield f"{path}:{number}: blanks at the end"
    bare = STRINGS.sub(lambda m: "\n" * m[0].count("\n"), text)
    for found in CALL.finditer(bare):
        yield f"{path}:{bare.count(chr(10), 0, found.start()) + 1}: {found[1]}: use {BANNED[found[1]]}"
    yield long


def main():
    allowed = dict(line.split() for line in LONG.read_text(encoding="utf-8").splitlines() if line[:1] not in ("#", ""))
    wrong, left, seen = [], 0, 0
    for path in files():
        name = str(path.relative_to(ROOT))
        *places, long = faults(name, path.read_text(encoding="utf-8"))
        wrong += places
        seen += 1
        may = int(allowed.get(name, 0))
        left += long
        if long > may:
            wrong.append(f"{name}: {long} lines beyond {COLUMNS} columns" + (f", {may} were there before" if may else ""))
    print(f"{'not ok' if wrong else 'ok'} 1 - {seen} files keep the form; {left} long lines of old are left")
    for line in wrong:
        print(f"# {line}")
    print("1..1")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:  # what form.txt would say now
        for source in files():
            *_, count = faults("", source.read_text(encoding="utf-8"))
            if count:
                print(source.relative_to(ROOT), count)
        sys.exit(0)
    sys.exit(main())
