#!/usr/bin/env python3
"""haidang detect on Windows event logs: many chunks, any size, packed, dirty, damaged. Prints TAP."""
import gzip
import json
import os
import pathlib
import re
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree

import evtx_file
import tap
from tap import check, skip

ROOT = pathlib.Path(__file__).resolve().parent.parent
HAIDANG = os.environ.get("HAIDANG", str(ROOT / "build/haidang"))
RULE = """title: Shell from a web server
id: 7a9c54d0-9a3e-4a27-9f9b-5d5a1d6cf001
logsource: {product: windows, category: process_creation}
detection:
  selection:
    ParentImage|endswith: '\\w3wp.exe'
    Image|endswith: '\\cmd.exe'
  condition: selection
level: high
"""
SYSMON = "Microsoft-Windows-Sysmon/Operational"


class Folder:
    def __init__(self, path):
        self.path = path
        self.rules = path / "rules"
        self.rules.mkdir()
        (self.rules / "r.yml").write_text(RULE)

    def detect(self, name, data=None, threads=2, stdin=None):
        """Exit status, records of the alerts, what was said."""
        if data is not None:
            (self.path / name).write_bytes(data)
        target = "-" if stdin is not None else self.path / name
        done = subprocess.run([HAIDANG, "detect", "--rules", self.rules, "--json", "-j", str(threads),
                               target, "--language", "en"], input=stdin, capture_output=True,
                              timeout=120, cwd=ROOT)
        alerts = [json.loads(line) for line in done.stdout.decode().splitlines()]
        return done.returncode, [alert["record"] for alert in alerts], done.stderr.decode()


def records(count, every=10):
    """Every `every`-th is an attack; their numbers in the log begin at 1."""
    return [(1790000000 + i, SYSMON, 1,
             {"Image": "C:\\Windows\\cmd.exe" if i % every == every - 1 else "C:\\Windows\\notepad.exe",
              "ParentImage": "C:\\inetpub\\w3wp.exe", "CommandLine": f"Sở Tài chính 🏝 {i}"})
            for i in range(count)]


def whole(folder):
    log = evtx_file.log(records(2000))
    wanted = list(range(10, 2001, 10))
    code, found, err = folder.detect("whole.evtx", log)
    check("every chunk of a log is read, alerts in the order of records", code == 1 and found == wanted,
          (code, found[:20], err))
    check("no record is counted twice", "2000 events" in err, err)
    check("one thread says the same", folder.detect("whole.evtx", threads=1)[1] == wanted)
    check("eight threads say the same", folder.detect("whole.evtx", threads=8)[1] == wanted)
    code, found, err = folder.detect("packed.evtx.gz", gzip.compress(log, 1))
    check("the same from .gz", code == 1 and found == wanted, (code, found[:20], err))
    if shutil.which("zstd"):
        packed = subprocess.run(["zstd", "-q"], input=log, capture_output=True, check=True).stdout
        code, found, err = folder.detect("packed.evtx.zst", packed)
        check("the same from .zst", code == 1 and found == wanted, (code, found[:20], err))
    else:
        skip("the same from .zst", "zstd is not installed")
    code, found, err = folder.detect("-", stdin=log)
    check("the same from a pipe", code == 1 and found == wanted, (code, found[:20], err))
    if not shutil.which("evtxexport"):
        skip("libevtx reads the same values", "evtxexport is not installed")
        return
    said = subprocess.run(["evtxexport", "-f", "xml", folder.path / "whole.evtx"], capture_output=True,
                          text=True, check=False).stdout
    events = tree.fromstring("<all>" + said[said.index("<Event>"):] + "</all>")
    shells = [int(e.find("System/EventRecordID").text) for e in events
              if e.find("EventData/Data[@Name='Image']").text.endswith("cmd.exe")]
    check("libevtx, the second opinion, reads the same records", shells == wanted, shells[:20])


