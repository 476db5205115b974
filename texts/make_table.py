#!/usr/bin/env python3
"""Makes the sorted C table of Vietnamese texts from texts/vi.d/*.tsv (English TAB Vietnamese)."""
import re
import sys

CONVERSION = re.compile(r"%[-+ #0]*(?:\*|\d+)?(?:\.(?:\*|\d+))?(?:hh|h|ll|l|j|z|t|L)?[diouxXeEfFgGaAcspn%]")


def unescape(text):
    """C escapes to bytes: only those that the files use."""
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t", "\\": "\\"}.get(m[1], m[0]), text)


def literal(text):
    out = []
    for byte in text.encode():
        char = chr(byte)
        if char in '"\\':
            out.append("\\" + char)
        elif 32 <= byte < 127 and char != "?":
            out.append(char)
        else:
            out.append("\\%03o" % byte)
    return '"' + "".join(out) + '"'


def main(inputs, output):
    rows = {}
    for name in inputs:
        with open(name, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                line = line.rstrip("\n")
                if not line or line.startswith("#"):
                    continue
                parts = line.split("\t")
                if len(parts) != 2:
                    sys.exit(f"{name}:{number}: one TAB between English and Vietnamese is wanted")
                key, vi = map(unescape, parts)
                if CONVERSION.findall(key) != CONVERSION.findall(vi):
                    sys.exit(f"{name}:{number}: the conversions (%s …) of both texts differ")
                if rows.setdefault(key, vi) != vi:
                    sys.exit(f"{name}:{number}: this English text has another translation elsewhere")
    with open(output, "w", encoding="utf-8") as file:
        file.write("static const struct text_entry text_vi[] = {\n")
        for key in sorted(rows, key=lambda k: k.encode()):
            file.write(f"    {{ {literal(key)}, {literal(rows[key])} }},\n")
        file.write(f"    {{ NULL, NULL }}\n}};\nstatic const size_t text_vi_count = {len(rows)};\n")


main(sys.argv[1:-1], sys.argv[-1])
