#!/usr/bin/env python3
"""Replays the recorded logs through the real listeners, as the example's agencies would send them.

    send.py [--config FILE] [--once] [--quiet]

Times are moved to the last minutes and host names to the example's sources; nothing else of the
lines is changed. After the first round ordinary traffic goes on slowly until stopped (--once: not).
Standard library only.
"""
import argparse
import datetime
import json
import pathlib
import random
import re
import socket
import sys
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
VIETNAM = datetime.timezone(datetime.timedelta(hours=7))

# recording → senders: (host name, transport, what of it: all lines or those of daily life)
SENDERS = [
    ("sshd.log", "srv-web-02", "tcp", "all"),
    ("sshd.log", "srv-web-01", "udp", "daily"),
    ("sshd.log", "mc-app-01", "udp", "daily"),
    ("sshd.log", "vb-app-01", "tcp", "daily"),
    ("sudo.log", "kt-app-01", "tcp", "all"),
    ("sudo.log", "yt-web-01", "udp", "daily"),
    ("nginx.log", "dk-web-01", "tcp", "all"),
    ("nginx.log", "cr-web-01", "udp", "daily"),
    ("auditd.log", "vb-app-01", "tcp", "all"),
    ("firewall.log", "fw-01", "udp", "all"),
]
JSON_SENDER = ("nginx.jsonl", "so-tttt.cong.json")
# what daily life has none of; a single slip of an honest user, drawn again and again, looks like guessing
ATTACK = re.compile(r"203\.0\.113\.77|198\.51\.100\.4|khach|NOT in sudoers|incorrect password|"
                    r"command not allowed|shadow|/bin/bash|Failed password|authenticating user|"
                    r"authentication failure|could not identify")


def stamp_3164(when):
    local = when.astimezone(VIETNAM)
    return f"{MONTHS[local.month - 1]} {local.day:2d} {local:%H:%M:%S}"


def syslog_line(line, host, when):
    """The recorded line with another host name and time, in the format in which it stands."""
    iso = when.astimezone(VIETNAM).isoformat(timespec="microseconds")
    found = re.match(r"(<\d+>)1 \S+ \S+ (.*)", line)
    if found:
        text = re.sub(r"\[\d\d/\w{3}/\d{4}:[\d:]+ [+-]\d{4}\]",
                      when.astimezone(VIETNAM).strftime("[%d/%b/%Y:%H:%M:%S +0700]"), found[2])
        return f"{found[1]}1 {iso} {host} {text}"
    found = re.match(r"(<\d+>)\w{3} [ \d]\d [\d:]{8} \S+ (.*)", line)
    if found:
        return f"{found[1]}{stamp_3164(when)} {host} {found[2]}"
    text = re.sub(r"audit\(\d+\.\d+:", f"audit({when.timestamp():.3f}:", line)  # auditd: no header
    return f"<134>1 {iso} {host} audit - - - {text}"


def listeners(config):
    """The addresses that haidang.yaml gives: only `listen:` and `data:` are looked at."""
    found = {"data": "./var"}
    for line in pathlib.Path(config).read_text(encoding="utf-8").splitlines():
        match = re.match(r"\s*(data|syslog_udp|syslog_tcp|http):\s*([^#\s]+)", line)
        if match:
            found[match[1]] = match[2].strip("'\"")
    return found


def address(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


class Sender:
    def __init__(self, where):
        self.where = where
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.streams = {}

    def syslog(self, host, transport, line):
        data = line.encode(errors="surrogateescape")
        if transport == "udp":
            self.udp.sendto(data, address(self.where["syslog_udp"]))
            return
        if host not in self.streams:
            self.streams[host] = socket.create_connection(address(self.where["syslog_tcp"]), 10)
        self.streams[host].sendall(b"%d %b" % (len(data), data))  # RFC 6587, octet counting

    def post(self, source, records):
        token_file = pathlib.Path(self.where["data"]) / "secrets" / "tokens" / source
        if not token_file.exists():
            return None
        host, port = address(self.where["http"])
        request = urllib.request.Request(
            f"http://{host}:{port}/events",
            "\n".join(records).encode(errors="surrogateescape") + b"\n",
            {"Authorization": "Bearer " + token_file.read_text().strip(),
             "Content-Type": "application/x-ndjson"})
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.load(reply)


def recorded(name, kind):
    # scanners send bytes that are no UTF-8: they go on as they are
    lines = (HERE / "logs" / name).read_bytes().decode(errors="surrogateescape").split("\n")
    return [line for line in lines if line and (kind == "all" or not ATTACK.search(line))]


def plan_round(now, senders):
    """(when, host, transport, line) of all senders, in order of time within the last two minutes."""
    events = []
    for name, host, transport, kind in senders:
        lines = recorded(name, kind)
        for i, line in enumerate(lines):
            when = now - datetime.timedelta(seconds=120 * (1 - (i + 1) / (len(lines) + 1)))
            events.append((when, host, transport, syslog_line(line, host, when)))
    return sorted(events)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", default=str(HERE / "haidang.yaml"))
    parser.add_argument("--data", help="data directory, instead of the configuration's")
    parser.add_argument("--once", action="store_true", help="end after the first round")
    parser.add_argument("--quiet", action="store_true")
    options = parser.parse_args()
    where = listeners(options.config)
    if options.data:
        where["data"] = options.data
    sender = Sender(where)

    events = plan_round(datetime.datetime.now(datetime.timezone.utc), SENDERS)
    for number, (_, host, transport, line) in enumerate(events):
        sender.syslog(host, transport, line)
        if number % 50 == 49:
            time.sleep(1)
    name, source = JSON_SENDER
    now = datetime.datetime.now(VIETNAM).isoformat(timespec="seconds")
    records = [re.sub(r'"time":"[^"]*"', f'"time":"{now}"', line) for line in recorded(name, "all")]
    reply = sender.post(source, records)
    if not options.quiet:
        told = f", {len(records)} by HTTP" if reply else ""
        print(f"{len(events)} recorded lines sent by syslog{told}", flush=True)

    daily = [(name, host, transport, "daily") for name, host, transport, _ in SENDERS]
    pools = {key: recorded(key[0], "daily") for key in daily}
    while not options.once:
        key = random.choice(daily)
        if pools[key]:
            line = random.choice(pools[key])
            try:
                sender.syslog(key[1], key[2],
                              syslog_line(line, key[1], datetime.datetime.now(datetime.timezone.utc)))
            except OSError:
                sender.streams.clear()  # the server restarts: try again later
                time.sleep(2)
        time.sleep(0.5)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)
    except OSError as problem:
        sys.exit(f"send.py: {problem}: is `haidang serve` running?")