def second_opinion(path):
    """(event in the file's order, field) -> text, as libevtx reads it."""
    said = subprocess.run(["evtxexport", "-f", "xml", path], capture_output=True, text=True, errors="replace",
                          check=False).stdout
    if "<Event" not in said:
        return {}
    said = re.sub(r'\sxmlns="[^"]*"', "", said[said.index("<Event"):said.rindex("</Event>") + len("</Event>")])
    said = re.sub(r"</Event>.*?(?=<Event[ >])", "</Event>", said, flags=re.S)
    fields = {}
    for place, event in enumerate(tree.fromstring(f"<all>{said}</all>").findall("Event")):
        for data in event.findall("EventData/Data"):
            if data.get("Name"):
                fields[place, data.get("Name").replace(" ", "")] = data.text or ""
        for name in ("EventID", "Channel", "Computer", "Level", "Task", "Opcode", "Keywords"):
            if event.find("System/" + name) is not None:
                fields[place, name] = event.find("System/" + name).text or ""
    return fields


def same_form(text):
    """libevtx writes GUIDs in braces and hexadecimal numbers with all their zeros."""
    guid = re.fullmatch(r"\{([0-9A-Fa-f-]{36})\}", text or "")
    number = re.fullmatch(r"0x0*([0-9A-Fa-f]+)", text or "")
    return guid[1].upper() if guid else "0x" + number[1].lower() if number else text


def every_field(folder):
    """Real recordings: a rule for each field shows its value, which libevtx must read too."""
    recordings = sorted((ROOT.parent / "shared/data/sigma/regression_data").rglob("*.evtx"))[::12]
    if not recordings or not shutil.which("evtxexport"):
        skip("libevtx reads the same in every field of real recordings",
             "../shared/data or evtxexport is not there")
        return
    compared, differing = 0, []
    for path in recordings:
        wanted = second_opinion(path)
        rules = folder.path / "fields.yml"
        rules.write_text("".join(f"---\ntitle: {name}\nlogsource: {{product: all}}\n"
                                 f"detection: {{s: {{'{name}|contains': ''}}, condition: s}}\n"
                                 for name in sorted({name for _, name in wanted})))
        said = subprocess.run([HAIDANG, "detect", "--rules", rules, "--json", "--logsource", "product=all", path],
                              capture_output=True, timeout=120, cwd=ROOT).stdout.decode()
        alerts = [json.loads(line) for line in said.splitlines()]
        order = {record: place for place, record in enumerate(sorted({a["record"] for a in alerts}))}
        have = {(order[a["record"]], a["title"]): a["why"][0]["value"] for a in alerts}
        compared += len(wanted)
        differing += [(path.name, *key, text, have.get(key)) for key, text in wanted.items()
                      if same_form(text) != same_form(have.get(key))]
    check("libevtx reads the same in every field of real recordings", compared > 300 and not differing,
          (compared, differing[:5]))


def large(folder):
    first = evtx_file.log(records(20))
    later = evtx_file.Chunk()
    for i, (time, channel, event_id, fields) in enumerate(records(20)):
        later.record(5001 + i, time, channel, event_id, fields)
    path = folder.path / "large.evtx"
    with open(path, "wb") as out:
        out.write(first)
        out.seek(evtx_file.HEAD + evtx_file.CHUNK * 6000)  # 393 MB: chunks between were never written
        out.write(later.finish())
    code, found, err = folder.detect("large.evtx")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    check("a log of 393 MB is read to its end", code == 1 and found == [10, 20, 5010, 5020],
          (code, found, err))
    check("and is never in memory as a whole", peak < 200, f"{peak} MB")
    path.unlink()


