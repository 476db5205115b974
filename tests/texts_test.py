#!/usr/bin/env python3
"""Every sentence that the program says to people has its Vietnamese: the English text given to
error_set, error_hint, yaml_error, error_errno is a key of texts/vi.d/. Prints TAP, a test a room."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CALLS = re.compile(r"\b(?:error_set|error_hint|error_errno|yaml_error)\s*\(")
TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([(),?:])|[^"(),?:]+')
ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", '"': '"'}


def unescape(text):
    return re.sub(r"\\(.)", lambda m: ESCAPES.get(m[1], m[0]), text)


def known():
    keys = set()
    for path in sorted((ROOT / "texts/vi.d").glob("*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                keys.add(unescape(line.split("\t")[0]))
    return keys


def sentences(source):
    """The format argument's literals of each call: those of one argument are one text, those on both
    sides of ?: are two."""
    for call in CALLS.finditer(source):
        depth, texts, current, found = 1, [], "", False
        for token in TOKEN.finditer(source, call.end()):
            literal, mark = token[1], token[2]
            if literal is not None:
                current, found = current + unescape(literal), True
            elif mark == "(":
                depth += 1
            elif mark == ")":
                depth -= 1
            if mark == ":" or depth == 0 or (mark == "," and depth == 1):
                if current and current != "%s":
                    texts.append(current)
                current = ""
                if depth == 0 or (found and mark == ","):
                    break
        yield from ((call.start(), text) for text in texts)


def main():
    keys, number, failed = known(), 0, 0
    for room in sorted(p for p in (ROOT / "src").iterdir() if p.is_dir()):
        missing = []
        for path in sorted(room.glob("*.c")):
            source = path.read_text(encoding="utf-8")
            for at, text in sentences(source):
                if text not in keys and re.search("[a-z]{2}", text):
                    line = source.count("\n", 0, at) + 1
                    missing.append(f"{path.relative_to(ROOT)}:{line}: {text!r}")
        number += 1
        failed += bool(missing)
        print(f"{'not ok' if missing else 'ok'} {number} - {room.name}/ says every sentence in "
              "Vietnamese too")
        for line in missing:
            print("# " + line)
    print(f"1..{number}")
    return 1 if failed else 0


sys.exit(main())
