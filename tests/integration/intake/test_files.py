#!/usr/bin/env python3
"""Files that the server follows: through rotation and kills, each line once."""
import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from haidang import Server, check, main, test, wait_for  # noqa: E402

SOURCE = "so-tttt.cong.json"


def lines_of(server, mark):
    return sorted(row["raw"] for row in server.search(f'"{mark}"', "--limit", "100000"))


@test("a followed file is read through rotation and a kill of the pipeline, no line lost")
def _():
    with tempfile.TemporaryDirectory(prefix="haidang-files.") as folder:
        log = pathlib.Path(folder) / "app.log"
        log.write_text("tep dong 0\n")
        with Server(files=f"[{SOURCE} {log}]") as server:
            wait_for("the first line", lambda: lines_of(server, "tep dong") == ["tep dong 0"])
            with log.open("a") as file:
                file.write("".join(f"tep dong {i}\n" for i in range(1, 500)))
            os.rename(log, f"{log}.1")
            log.write_text("".join(f"tep dong {i}\n" for i in range(500, 1000)))
            killed = server.kill("pipeline")
            with log.open("a") as file:
                file.write("tep dong 1000\n")
            server.wait_role("pipeline", other_than=killed)
            expected = {f"tep dong {i}" for i in range(1001)}
            wait_for("all lines", lambda: set(lines_of(server, "tep dong")) == expected)
            time.sleep(1.5)  # the state is saved each second
            server.kill("pipeline")
            with log.open("a") as file:
                file.write("tep dong 1001\n")
            wait_for("the line after the kill", lambda: "tep dong 1001" in lines_of(server, "tep dong"))
            found = lines_of(server, "tep dong")
            again = len(found) - len(set(found))
            check(again <= 1001, f"{again} lines are there twice")
            rows = server.search('"tep dong 1001"')
            check(rows[0]["source"] == SOURCE, rows[0])


if __name__ == "__main__":
    main()