def damaged(folder):
    good = evtx_file.log(records(60))
    chunk = evtx_file.HEAD + evtx_file.CHUNK
    at = good.index(struct.pack("<I", 0x2A2A), chunk + 600)  # the second record of the second chunk
    bad = bytearray(good)
    bad[at + 4:at + 8] = b"\xff\xff\xff\xff"
    code, found, err = folder.detect("bad.evtx", bytes(bad))
    check("a damaged record costs only itself; the place is said; exit 3",
          code == 3 and found == [10, 20, 30, 40, 50, 60] and "chunk 1, byte" in err, (code, found, err))
    bad = bytearray(good)
    bad[chunk:chunk + 8] = b"garbage!"
    code, found, err = folder.detect("chunk.evtx", bytes(bad))
    check("a damaged chunk costs only itself; exit 3",
          code == 3 and found == [10, 20, 50, 60] and f"chunk 1, byte {chunk}" in err, (code, found, err))
    changed = bytearray(good)
    where = good.index("notepad".encode("utf-16-le"), chunk)
    changed[where:where + 14] = "NOTEPAD".encode("utf-16-le")
    code, found, err = folder.detect("changed.evtx", bytes(changed))
    check("a record changed behind Windows' back is told by the checksum",
          code == 3 and len(found) == 6 and "checksum of a chunk's records" in err, (code, found, err))
    changed[120] = 1
    code, found, err = folder.detect("dirty.evtx", bytes(changed))
    check("while Windows writes a log, its checksums say nothing", code == 1 and len(found) == 6,
          (code, found, err))
    code, found, err = folder.detect("cut.evtx", good[:chunk + 5000])
    check("a log cut off half-way gives what it can, the place, exit 3",
          code == 3 and found == [10, 20, 30] and f"cut.evtx: chunk 1, byte {chunk + 5000}" in err,
          (code, found, err))
    code, found, err = folder.detect("cut.evtx.gz", gzip.compress(good)[:-400])
    check("a packed log cut off gives what it can, exit 3", code == 3 and found[:2] == [10, 20],
          (code, found, err))
    code, found, err = folder.detect("head.evtx", good[:700])
    check("a log cut off in its head is said, exit 3", code == 3 and not found and "head" in err,
          (code, found, err))
    tail = evtx_file.Chunk()
    for i, (time, channel, event_id, fields) in enumerate(records(20)):
        tail.record(61 + i, time, channel, event_id, fields)
    part = bytearray(tail.finish())
    part[48:52] = struct.pack("<I", part.index(struct.pack("<I", 0x2A2A), 2000))  # the head lags behind
    live = bytearray(good + bytes(part))
    whole = bytearray(live)
    live[120] = 1
    code, found, err = folder.detect("live.evtx", bytes(live))
    check("records behind what a live log's head counts are read too",
          code == 1 and found == [10, 20, 30, 40, 50, 60, 70, 80], (code, found, err))
    evtx_file.seal(whole, len(good))
    code, found, err = folder.detect("sealed.evtx", bytes(whole))
    check("and behind what the head of a closed log counts, whose checksums fit",
          code == 1 and found == [10, 20, 30, 40, 50, 60, 70, 80], (code, found, err))


def keywords(folder):
    """Each in the condition of its own rule, which no other record may answer."""
    log = evtx_file.log(records(20))
    every = list(range(1, 21))
    for what, word, wanted in (("a literal of the template", "windows-sysmon", every),
                               ("an element's own text", "pc-0", every),
                               ("a text", "notepad.exe", [n for n in every if n % 10]),
                               ("a number", "17", [17, 18]),  # its own, and the command line of the next
                               ("a time", "2026-09-21t14:13:2", every[:10]),
                               ("a text beyond ASCII", "SỞ TÀI CHÍNH 🏝 7", [8]),
                               ("no record when it stands nowhere", "kiwi::", [])):
        rule = ("title: Word\nid: 7a9c54d0-9a3e-4a27-9f9b-5d5a1d6cf002\nlogsource: {product: windows}\n"
                f"detection:\n  keywords: ['{word}']\n  condition: keywords\nlevel: low\n")
        (folder.rules / "r.yml").write_text(rule)
        code, found, err = folder.detect("words.evtx", log)
        check(f"a keyword is found in {what}", code == bool(wanted) and found == wanted, (code, found, err))


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Folder(pathlib.Path(name))
        whole(folder)
        every_field(folder)
        large(folder)
        damaged(folder)
        keywords(folder)
    return tap.end()


sys.exit(main())
