#!/usr/bin/env python3
"""Detection with all of Sigma's published rules, beside only parsing the same events (bench/detect.c),
against the number of rules (docs/pictures/detect-rules.svg), from a cold and a warm start, on two cores.

Rows as bench/run wants them."""
import argparse
import json
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared/data"
EVENTS, RULES = SHARED / "events/windows-attack.jsonl.zst", SHARED / "sigma"
PICTURE = ROOT / "docs/pictures/detect-rules.svg"
ROOMS = ["detect", "event", "base"]
LIBRARIES = ["-lhs", "-lpcre2-8", "-lsimdjson", "-lyaml", "-lutf8proc", "-lxxhash", "-lsodium", "-lz",
             "-lm", "-lstdc++", "-lpthread"]
COUNTS = [100, 500, 1000, 2000, None]  # None: all
RSIGMA = {"given": (0.066, 5), "not given": (0.02, 10)}  # its share of parsing alone; how often we want it
COMMAND = "bench/run --only detect"


def skip(why):
    print(json.dumps({"skipped": why}, ensure_ascii=False))
    sys.exit(0)


def row(**cells):
    print(json.dumps(cells | {"command": COMMAND}, ensure_ascii=False), flush=True)


def build_bench(folder, rooms):
    program = folder / "detect"
    subprocess.run(["c++", "-std=c++17", "-O2", "-march=native", "-c", ROOT / "bench/parse_only.cc",
                    "-o", folder / "parse_only.o"], check=True)
    subprocess.run(["cc", "-O2", "-std=gnu17", "-D_GNU_SOURCE", f"-I{ROOT}/src", ROOT / "bench/detect.c",
                    folder / "parse_only.o", "-o", program, "-Wl,--start-group", *map(str, rooms),
                    "-Wl,--end-group", *LIBRARIES], check=True)
    return program


def measured(program, events, rules):
    """What bench/detect.c says, by name."""
    said = subprocess.run(["taskset", "-c", "0", program, events, *rules], cwd=ROOT, check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    found = re.findall(r"^(parsing \(DOM\)|reading|detection|ratio to DOM|ratio|rules) +([\d.]+)", said, re.M)
    return {name: float(value) for name, value in found}


def resources(arguments):
    """Seconds on the clock, CPU seconds and peak memory in MB of one command."""
    start = time.monotonic()
    child = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        raise SystemExit(f"{arguments[0]} ended with {child.returncode}")
    return time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def draw(points, parsing):
    """points: (rules, events a CPU second)."""
    width, height, left, base = 640, 340, 70, 290
    most = max(parsing, points[0][1]) * 1.15
    top = points[-1][0]
    x = lambda rules: left + rules / top * (width - left - 30)
    y = lambda rate: base - rate / most * (base - 30)
    dots = " ".join(f"{x(r):.0f},{y(v):.0f}" for r, v in points)
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
             'font-family="sans-serif" font-size="13" fill="#333">',
             f'<rect width="{width}" height="{height}" fill="#fff"/>']
    for share in (0.25, 0.5, 0.75, 1):
        at = y(parsing * share)
        label = "parsing alone" if share == 1 else f"{share:g} of it"
        lines += [f'<line x1="{left}" x2="{width - 30}" y1="{at:.0f}" y2="{at:.0f}" stroke="#ccc" '
                  f'stroke-dasharray="{"none" if share == 1 else "4 4"}"/>',
                  f'<text x="{width * 0.8:.0f}" y="{at - 5:.0f}" text-anchor="middle" fill="#888">{label}</text>']
    for rate in range(0, int(most), 200000):
        lines.append(f'<text x="{left - 8}" y="{y(rate) + 4:.0f}" text-anchor="end">{rate // 1000}k</text>')
    lines.append(f'<polyline points="{dots}" fill="none" stroke="#1677ff" stroke-width="2"/>')
    for rules, rate in points:
        anchor = "end" if rules == top else "start"
        lines += [f'<circle cx="{x(rules):.0f}" cy="{y(rate):.0f}" r="4" fill="#1677ff"/>',
                  f'<text x="{x(rules) + (0 if rules == top else 6):.0f}" y="{y(rate) - 9:.0f}" '
                  f'text-anchor="{anchor}">{rate / 1000:.0f}k</text>',
                  f'<text x="{x(rules):.0f}" y="{base + 20}" text-anchor="middle">{rules}</text>']
    lines += [f'<line x1="{left}" x2="{width - 30}" y1="{base}" y2="{base}" stroke="#333"/>',
              f'<text x="{(left + width) / 2:.0f}" y="{height - 8}" text-anchor="middle">rules</text>',
              f'<text x="{left}" y="18">events a CPU second, one core</text>', "</svg>"]
    PICTURE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def measure_rules(program, events):
    """The curve; the last row is the whole rule set beside its limit and its peer."""
    files = sorted(path for folder in RULES.glob("rules*") for path in folder.rglob("*.yml"))
    random.Random(1).shuffle(files)
    points, parsing = [], 0
    for count in COUNTS:
        found = measured(program, events, map(str, files[:count] if count else sorted(RULES.glob("rules*"))))
        points.append((int(found["rules"]), found["detection"]))
        parsing = max(parsing, found["parsing (DOM)"])
        row(what=f"Windows JSON, {found['rules']:.0f} Sigma rules, one core",
            figure=f"{found['detection']:.0f} events/s CPU",
            beside="simdjson parsing each line and touching each field",
            peer=f"{found['parsing (DOM)']:.0f} events/s CPU", ratio=found["ratio"], reach="≥ 0.5")
    draw(points, parsing)
    for how, (share, times) in RSIGMA.items():
        row(what="the same with all rules, log sources found by us", figure=f"{found['ratio']:.2f} of parsing alone",
            beside=f"rsigma, log sources {how}", peer=f"{share} of parsing alone",
            ratio=found["ratio"] / share, reach=f"≥ {times}")


