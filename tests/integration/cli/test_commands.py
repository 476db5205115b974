#!/usr/bin/env python3
"""What the table of commands says of itself: help, manual, completion, examples, exit statuses."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from haidang import HAIDANG, ROOT, Server, Skip, check, main, test  # noqa: E402


def run(*words, language="en", **more):
    return subprocess.run([str(HAIDANG), *words], cwd=ROOT, capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL,
                          env={**os.environ, "HAIDANG_LANGUAGE": language, **more})


def commands():
    """The names in `haidang --help`."""
    text = run("--help").stdout
    return re.findall(r"^  ([a-z]+(?: [a-z]+)?)  +\S", text, re.M)


@test("every command answers --help with its usage and an example, in both languages")
def _():
    names = commands()
    check(len(names) > 15, names)
    for name in names:
        done = run(*name.split(), "--help")
        check(done.returncode == 0 and f"haidang {name}" in done.stdout, done)
        check("Examples:" in done.stdout, f"{name} has no example")
        vietnamese = run(*name.split(), "--help", language="vi_VN.UTF-8")
        check(vietnamese.stdout != done.stdout, f"{name} --help has no Vietnamese")


@test("every command answers --version")
def _():
    version = run("--version").stdout
    check(re.fullmatch(r"haidang \d+\.\d+\.\d+\n", version), version)
    for name in commands():
        check(run(*name.split(), "--version").stdout == version, name)


@test("every example of the help is one that the program takes")
def _():
    done = run("examples")
    check(done.returncode == 0, "\n".join(x for x in done.stdout.splitlines() if x[:2] != "ok"))


@test("every text of the help has its Vietnamese")
def _():
    done = run("untranslated")
    check(done.returncode == 0, done.stdout)


@test("the manual has every option of every command, and man takes it without a complaint")
def _():
    manual = run("manual").stdout.replace("\\-", "-")
    for name in commands():
        options = re.findall(r"^  (?:-\w, )?(--[a-z-]+)", run(*name.split(), "--help").stdout, re.M)
        check(options, name)
        for option in options:
            check(option in manual, f"{option} of {name} is not in the manual")
    for tool, words in (("mandoc", ["-T", "lint", "-W", "error"]), ("man", ["-l", "--warnings", "-"])):
        if shutil.which(tool):
            done = subprocess.run([tool, *words], input=run("manual").stdout, capture_output=True,
                                  text=True, env={**os.environ, "LC_ALL": "C.UTF-8", "MANPAGER": "cat"})
            check(done.returncode == 0 and "error" not in done.stderr.lower(), done.stderr)
            return


@test("the completion offers commands, sub-commands, options, choices")
def _():
    if not shutil.which("bash"):
        raise Skip("bash is not installed")
    script = run("completion").stdout

    def offered(*words):
        line = " ".join(f'"{word}"' for word in words)
        code = (f"{script}\nCOMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _haidang; "
                'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", code], capture_output=True, text=True)
        check(done.returncode == 0 and not done.stderr, done)
        return done.stdout.split()
    check("detect" in offered("haidang", "de"), offered("haidang", "de"))
    check(offered("haidang", "user", "pass") == ["password"], offered("haidang", "user", "pass"))
    check("--role" in offered("haidang", "user", "add", "--ro"))
    check(offered("haidang", "user", "add", "--role", "fin") == ["finance"])


@test("wrong use is exit status 2, on stderr, with the way to the help")
def _():
    for words in ((), ("nothing",), ("user", "add"), ("search", "--limit", "x"), ("plan", "--deep"),
                  ("config", "check", "extra")):
        done = run(*words)
        check(done.returncode == 2 and done.stderr and not done.stdout, done)
        check("--help" in done.stderr or "haidang plan" in done.stderr, done.stderr)


@test("with --json an error is JSON too")
def _():
    done = run("user", "list", "--json", "--config", "/does/not/exist.yaml")
    check(done.returncode in (2, 3) and '"error"' in done.stderr and not done.stdout, done)


@test("a reader that hangs up ends the output quietly")
def _():
    done = subprocess.run(f"{HAIDANG} manual | head -1", shell=True, capture_output=True, text=True)
    check(done.stdout.startswith(".TH") and not done.stderr, done)


@test("audit verify and audit list: the log of who did what is shown, is whole, and names the row that was changed")
def _():
    with Server() as server:
        server.user("lead")
        server.stop()
        done = server.cli("audit", "list", "--object", "user:thu-lead", "--json")
        row = json.loads(done.stdout.splitlines()[0])
        check(row["action"] == "user.add" and row["role"] == "system", row)
        check("user.add" in server.cli("audit", "list", "--from", "-1h").stdout)
        server.cli("audit", "list", "--user", "nobody", expect=1)
        done = server.cli("audit", "verify", "--json")
        rows = json.loads(done.stdout)["rows"]
        check(rows > 2, done.stdout)
        check(f"{rows} rows" in server.cli("audit", "verify").stdout)
        with contextlib.closing(sqlite3.connect(server.data / "records/haidang.db")) as db:
            db.executescript("DROP TRIGGER audit_keep_update; UPDATE audit SET user = 'x' WHERE id = 2;")
        done = server.cli("audit", "verify", expect=1)
        check("row 2 of the audit log was changed" in done.stderr, done.stderr)


if __name__ == "__main__":
    main()
