#!/usr/bin/env python3
"""Joins the report's parts into one page, cut in two where the data of a run go: make_page.py PAGE CSS
JS ATTACK OUT. Style and script are allowed by their hash alone, so nothing that a log holds can run."""
import base64
import hashlib
import pathlib
import sys


def read(path):
    return pathlib.Path(path).read_text(encoding="utf-8").strip()


def digest(text):
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def literal(name, text):
    data = text.encode()
    rows = [", ".join(str(byte) for byte in data[i:i + 24]) for i in range(0, len(data), 24)]
    return f"static const unsigned char {name}[] = {{\n" + ",\n".join(rows) + "\n};\n"


def main():
    page, style, script, attack = map(read, sys.argv[1:5])
    attack = "\n".join(line for line in attack.splitlines() if not line.startswith("#"))
    assert "</" not in script and "</" not in attack
    for key, text in (("STYLE_HASH", digest(style)), ("SCRIPT_HASH", digest(script)), ("STYLE", style),
                      ("SCRIPT", script), ("ATTACK", attack)):
        page = page.replace(f"@{key}@", text, 1)
    before, after = page.split("@DATA@")
    pathlib.Path(sys.argv[5]).write_text(literal("page_before", before) + literal("page_after", after + "\n"),
                                         encoding="utf-8")


main()
