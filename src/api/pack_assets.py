#!/usr/bin/env python3
"""Packs the console's files into one blob for the assembler, and the table that finds them.

    pack_assets.py console/dist assets_pack.S assets_table.c

Text is kept compressed as well, where that saves a tenth. The outputs are written only when they
change, so that an unchanged console costs no build. Without the folder the table is empty.
"""
import gzip
import hashlib
import mimetypes
import pathlib
import re
import sys

TYPES = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".json": "application/json",
    ".woff2": "font/woff2", ".woff": "font/woff", ".png": "image/png", ".ico": "image/x-icon",
    ".webmanifest": "application/manifest+json", ".txt": "text/plain; charset=utf-8",
}
TEXT = {".html", ".js", ".css", ".svg", ".json", ".webmanifest", ".txt"}
HASHED = re.compile(r"-[A-Za-z0-9_-]{8}\.[a-z0-9]+$")


def write(path, data):
    path = pathlib.Path(path)
    if not path.exists() or path.read_bytes() != data:
        path.write_bytes(data)


def main(folder, assembler, table):
    root = pathlib.Path(folder)
    blob, rows = bytearray(), []
    files = sorted(p for p in root.rglob("*") if p.is_file()) if root.is_dir() else []
    for path in files:
        if path.suffix == ".map":
            continue
        name = "/" + path.relative_to(root).as_posix()
        data = path.read_bytes()
        at, packed_at, packed = len(blob), 0, b""
        blob += data
        if path.suffix in TEXT:
            packed = gzip.compress(data, 9, mtime=0)
            if len(packed) * 10 > len(data) * 9:
                packed = b""
            packed_at = len(blob)
            blob += packed
        kind = TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        fixed = "true" if name.startswith("/assets/") and HASHED.search(name) else "false"
        tag = hashlib.sha256(data).hexdigest()[:32]
        rows.append(f'    {{ "{name}", "{kind}", "\\"{tag}\\"", {fixed}, {at}, {len(data)}, '
                    f'{packed_at if packed else 0}, {len(packed)} }},\n')
    pack = pathlib.Path(assembler).resolve().with_suffix(".bin")
    write(pack, bytes(blob))
    # The digest in a comment makes the assembler run again when only the blob has changed.
    write(assembler, f"""/* {hashlib.sha256(blob).hexdigest()} */
    .section .rodata
    .global asset_pack
    .balign 16
asset_pack:
    .incbin "{pack}"
    .byte 0
    .section .note.GNU-stack,"",%progbits
""".encode())
    end = '    { "", "", "", false, 0, 0, 0, 0 },\n'
    write(table, ('#include "api/assets.h"\n\nconst struct asset asset_table[] = {\n' +
                  "".join(rows) + end + "};\n"
                  f"const size_t asset_count = {len(rows)};\n").encode())


if __name__ == "__main__":
    main(*sys.argv[1:4])
