#!/usr/bin/env python3
"""What `make run` starts: packaging/run-example on ports and in a folder of its own."""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import types

from haidang import EXAMPLE, HAIDANG, PATIENCE, ROOT, Client, Server, Skip, check, free_port, main, test, wait_for

ACTS = 60 if PATIENCE <= 60 else PATIENCE  # what the console must show by then


def listen_to_ctrl_c():
    """In a background job of a shell without job control it is ignored, and a script cannot trap it then."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Example:
    """A copy of the example whose configuration has free ports, and run-example on it."""

    def __init__(self, data=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="haidang-example."))
        self.data = pathlib.Path(data) if data else self.folder / "var"
        self.place = shutil.copytree(EXAMPLE, self.folder / "example")
        self.ports = {name: free_port() for name in ("syslog", "http", "console")}
        self.config = self.place / "haidang.yaml"
        text = (EXAMPLE / "haidang.yaml").read_text(encoding="utf-8")
        for old, new in (("./var", str(self.data)), (":5514", f":{self.ports['syslog']}"),
                         (":8514", f":{self.ports['http']}"), (":8080", f":{self.ports['console']}")):
            text = text.replace(old, new)
        self.config.write_text(text, encoding="utf-8")
        self.process, self.output = None, self.folder / "output.txt"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=PATIENCE)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        with open(self.output, "wb") as out:
            self.process = subprocess.Popen(
                [str(ROOT / "packaging/run-example"), str(HAIDANG), str(self.config)], cwd=ROOT,
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                preexec_fn=listen_to_ctrl_c,
                env={**Server.environment(), "HAIDANG_LANGUAGE": "en"})

    def text(self):
        return self.output.read_text(encoding="utf-8", errors="replace")

    def banner(self):
        """What stands on the terminal once it is up."""
        def up():
            check(self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.text()}")
            return "Stop:      Ctrl-C" in self.text() and self.text()
        return wait_for("the banner", up)

    def end(self, number=signal.SIGINT):
        """Ctrl-C goes to all that the terminal runs, other signals to the script alone."""
        (os.killpg if number == signal.SIGINT else os.kill)(self.process.pid, number)
        status = self.process.wait(timeout=PATIENCE)
        return status

    def group(self):
        """Processes of this start that are left."""
        found = subprocess.run(["ps", "-o", "pid=,args=", "-g", str(self.process.pid)],
                               capture_output=True, text=True).stdout
        return [line for line in found.splitlines() if "<defunct>" not in line]

    def login(self, name="lead"):
        password = re.search(rf"{name}\s+password: (\S+)", self.text())[1]
        return Client(types.SimpleNamespace(ports=self.ports), name, password)


def measured(matrix):
    """Monitoring has a figure that the system measured itself; response has the incident's clock."""
    cells = {row["obligation"]: [cell for cell in cells if cell]
             for row, cells in zip(matrix["rows"], matrix["cells"])}
    return (any(cell["basis"] == "measured" and cell["figure"] for cell in cells["II.2.1.a"]) and
            any("còn thời hạn đến" in cell["sentence"] for cell in cells["II.2.1.b"]))


@test("within a minute there are events of agencies, alerts, an incident, two measured obligations")
def _():
    with Example() as example:
        example.start()
        banner = example.banner()
        began = time.monotonic()
        for word in (f"http://127.0.0.1:{example.ports['console']}/", "lead", "admin", str(example.ports["http"])):
            check(word in banner, f"'{word}' is not in the banner:\n{banner}")
        lead = example.login()

        def shown(path, holds):
            return wait_for(path, lambda: holds(lead.get(path).json), ACTS)
        shown("/incidents", lambda reply: len(reply["items"]) == 1)
        shown("/alerts?limit=100", lambda reply: len(reply["items"]) >= 5)
        shown("/statistics/intake", lambda reply: sum(row["events"] > 0 for row in reply["agencies"]) >= 4)
        matrix = shown("/plan/matrix", lambda reply: measured(reply) and reply)
        print(f"# all of it {time.monotonic() - began:.1f} s after the banner", flush=True)
        sentences = [cell["sentence"] for row in matrix["cells"] for cell in row if cell]
        check("chưa có minh chứng" in " ".join(sentences), f"no cell says 'no evidence yet': {set(sentences)}")

        check(example.end() == 0, f"Ctrl-C: ended with {example.process.returncode}")
        check("Stopped. The data stay" in example.text(), example.text()[-500:])
        check("ended by signal" not in example.text(), f"not in order:\n{example.text()[-800:]}")
        wait_for("all of it to end", lambda: not example.group())

        done = subprocess.run([str(HAIDANG), "user", "password", "admin", "--config", str(example.config)],
                              cwd=ROOT, capture_output=True, text=True)
        check(done.returncode == 0, done.stderr)
        began = time.monotonic()
        example.start()
        banner = example.banner()
        print(f"# the second start took {time.monotonic() - began:.1f} s", flush=True)
        check("(made at the first start" in banner, banner)
        check("lead " in banner and "admin " not in banner, f"a password that was set anew is shown:\n{banner}")
        check(len(example.login().get("/incidents").json["items"]) == 1, "the incident is gone")
        check(example.end(signal.SIGTERM) == 0, "SIGTERM")


@test("when the server ends by itself, so do its sender and the script, with its exit status")
def _():
    with Example() as example:
        example.start()
        example.banner()
        server = next(line.split()[0] for line in example.group() if " serve " in line)
        os.kill(int(server), signal.SIGTERM)
        check(example.process.wait(timeout=PATIENCE) == 0, f"ended with {example.process.returncode}")
        wait_for("all of it to end", lambda: not example.group())


@test("where another server answers, nothing is sent to it and the taken port is named")
def _():
    with Server() as other, Example() as example:
        before = len(other.search("*"))
        text = example.config.read_text(encoding="utf-8")
        example.config.write_text(text.replace(f":{example.ports['console']}", f":{other.ports['console']}"),
                                  encoding="utf-8")
        example.start()
        check(example.process.wait(timeout=PATIENCE) == 3, f"ended with {example.process.returncode}")
        check(str(other.ports["console"]) in example.text() and "another program listens" in example.text(),
              example.text()[-800:])
        check("Login:" not in example.text(), "a login is shown")
        check(len(other.search("*")) == before, "the other server was sent logs")


@test("a disk that is full at the start is named with what to do")
def _():
    if os.geteuid() != 0:
        raise Skip("mounting a small tmpfs needs root")
    folder = tempfile.mkdtemp(prefix="haidang-full.")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", folder], capture_output=True).returncode:
        raise Skip("tmpfs cannot be mounted here")
    try:
        with open(pathlib.Path(folder) / "filler", "wb", buffering=0) as filler, contextlib.suppress(OSError):
            while filler.write(b"\0" * 4096):
                pass
        with Example(data=pathlib.Path(folder) / "var") as example:
            example.start()
            status = example.process.wait(timeout=PATIENCE)
            check(status == 3, f"ended with {status}:\n{example.text()[-800:]}")
            check("free space on this disk" in example.text(), f"no hint:\n{example.text()[-800:]}")
            check("No space left" in example.text(), f"no reason:\n{example.text()[-800:]}")
    finally:
        subprocess.run(["umount", folder], check=False)
        os.rmdir(folder)


if __name__ == "__main__":
    sys.exit(main())
