#!/usr/bin/env python3
"""A server on the example province with recorded logs in it, and the browser's cases against it."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))
from haidang import EXAMPLE, PATIENCE, ROOT, Failed, Server, free_port, wait_for  # noqa: E402

# role → agency; the names are those of people who log in, never of roles
USERS = {"lead": None, "agency": "nha-trang", "responder": None, "leader": None, "admin": None,
         "finance": None, "police": None, "assessor": None}


def chromium():
    """Debian's, as the shell without windows where it is there: the same engine, quicker."""
    there = [path for path in (os.environ.get("HAIDANG_CHROMIUM"), "/usr/bin/chromium-headless-shell",
                               "/usr/bin/chromium") if path and pathlib.Path(path).exists()]
    return there[0] if there else None


def missing():
    if not shutil.which("node"):
        return "node is not installed"
    if not chromium():
        return "Chromium is not installed"
    if not (ROOT / "console/dist/index.html").exists():
        return "the console is not built"
    return None


def install():
    """The driver that package-lock.json names; nothing when it is there."""
    lock, made = HERE / "package-lock.json", HERE / "node_modules/.package-lock.json"
    if made.exists() and made.stat().st_mtime >= lock.stat().st_mtime:
        return
    done = subprocess.run(["npm", "install", "--no-save", "--no-audit", "--no-fund", "--silent"], cwd=HERE,
                          capture_output=True, text=True)
    if done.returncode:
        raise Failed("npm install failed: " + done.stderr[-500:])
    made.touch()


def fill(server, lead):
    subprocess.run([sys.executable, str(EXAMPLE / "send.py"), "--config", str(server.config), "--once",
                    "--quiet"], check=True, timeout=PATIENCE * 5)
    seen = []

    def quiet():
        """All that was sent has been folded: the number of alerts stands still for three looks."""
        seen.append(lead.wanted("/alerts", state="new")["total"])
        time.sleep(1)
        return seen[-1] >= 2 and len(seen) > 3 and len(set(seen[-4:])) == 1
    wait_for("the alerts of the recorded logs", quiet)


def main():
    why = missing()
    if why:
        print(f"1..1\nok 1 - the console in a real browser # SKIP {why}")
        return 0
    install()
    with Server(**{"listen.https": f"127.0.0.1:{free_port()}", "tls.names": "[127.0.0.1]",
                   "enrol.templates": ROOT / "enrol"}) as server:
        users = {}
        for role, agency in USERS.items():
            client = server.user(role, agency)
            users[role] = {"name": client.name, "password": client.password}
        fill(server, server.user("lead"))
        environment = {**os.environ, "HAIDANG_URL": f"http://127.0.0.1:{server.ports['console']}",
                       "HAIDANG_USERS": json.dumps(users), "HAIDANG_CHROMIUM": chromium()}
        if "HAIDANG_BUILD" in os.environ:
            environment.setdefault("HAIDANG_SCREENSHOTS",
                                   os.path.abspath(os.environ["HAIDANG_BUILD"]) + "/screenshots")
        code = subprocess.run(["node", "run.mjs"], cwd=HERE, env=environment).returncode
        if code:
            print("\n".join("# " + line for line in server.log_tail(60).splitlines()))
        return code


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as error:
        print(f"1..1\nnot ok 1 - the console in a real browser\n# {error}")
        sys.exit(1)
