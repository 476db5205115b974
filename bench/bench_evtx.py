#!/usr/bin/env python3
"""Windows event logs with all of Sigma's rules, beside libevtx that only reads them (bench/evtx.c).

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
LOGS, REGRESSION, RULES = (SHARED / "events/evtx-to-mitre.tar.zst", SHARED / "sigma/regression_data",
                           SHARED / "sigma/rules")
ROOMS = ["detect", "event", "base"]
LIBRARIES = ["-levtx", "-ldeflate", "-lzstd", "-lhs", "-lpcre2-8", "-lsimdjson", "-lyaml", "-lutf8proc",
             "-lxxhash", "-lsodium", "-lz", "-lm", "-lstdc++", "-lpthread"]
LINE = (r"^{}: files (\d+), ours (\d+) records in ([\d.]+) s, libevtx (\d+) records in ([\d.]+) s "
        r"\((\d+) refused\), ratio ([\d.]+)")


def skip(why):
    print(json.dumps({"skipped": why}, ensure_ascii=False))
    sys.exit(0)


def row(said, which, what):
    files, ours, our_time, theirs, their_time, refused, ratio = re.search(LINE.format(which), said, re.M).groups()
    rules = re.search(r"^rules (\d+)", said, re.M).group(1)
    print(json.dumps({
        "what": f".evtx, {what} ({files}, {ours} records), {rules} Sigma rules, one thread",
        "figure": f"{int(ours) / float(our_time):.0f} records/s CPU",
        "beside": f"libevtx, records as XML, no rules ({theirs} read, {refused} refused)",
        "peer": f"{int(theirs) / float(their_time):.0f} records/s CPU",
        "ratio": float(ratio), "reach": "≥ 20", "command": "bench/run --only evtx"}, ensure_ascii=False))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build")
    options = parser.parse_args()
    rooms = [ROOT / options.build / "src" / room / f"lib{room}.a" for room in ROOMS]
    for path in (LOGS, REGRESSION, RULES):
        if not path.exists():
            skip(f"{path.name} is not there (../shared/data)")
    if not all(room.exists() for room in rooms):
        skip(f"the rooms are not built in {options.build}")
    for tool in ("zstd", "tar", "cc"):
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
    if not pathlib.Path("/usr/include/libevtx.h").exists():
        skip("libevtx-dev and libbfio-dev are not installed")
    with tempfile.TemporaryDirectory() as folder:
        program, logs = pathlib.Path(folder) / "evtx-bench", pathlib.Path(folder) / "logs"
        subprocess.run(["cc", "-O2", "-std=gnu17", "-D_GNU_SOURCE", f"-I{ROOT}/src", str(ROOT / "bench/evtx.c"),
                        *(str(ROOT / "src/cli" / f"detect_{part}.c") for part in ("audit", "evtx", "input")), "-o",
                        str(program), "-Wl,--start-group", *map(str, rooms), "-Wl,--end-group", *LIBRARIES],
                       check=True)
        logs.mkdir()
        subprocess.run(["tar", "--zstd", "-xf", str(LOGS), "-C", str(logs)], check=True)
        said = subprocess.run([str(program), str(RULES), str(logs), str(REGRESSION)], cwd=ROOT, check=True,
                              text=True, stdout=subprocess.PIPE).stdout
    row(said, "both", "files of which both read the same records")
    row(said, "all", "all files, each the records it can read")


if __name__ == "__main__":
    main()
