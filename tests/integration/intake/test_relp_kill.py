#!/usr/bin/env python3
"""A stock rsyslog sends by RELP while the pipeline is killed again and again: every line arrives."""
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from actors import ListeningServer, Rsyslog, tool  # noqa: E402
from haidang import PATIENCE, check, main, test, wait_for  # noqa: E402


@test("rsyslog by RELP loses no line through three kills of the pipeline")
def _():
    Rsyslog.needs("omrelp", "rsyslog-relp")
    logger = tool("logger")
    with tempfile.TemporaryDirectory(prefix="haidang-relp.") as folder, ListeningServer("relp") as server:
        # a queue that is full for two seconds drops what comes (queue.timeoutEnqueue): it has to hold all
        action = (f'action(type="omrelp" target="127.0.0.1" port="{server.ports["relp"]}" template="rfc5424" '
                  'action.resumeRetryCount="-1" action.resumeInterval="1" timeout="5" queue.type="LinkedList" '
                  'queue.size="20000")')
        with Rsyslog(pathlib.Path(folder), action, 'module(load="omrelp")') as rsyslog:
            count = 6000
            text = "".join(f"dong relp so {i} het\n" for i in range(count))
            sender = subprocess.Popen([logger, "-u", str(rsyslog.socket), "-t", "relpkill"],
                                      stdin=subprocess.PIPE, text=True)
            for part in range(4):  # a quarter of the lines, then a kill
                size = len(text) // 4 + 1
                sender.stdin.write(text[part * size:(part + 1) * size])
                sender.stdin.flush()
                if part < 3:
                    time.sleep(0.4)
                    server.wait_role("pipeline", other_than=server.kill("pipeline"))
            sender.stdin.close()
            sender.wait(timeout=PATIENCE)

            def numbers():
                rows = server.search('program:relpkill', "--limit", "100000")
                found = {int(m.group(1)) for row in rows
                         if (m := re.search(r"dong relp so (\d+) het", row["raw"]))}
                return found if len(found) == count else None

            found = wait_for("every line to be found", numbers)
            check(len(found) == count, f"{count - len(found)} lines are missing")


if __name__ == "__main__":
    main()
