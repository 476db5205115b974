#!/usr/bin/env python3
"""The archive on 10 GB of Windows events beside `zstdcat | grep` and ClickHouse, on the same rows.

Only when asked for (bench/run --only archive_large): it takes a quarter of an hour and 3 GB of disk.
The rows are real ones again and again, changed by bench/many.c so that no round repeats the one before.
HAIDANG_BENCH_BYTES makes it smaller; ClickHouse (clickhouse-server of Debian) is left out, and said so,
where it is not installed. HAIDANG_BENCH_LOCK names a file to lock for each step, for a shared machine."""
import argparse
import fcntl
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import bench_archive as small  # noqa: E402

BYTES = int(os.environ.get("HAIDANG_BENCH_BYTES", 10_000_000_000))
RARE, ABSENT = "zzqx7rare", "zzqx7absent"
SUBSTRING = "qx7ra"
COMMAND = "bench/run --only archive_large"
CONFIG = """<yandex>
<logger><level>warning</level><log>{0}/log</log><errorlog>{0}/errors</errorlog></logger>
<tcp_port>{1}</tcp_port><listen_host>127.0.0.1</listen_host>
<path>{0}/data/</path><tmp_path>{0}/tmp/</tmp_path><mark_cache_size>5368709120</mark_cache_size>
<users_config>{0}/users.xml</users_config><default_profile>default</default_profile>
</yandex>"""
USERS = """<yandex><profiles><default><max_threads>1</max_threads></default></profiles>
<users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile>
<quota>default</quota></default></users><quotas><default></default></quotas></yandex>"""


def say(**row):
    print(json.dumps({**row, "command": COMMAND}, ensure_ascii=False), flush=True)


