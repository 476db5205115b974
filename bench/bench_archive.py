#!/usr/bin/env python3
"""The archive on Windows events: how fast it stores, how small they become, how fast they are found.

Links bench/archive.c with the rooms of the build folder. Rows as bench/run wants them."""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared/data/events/windows-attack.jsonl.zst"
ROOMS = ["archive", "event", "base"]
LIBRARIES = ["sqlite3", "libzstd", "libxxhash", "libutf8proc", "libsodium", "libpcre2-8", "simdjson",
             "yaml-0.1"]
ABSENT = "zzqx7absent"


def skip(why):
    print(json.dumps({"skipped": why}, ensure_ascii=False))
    sys.exit(0)


def link(build, program):
    rooms = [ROOT / build / "src" / room / f"lib{room}.a" for room in ROOMS]
    if not all(room.exists() for room in rooms):
        skip(f"the rooms are not built in {build}")
    flags = subprocess.run(["pkg-config", "--libs", *LIBRARIES], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.split()
    subprocess.run(["cc", "-O2", "-std=gnu17", "-D_GNU_SOURCE", "-pthread", f"-I{ROOT}/src",
                    str(ROOT / "bench/archive.c"), "-o", str(program), "-Wl,--start-group",
                    *map(str, rooms), "-Wl,--end-group", *flags, "-lstdc++", "-lm"], check=True)


def number(pattern, text):
    return float(re.search(pattern, text)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build")
    options = parser.parse_args()
    if not DATA.exists():
        skip(f"{DATA.name} is not there (../shared/data/events)")
    for tool in ("zstd", "cc", "pkg-config"):
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        program, events = folder / "bench_archive", folder / "events.jsonl"
        link(options.build, program)
        subprocess.run(["zstd", "-dqf", str(DATA), "-o", str(events)], check=True)
        said = subprocess.run([str(program), str(folder / "archive"), str(events), ABSENT], check=True,
                              text=True, stdout=subprocess.PIPE).stdout
        raw = events.stat().st_size
        began = time.monotonic()
        subprocess.run(["grep", "-cF", ABSENT, str(events)], stdout=subprocess.DEVNULL)
        grep = (time.monotonic() - began) * 1000
        packed = int(subprocess.run(f"zstd -9 -c '{events}' | wc -c", shell=True, check=True, text=True,
                                    stdout=subprocess.PIPE).stdout)
    commit, seal = number(r"commit +(\d+) MB/s", said), number(r"commit and seal +(\d+) MB/s", said)
    live, small = number(r"live .*?([\d.]+) : 1", said), number(r"packed .*?([\d.]+) : 1", said)
    absent = number(ABSENT + r" +([\d.]+) ms", said)
    command = "bench/run --only archive"
    rows = [
        {"what": "append of Windows JSON, durable", "figure": f"{commit:.0f} MB/s CPU",
         "beside": "the limit set", "peer": "200 MB/s CPU", "ratio": commit / 200, "reach": "≥ 1"},
        {"what": "the same and sealing", "figure": f"{seal:.0f} MB/s CPU", "beside": "the limit set",
         "peer": "200 MB/s CPU", "ratio": seal / 200, "reach": "≥ 1"},
        {"what": "size of today's file, filters included", "figure": f"{live:.1f} : 1",
         "beside": "the limit set", "peer": "35 : 1", "ratio": live / 35, "reach": "≥ 1"},
        {"what": "size of the packed day file, filters included", "figure": f"{small:.1f} : 1",
         "beside": "`zstd -9`, one stream that cannot be searched", "peer": f"{raw / packed:.1f} : 1",
         "ratio": small / (raw / packed), "reach": "≥ 1"},
        {"what": f"a word that is nowhere, {raw / 1e6:.0f} MB", "figure": f"{absent:.1f} ms",
         "beside": "`grep -F` over the unpacked file", "peer": f"{grep:.0f} ms", "ratio": grep / absent},
    ]
    for row in rows:
        print(json.dumps({**row, "command": command}, ensure_ascii=False))


if __name__ == "__main__":
    main()