def measure_start(haidang, folder):
    empty, kept = folder / "empty.jsonl", folder / "rules"
    empty.write_text("")
    command = [haidang, "detect", "-j", "1", "--rules", str(RULES), "--compiled", str(kept), str(empty)]
    _, cold, cold_memory = resources(command)
    runs = [resources(command) for _ in range(7)]
    warm, memory = min(cpu for _, cpu, _ in runs), max(size for _, _, size in runs)
    row(what="start with all rules, compiling them", figure=f"{cold:.2f} s CPU", beside="the limit set",
        peer="20 s", ratio=cold / 20, reach="≤ 1")
    row(what="start with all rules from the compiled file", figure=f"{warm:.3f} s CPU", beside="the limit set",
        peer="0.3 s", ratio=warm / 0.3, reach="≤ 1")
    row(what="peak memory, compiling / from the compiled file", figure=f"{cold_memory:.0f} / {memory:.0f} MB",
        beside="the limit set", peer="400 MB", ratio=max(cold_memory, memory) / 400, reach="≤ 1")
    return kept


def three_ways(command, copies):
    """One after the other, since the machine's own speed changes: one thread, two threads, and what this
    machine has to give, two processes with half the work each. Clock and CPU seconds."""
    one = resources(["taskset", "-c", "0", *command, "-j", "1", *map(str, copies)])[:2]
    two = resources([*command, "-j", "2", *map(str, copies)])[:2]
    half = len(copies) // 2
    start = time.monotonic()
    apart = [subprocess.Popen(["taskset", "-c", str(core), *command, "-j", "1",
                               *map(str, copies[core * half:(core + 1) * half])],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for core in (0, 1)]
    for child in apart:
        child.wait()
    return *one, *two, time.monotonic() - start


def measure_command(haidang, events, kept, folder):
    """The whole command, files read and alerts written; on one core and on two."""
    copies = [folder / f"copy{i}.jsonl" for i in range(4)]
    for copy in copies:
        copy.symlink_to(events)
    command = [haidang, "detect", "--json", "--rules", str(RULES), "--compiled", str(kept)]
    count = sum(1 for _ in events.open("rb"))
    one = min(resources(["taskset", "-c", "0", *command, "-j", "1", str(events)])[1] for _ in range(7))
    row(what="haidang detect, whole command: start, file read, alerts written",
        figure=f"{count / one:.0f} events/s CPU", beside="", peer="")
    rounds = [three_ways(command, copies) for _ in range(9)]
    one_wall, one_cpu, two_wall, two_cpu, apart = (statistics.median(side) for side in zip(*rounds))
    ratios = sorted(one / two for one, _, two, _, _ in rounds)
    row(what="CPU time of two threads for the same work", figure=f"{two_cpu:.2f} s", beside="of one",
        peer=f"{one_cpu:.2f} s", ratio=two_cpu / one_cpu, reach="≤ 1.1")
    row(what=f"two cores by the clock, median of {len(rounds)} rounds ({ratios[0]:.2f} to {ratios[-1]:.2f})",
        figure=f"{two_wall:.2f} s", beside="one core", peer=f"{one_wall:.2f} s",
        ratio=statistics.median(ratios), reach="≥ 1.8")
    row(what="the same", figure=f"{two_wall:.2f} s", beside="two processes that share nothing, half the work each",
        peer=f"{apart:.2f} s", ratio=apart / two_wall)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build")
    options = parser.parse_args()
    rooms = [ROOT / options.build / "src" / room / f"lib{room}.a" for room in ROOMS]
    haidang = ROOT / options.build / "haidang"
    for path in (EVENTS, RULES):
        if not path.exists():
            skip(f"{path.name} is not there (../shared/data)")
    if not all(room.exists() for room in rooms) or not haidang.exists():
        skip(f"the rooms are not built in {options.build}")
    for tool in ("zstd", "cc", "c++", "taskset"):
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        events = folder / "events.jsonl"
        subprocess.run(["zstd", "-dqf", EVENTS, "-o", events], check=True)
        measure_rules(build_bench(folder, rooms), events)
        kept = measure_start(str(haidang), folder)
        measure_command(str(haidang), events, kept, folder)


if __name__ == "__main__":
    main()