def cpu_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def shell(command):
    """Seconds of wall and of processor time, and what was printed."""
    with open(os.environ.get("HAIDANG_BENCH_LOCK", os.devnull), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wall, cpu = time.monotonic(), cpu_of_children()
        done = subprocess.run(["bash", "-o", "pipefail", "-c", command], stdout=subprocess.PIPE, text=True,
                              check=True)
        return time.monotonic() - wall, cpu_of_children() - cpu, done.stdout


class ClickHouse:
    """A server of its own in a folder of its own, one thread a query, as our search has one."""

    def __init__(self, folder):
        self.folder, self.port = folder / "clickhouse", 19711
        for name in ("data", "tmp"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "config.xml").write_text(CONFIG.format(self.folder, self.port))
        (self.folder / "users.xml").write_text(USERS)
        self.server = subprocess.Popen(["clickhouse-server", f"--config-file={self.folder}/config.xml"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            if self.ask("SELECT 1")[1].strip() == "1":
                return
            time.sleep(0.2)
        raise RuntimeError("ClickHouse does not answer")

    def client(self, query):
        return ["clickhouse-client", "--host", "127.0.0.1", "--port", str(self.port), "--query", query]

    def ask(self, query):
        """Seconds as the server's client counts them, its own start left out, and the answer."""
        done = subprocess.run([*self.client(query), "--time"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True)
        return float((re.findall(r"^[0-9.]+$", done.stderr, re.M) or ["0"])[-1]), done.stdout

    def load(self, rows):
        self.ask("CREATE TABLE rows (raw String, event_id String MATERIALIZED visitParamExtractRaw(raw, 'EventID'))"
                 " ENGINE = MergeTree ORDER BY tuple()")
        shell(f"zstdcat '{rows}' | sed 's/\\\\/\\\\\\\\/g; s/\\r$//' | clickhouse-client --host 127.0.0.1 --port {self.port}"
                       " --query 'INSERT INTO rows (raw) FORMAT TabSeparated'")
        return int(self.ask("SELECT sum(bytes_on_disk) FROM system.parts WHERE table = 'rows' AND active")[1])

    def stop(self):
        self.server.terminate()
        self.server.wait(60)


def prepare(folder):
    program, many = folder / "bench_archive", folder / "bench_many"
    small.link(OPTIONS.build, program)
    subprocess.run(["cc", "-O2", str(small.ROOT / "bench/many.c"), "-o", str(many)], check=True)
    subprocess.run(["zstd", "-dqf", str(small.DATA), "-o", str(folder / "events")], check=True)
    rows = folder / "rows.zst"
    shell(f"'{many}' '{folder}/events' {BYTES} {RARE} | zstd -q -3 -o '{rows}'")
    return program, rows


def an_address(rows):
    """One that stands in few of the rounds."""
    seen = {}
    text = subprocess.run(f"zstdcat '{rows}' | head -c 700000000 | tail -c 200000000 | grep -oE '\"Dest(ination)?(Address|Ip)\":\"[0-9.]+\"'",
                          shell=True, stdout=subprocess.PIPE, text=True).stdout
    for line in text.splitlines():
        address = line.rsplit('"', 2)[1]
        seen[address] = seen.get(address, 0) + 1
    return min(seen, key=seen.get)


def main():
    with tempfile.TemporaryDirectory(dir=os.environ.get("HAIDANG_BENCH_DIR")) as folder:
        folder = pathlib.Path(folder)
        program, rows = prepare(folder)
        address = an_address(rows)
        queries = [("a rare word (3 hits)", RARE, RARE), ("a word that is nowhere", ABSENT, ABSENT),
                   ("an IP address", address, address), ("any substring", f"*{SUBSTRING}*", SUBSTRING)]
        counting = "* | count by EventID"
        _, _, said = shell(f"zstdcat '{rows}' | '{program}' '{folder}/archive' - "
                           + " ".join(f"'{query}'" for _, query, _ in queries) + f" '{counting}'")
        gigabytes = small.number(r"([\d.]+) MB,", said) / 1000
        say(what=f"append and seal, {gigabytes:.1f} GB of Windows JSON, durable",
            figure=f"{small.number(r'commit and seal +([0-9]+) MB/s', said):.0f} MB/s CPU", beside="the limit set",
            peer="200 MB/s CPU", ratio=small.number(r"commit and seal +([0-9]+) MB/s", said) / 200)
        for form in ("live", "packed"):
            say(what=f"size, {form}, filters included", figure=f"{re.search(form + r' .*?([0-9.]+) : 1', said)[1]} : 1",
                beside="`zstd -3`, one stream", peer=f"{gigabytes * 1e9 / rows.stat().st_size:.1f} : 1")
        house = None
        if shutil.which("clickhouse-server") and shutil.which("clickhouse-client"):
            house = ClickHouse(folder)
            say(what="size in ClickHouse 18.16 (LZ4, no index on words)",
                figure=f"{gigabytes * 1e9 / house.load(rows):.1f} : 1")
        else:
            print(json.dumps({"skipped": "ClickHouse is not installed (clickhouse-server, clickhouse-client)"}))
        grep_wall, grep_cpu, _ = shell(f"zstdcat '{rows}' | grep -cF {RARE}")
        for what, query, text in queries:
            line = next(x for x in said.splitlines() if x.startswith(query + " "))
            ours_cpu, ours = [float(x) for x in re.findall(r"([\d.]+) ms", line)]
            say(what=f"{what}, {gigabytes:.1f} GB", figure=f"{ours:.0f} ms ({ours_cpu:.0f} ms CPU)"
                + (f", {gigabytes * 1e6 / ours_cpu:.0f} MB/s CPU" if text == SUBSTRING else ""),
                beside="`zstdcat | grep -F`", peer=f"{grep_wall:.1f} s ({grep_cpu:.1f} s CPU)",
                ratio=grep_cpu * 1000 / ours_cpu, **({} if text == SUBSTRING else {"reach": "≥ 50"}))
            if text == SUBSTRING:
                rate = gigabytes * 1e3 / ours_cpu
                say(what=f"{what}, {gigabytes:.1f} GB", figure=f"{rate:.2f} GB/s CPU", beside="the limit set",
                    peer="2 GB/s CPU", ratio=rate / 2, reach="≥ 1")
            if house:
                theirs, _ = house.ask(f"SELECT count() FROM rows WHERE position(raw, '{text}') > 0")
                say(what=f"{what}, {gigabytes:.1f} GB", figure=f"{ours:.0f} ms", beside="ClickHouse 18.16, one thread",
                    peer=f"{theirs * 1000:.0f} ms", ratio=theirs * 1000 / ours, reach="≥ 1")
        if house:
            line = next(x for x in said.splitlines() if x.startswith(counting))
            ours = float(re.findall(r"([\d.]+) ms", line)[1])
            theirs, _ = house.ask("SELECT event_id, count() FROM rows GROUP BY event_id FORMAT Null")
            say(what=f"count by field, {gigabytes:.1f} GB", figure=f"{ours:.0f} ms",
                beside="ClickHouse 18.16, one thread, from a column of its own", peer=f"{theirs * 1000:.0f} ms",
                ratio=theirs * 1000 / ours)
            house.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build")
    OPTIONS = parser.parse_args()
    if not small.DATA.exists():
        small.skip(f"{small.DATA.name} is not there (../shared/data/events)")
    for tool in ("zstd", "cc", "pkg-config", "grep"):
        if not shutil.which(tool):
            small.skip(f"{tool} is not installed")
    main()
