#!/usr/bin/env python3
"""Runs every test and ends with `N passed, N failed`.

    tests/run.py [--build DIR] [--only SUITE]... [--jobs N] [--list]

A suite is a command that prints TAP (`ok`, `not ok`, `# skip`); the table below has them all. Three for
each processor run at once, since they wait a good deal: each has files, ports and servers of its own.
Where a program ends with a fault after its TAP, that is one more failure. A suite's output goes to
DIR/log/SUITE.txt; of failures the end is shown.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
ENVIRONMENT = {
    # what is freed is held back up to 16 MiB a process: tests look at memory, too
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:allocator_may_return_null=1:quarantine_size_mb=16",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:suppressions=" + str(ROOT / "tests/tsan.supp"),
    "PYTHONDONTWRITEBYTECODE": "1",
    "HAIDANG_EXAMPLE": str(ROOT / "examples/khanh-hoa-2019"),
}
BY_FLOW = ["format-overflow", "format-truncation", "maybe-uninitialized", "nonnull", "array-bounds",
           "stringop-overflow", "stringop-overread", "stringop-truncation"]
KINDS = ["unit/", "conformance", "floors", "form", "fuzz/", "integration/", "chaos", "console", "browser", "threads/"]
LONGEST = ["browser", "unit/detect", "chaos", "rules", "integration/serve/test_damage",
           "integration/serve/test_start", "unit/api", "integration/health/test_canary"]


class Suite:
    """One command, its name, and what it counted."""

    def __init__(self, name, command, timeout=600, environment=None):
        self.name, self.command, self.timeout = name, command, timeout
        self.environment = environment or {}
        self.passed = self.failed = self.skipped = self.repeated = 0
        self.failures = []


def build(folder, options, targets=()):
    """Configures once and compiles the targets, or all; the compiler's warnings are errors, but for those
    that follow the flow of values: gcc says itself that sanitizers make it see flows that are not there."""
    log = folder.parent / (folder.name + ".log")
    commands = [["ninja", "-C", str(folder), *targets]]
    if not (folder / "build.ninja").exists():
        commands.insert(0, ["meson", "setup", str(folder), "--werror", "--buildtype=debugoptimized",
                            "-Dc_args=" + str(["-Wno-error=" + warning for warning in BY_FLOW]),
                            "-Db_lundef=false", "-Dtests=enabled", *options])
    with open(log, "w", encoding="utf-8") as out:
        for command in commands:
            if subprocess.run(command, cwd=ROOT, stdout=out, stderr=out).returncode:
                return log
    log.unlink()
    return None


def unit_suites(folder):
    for program in sorted((folder / "tests/unit").glob("*/unit_*")):
        if program.is_file() and os.access(program, os.X_OK):
            yield Suite("unit/" + program.name.removeprefix("unit_"), [str(program)])


def script_suites(folder, haidang):
    yield Suite("floors", [str(ROOT / "tests/floors.py")])
    yield Suite("form", [str(ROOT / "tests/form.py")])
    for script in sorted((ROOT / "tests").glob("*_test.py")):
        yield Suite(script.stem.removesuffix("_test"), [sys.executable, str(script)],
                    environment={"HAIDANG": str(haidang)})
    corpora = [p for p in sorted((ROOT / "tests/fuzz/corpus").glob("*")) if p.is_dir()]
    for corpus in corpora:
        program = folder / "tests/fuzz" / ("fuzz_" + corpus.name)
        files = [str(f) for f in sorted(corpus.iterdir())]
        if program.exists() and files:
            yield Suite("fuzz/" + corpus.name, [str(program), *files])
    for script in sorted((ROOT / "tests/integration").glob("**/test*.py")):
        name = "integration/" + str(script.relative_to(ROOT / "tests/integration")).removesuffix(".py")
        yield Suite(name, [sys.executable, str(script)], timeout=900,
                    environment={"HAIDANG": str(haidang), "HAIDANG_BUILD": str(folder),
                                 "PYTHONPATH": str(ROOT / "tests/integration")})


def chaos_suites(folder):
    yield Suite("chaos", [sys.executable, str(ROOT / "tests/chaos/run.py"), "--build", str(folder),
                          "--rounds", "20", "--seed", "20"], timeout=900)


def node_suites(haidang):
    if (ROOT / "console/package.json").exists():
        yield Suite("console", [sys.executable, str(ROOT / "tests/console_tap.py")])
    if (ROOT / "tests/browser/run.mjs").exists():
        yield Suite("browser", [sys.executable, str(ROOT / "tests/browser/serve.py")], timeout=900,
                    environment={"HAIDANG": str(haidang),
                                 "PYTHONPATH": str(ROOT / "tests/integration")})


def kinds_missing(suites):
    """What fell silent: a kind of suite of which none is there (not built, moved, renamed)."""
    names = [suite.name for suite in suites]
    return [kind for kind in KINDS if not any(name.startswith(kind) for name in names)]


def count(suite, output, code):
    tap = False
    for line in output.splitlines():
        if repeated := re.match(r"# repeated (\d+) of \d+ cases", line):
            suite.repeated = int(repeated[1])
        found = re.match(r"(not ok|ok)\b(.*)", line)
        if not found:
            continue
        tap = True
        if re.search(r"#\s*skip", found[2], re.I):
            suite.skipped += 1
        elif found[1] == "ok":
            suite.passed += 1
        else:
            suite.failed += 1
            suite.failures.append(line)
    if not tap and code == 0:
        suite.passed += 1  # a plain program: its exit status is the verdict
    if code != 0 and suite.failed == 0:
        suite.failed += 1
        suite.failures.append(f"ended with {code}")


def execute(suite, folder):
    """Runs a suite, counts, keeps its output; the text that tells of it."""
    began = time.monotonic()
    environment = {**os.environ, **ENVIRONMENT, **suite.environment}
    try:
        done = subprocess.run(suite.command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=suite.timeout)
        output, code = done.stdout.decode(errors="replace"), done.returncode
    except subprocess.TimeoutExpired as stopped:
        output = (stopped.stdout or b"").decode(errors="replace")
        output, code = output + f"\nstopped after {suite.timeout} s\n", 124
    count(suite, output, code)
    log = folder / "log" / (suite.name.replace("/", "-") + ".txt")
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(output, encoding="utf-8")
    skipped = f", {suite.skipped} skipped" if suite.skipped else ""
    skipped += f", {suite.repeated} repeated" if suite.repeated else ""
    mark = "FAILED" if suite.failed else "ok"
    said = [f"{mark:6} {suite.name:40} {suite.passed} passed, {suite.failed} failed{skipped}"
            f"  ({time.monotonic() - began:.1f} s)"]
    if suite.failed:
        said += ["       " + line[:300] for line in suite.failures[:20]]
        said += ["       | " + line[:300] for line in output.splitlines()[-30:]]
        said += [f"       whole output: {log}"]
    said += ["       " + line[:200] for line in output.splitlines()
             if re.search(r"#\s*skip", line, re.I) and "ok" not in line[:6]]
    return "\n".join(said)


def execute_all(suites, folder, jobs):
    """The longest start first (the browser, by far), so that none of them is alone at the end."""
    ordered = sorted(suites, key=lambda suite: LONGEST.index(suite.name) if suite.name in LONGEST
                     else len(LONGEST))
    with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
        for told in concurrent.futures.as_completed([pool.submit(execute, s, folder) for s in ordered]):
            print(told.result(), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build-check")
    parser.add_argument("--only", action="append", help="suites whose name holds this")
    parser.add_argument("--jobs", type=int, default=3 * (os.cpu_count() or 1), help="suites at once")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    folder = ROOT / options.build
    began = time.monotonic()
    wanted = lambda name: not options.only or any(part in name for part in options.only)

    threads = ROOT / (options.build + "-thread")
    threaded = [f"tests/unit/{room}/unit_{room}" for room in ("base", "intake", "serve")
                if wanted("threads/" + room)]
    builds = [("build", folder, ["-Db_sanitize=address,undefined"], [])]
    if threaded:
        builds.append(("build/threads", threads, ["-Db_sanitize=thread"], threaded))
    failed_builds = 0
    for name, where, arguments, targets in builds:
        if options.list:
            continue
        print(f"       {name}: compiling ...", flush=True)
        log = build(where, arguments, targets)
        if log:
            failed_builds += 1
            print(f"FAILED {name}\n" + "".join(log.read_text().splitlines(True)[-60:]), flush=True)
        else:
            print(f"ok     {name}  ({time.monotonic() - began:.0f} s)", flush=True)
    if failed_builds: # what is not built can only fail, in many words
        print(f"\n{len(builds) - failed_builds} passed, {failed_builds} failed")
        return 1
    haidang = folder / "haidang"

    suites = [*unit_suites(folder), *script_suites(folder, haidang), *chaos_suites(folder),
              *node_suites(haidang)]
    suites += [Suite("threads/" + pathlib.Path(program).name.removeprefix("unit_"),
                     [str(threads / program)]) for program in threaded]
    missing = [] if options.list or options.only else kinds_missing(suites)
    suites = [suite for suite in suites if wanted(suite.name)]
    if options.list:
        print("\n".join(suite.name for suite in suites))
        return 0
    if not suites:
        missing.append(", ".join(options.only))
    for kind in missing:
        print(f"FAILED {kind}: there is no such suite", flush=True)
    execute_all(suites, folder, options.jobs)
    passed = sum(suite.passed for suite in suites) + len(builds)
    failed = sum(suite.failed for suite in suites) + len(missing)
    skipped = sum(suite.skipped for suite in suites)
    repeated = sum(suite.repeated for suite in suites)
    print(f"\n{len(suites)} suites in {time.monotonic() - began:.0f} s; logs in {folder / 'log'}")
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "") +
          (f", {repeated} tried twice" if repeated else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
