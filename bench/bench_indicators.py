#!/usr/bin/env python3
"""Detection with a million threat indicators, beside the same detection without (bench/indicators.c).

Rows as bench/run wants them."""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared/data"
EVENTS, RULES = SHARED / "events/windows-attack.jsonl.zst", SHARED / "sigma/rules"
ROOMS = ["detect", "event", "base"]
LIBRARIES = ["-lhs", "-lpcre2-8", "-lsimdjson", "-lyaml", "-lutf8proc", "-lxxhash", "-lsodium", "-lz",
             "-lm", "-lstdc++", "-lpthread"]
COMMAND = "bench/run --only indicators"


def skip(why):
    print(json.dumps({"skipped": why}, ensure_ascii=False))
    sys.exit(0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build")
    options = parser.parse_args()
    rooms = [ROOT / options.build / "src" / room / f"lib{room}.a" for room in ROOMS]
    for path in (EVENTS, RULES):
        if not path.exists():
            skip(f"{path.name} is not there (../shared/data)")
    if not all(room.exists() for room in rooms):
        skip(f"the rooms are not built in {options.build}")
    for tool in ("zstd", "cc"):
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
    with tempfile.TemporaryDirectory() as folder:
        program, events = pathlib.Path(folder) / "bench", pathlib.Path(folder) / "events.jsonl"
        subprocess.run(["cc", "-O2", "-std=gnu17", "-D_GNU_SOURCE", f"-I{ROOT}/src",
                        str(ROOT / "bench/indicators.c"), "-o", str(program), "-Wl,--start-group",
                        *map(str, rooms), "-Wl,--end-group", *LIBRARIES], check=True)
        subprocess.run(["zstd", "-dqf", str(EVENTS), "-o", str(events)], check=True)
        said = subprocess.run([str(program), str(events), str(RULES),
                               str(ROOT / "indicators/fields.yaml"), "1000000", folder], cwd=ROOT,
                              check=True, text=True, stdout=subprocess.PIPE).stdout
    found = {name: float(value) for name, value in
             re.findall(r"^(without|with|ratio|rules|memory) +([\d.]+)", said, re.M)}
    print(json.dumps({
        "what": f"a million indicators, {found['rules']:.0f} Sigma rules, one thread",
        "figure": f"{found['with']:.0f} events/s CPU", "beside": "the same without indicators",
        "peer": f"{found['without']:.0f} events/s CPU", "ratio": found["ratio"], "reach": "≥ 0.9",
        "command": COMMAND}, ensure_ascii=False))
    print(json.dumps({
        "what": "memory that a million indicators take", "figure": f"{found['memory']:.1f} MB",
        "beside": "the limit set", "peer": "100 MB", "ratio": 100 / found["memory"], "reach": "≥ 1",
        "command": COMMAND}, ensure_ascii=False))


if __name__ == "__main__":
    main()
