#!/usr/bin/env python3
"""The form of C and C++: no line beyond 110 columns, no banned call, no tab, no blanks at an end.

100 columns are the aim (.clang-format); the ten beyond are for rows of tables and sentences that a
break would make worse.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
COLUMNS = 110
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
    """Places that are wrong, each with what to do."""
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > COLUMNS:
            yield f"{path}:{number}: {len(line)} columns: at most {COLUMNS}"
        if "\t" in line:
            yield f"{path}:{number}: a tab: indent by four blanks"
        if line != line.rstrip():
            yield f"{path}:{number}: blanks at the end"
    bare = STRINGS.sub(lambda m: "\n" * m[0].count("\n"), text)
    for found in CALL.finditer(bare):
        yield f"{path}:{bare.count(chr(10), 0, found.start()) + 1}: {found[1]}: use {BANNED[found[1]]}"


def main():
    wrong, seen = [], 0
    for path in files():
        wrong += faults(path.relative_to(ROOT), path.read_text(encoding="utf-8"))
        seen += 1
    print(f"{'not ok' if wrong else 'ok'} 1 - {seen} files keep the form")
    for line in wrong:
        print(f"# {line}")
    print("1..1")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
