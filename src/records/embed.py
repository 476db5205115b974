"""Writes the migrations into C: embed.py OUTPUT 0001_….sql 0002_….sql …"""
import os
import re
import sys


def c_string(text):
    out = []
    for line in text.splitlines(keepends=True):
        line = line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        out.append(f'    "{line}"')
    return "\n".join(out)


def main():
    output, paths = sys.argv[1], sys.argv[2:]
    rows = []
    for number, path in enumerate(sorted(paths, key=os.path.basename), 1):
        name = os.path.basename(path)
        match = re.fullmatch(r"(\d{4})_[a-z0-9_]+\.sql", name)
        if not match or int(match.group(1)) != number:
            sys.exit(f"{path}: migrations are named NNNN_words.sql, from 0001, without gaps")
        with open(path, encoding="utf-8") as file:
            rows.append(f'{{ {number}, "{name[5:-4]}",\n{c_string(file.read())} }},\n')
    with open(output, "w", encoding="utf-8") as file:
        file.write("/* made by embed.py from migrations/ */\n"
                   "static const struct migration migrations[] = {\n" + "".join(rows) + "};\n")


main()
