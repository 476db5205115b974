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


@test("two rotations while the server is stopped lose no line, and no line comes twice")
def _():
    with tempfile.TemporaryDirectory(prefix="haidang-files.") as folder:
        log = pathlib.Path(folder) / "app.log"
        log.write_text("tep xoay 0\n")
        with Server(files=f"[{SOURCE} {log}]") as server:
            wait_for("the first line", lambda: lines_of(server, "tep xoay") == ["tep xoay 0"])
            server.stop()
            with log.open("a") as file:
                file.write("tep xoay 1\n")
            os.rename(log, f"{log}.2")
            pathlib.Path(f"{log}.1").write_text("tep xoay 2\n")
            log.write_text("tep xoay 3\n")
            server.start()
            wait_for("all lines", lambda: lines_of(server, "tep xoay") == [f"tep xoay {i}" for i in range(4)])


@test("a followed W3C log is read by its #Fields line, also after a kill, and by the next one that it writes")
def _():
    def agents(server):
        rows = server.search("tep", "--limit", "1000")
        return {row["raw"].split()[0]: row["fields"].get("c-useragent") for row in rows if not row["raw"].startswith("#")}

    with tempfile.TemporaryDirectory(prefix="haidang-files.") as folder:
        log = pathlib.Path(folder) / "u_ex261124.log"
        log.write_text("#Software: tep\n#Fields: x-number cs(User-Agent) cs-uri-stem time\n1 curl/8 /tep 00:31:02\n")
        with Server(files=f"[{SOURCE} {log}]") as server:
            wait_for("the first line", lambda: agents(server) == {"1": "curl/8"})
            time.sleep(1.5)  # the state is saved each second
            killed = server.kill("pipeline")
            with log.open("a") as file:
                file.write("2 curl/9 /tep 00:31:03\n")
            server.wait_role("pipeline", other_than=killed)
            wait_for("the line after the kill", lambda: agents(server) == {"1": "curl/8", "2": "curl/9"})
            with log.open("a") as file:
                file.write("#Fields: x-number cs-uri-stem cs(User-Agent)\n3 /tep curl/10\n")
            wait_for("the line behind the new header", lambda: agents(server).get("3") == "curl/10")
            os.rename(log, f"{log}.1")
            log.write_text("4 /tep curl/11\n#Fields: x-number cs-uri-stem cs(User-Agent)\n5 /tep curl/12\n")
            wait_for("what begins without a header", lambda: agents(server).keys() >= {"4", "5"})
            check(agents(server)["4"] is None and agents(server)["5"] is None, agents(server))
            check(server.search('"Software"')[0]["decoder"] == "w3c", "a directive is kept, and known")


if __name__ == "__main__":
    main()
