#!/usr/bin/env python3
"""A stock rsyslog sends by RELP while the pipeline is killed again and again: every line arrives."""
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import test_intake as clients  # noqa: E402
from haidang import PATIENCE, Server, Skip, check, free_port, main, test, wait_for  # noqa: E402


class RelpServer(Server):
    """With a RELP listener besides."""

    def write_config(self, **changes):
        super().write_config(**changes)
        self.ports.setdefault("relp", free_port())
        text = self.config.read_text(encoding="utf-8")
        self.config.write_text(text.replace("listen:\n", f"listen:\n  relp: 127.0.0.1:{self.ports['relp']}\n"),
                               encoding="utf-8")


@test("rsyslog by RELP loses no line through three kills of the pipeline")
def _():
    try:
        clients.needs_relp()
        clients.tool("logger")
    except clients.Skip as why:
        raise Skip(str(why)) from None
    with tempfile.TemporaryDirectory(prefix="haidang-relp.") as folder, RelpServer() as server:
        action = clients.relp(server.ports["relp"])
        with clients.Rsyslog(pathlib.Path(folder), action, 'module(load="omrelp")') as rsyslog:
            count = 6000
            text = "".join(f"dong relp so {i} het\n" for i in range(count))
            logger = subprocess.Popen([clients.tool("logger"), "-u", str(rsyslog.socket), "-t", "relpkill"],
                                      stdin=subprocess.PIPE, text=True)
            for part in range(4):  # a quarter of the lines, then a kill
                size = len(text) // 4 + 1
                logger.stdin.write(text[part * size:(part + 1) * size])
                logger.stdin.flush()
                if part < 3:
                    time.sleep(0.4)
                    server.wait_role("pipeline", other_than=server.kill("pipeline"))
            logger.stdin.close()
            logger.wait(timeout=PATIENCE)

            def numbers():
                rows = server.search('program:relpkill', "--limit", "100000")
                found = {int(m.group(1)) for row in rows
                         if (m := re.search(r"dong relp so (\d+) het", row["raw"]))}
                return found if len(found) == count else None

            found = wait_for("every line to be found", numbers)
            check(len(found) == count, f"{count - len(found)} lines are missing")


if __name__ == "__main__":
    main()
