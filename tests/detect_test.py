#!/usr/bin/env python3
"""haidang detect and haidang rules as people call them: forms of input, exit codes, errors with their
place. Prints TAP."""
import base64
import concurrent.futures
import contextlib
import gzip
import hashlib
import json
import os
import pathlib
import random
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

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
HIT = {"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Image": "C:\\cmd.exe",
       "ParentImage": "C:\\w3wp.exe", "@timestamp": "2026-11-24T00:00:00Z"}
MISS = dict(HIT, Image="C:\\notepad.exe")


def run(*arguments, stdin=None):
    done = subprocess.run([HAIDANG, *map(str, arguments), "--language", "en"], input=stdin,
                          capture_output=True, timeout=120, cwd=ROOT)
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def page_and_table(folder, rules, log):
    nasty = dict(HIT, Computer="</script><img src=x onerror=alert(1)>", CommandLine="<!--<script>")
    hostile = folder / "hostile.jsonl"
    hostile.write_text(json.dumps(nasty) + "\n")
    page = folder / "page.html"
    code, out, err = run("detect", "--rules", rules, "--html", page, hostile)
    text = page.read_text()
    check("--html keeps the exit status and the lines on standard output",
          code == 1 and len(out.splitlines()) == 1, (code, out, err))
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    found = json.loads(data.group(1)) if data else {}
    check("a log's markup stays data: the page's own blocks are all there are",
          text.count("<script") == 3 and "<img" not in text and
          found["hosts"][0]["name"] == nasty["Computer"], text[:300])
    rule = found["rules"][0]
    check("the page holds rule, count and the values that matched",
          rule["count"] == 1 and rule["alerts"][0]["why"][0]["value"] in (HIT["Image"], HIT["ParentImage"]), rule)
    policy = re.search(r"Content-Security-Policy\" content=\"([^\"]*)", text).group(1)
    script = re.findall(r"<script>(.*?)</script>", text, re.S)[-1]
    style = re.search(r"<style>(.*?)</style>", text, re.S).group(1)
    hashes = [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in (script, style)]
    check("the policy allows this script and this style by their hash and nothing else",
          "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy and
          all(h in policy for h in hashes), policy)
    check("the page names no other host to load from", not re.search(r"(src|href)=[\"']?http", text))
    run("detect", "--rules", rules, "--html", page, "-", stdin=b'{"a":1}\n')
    check("without alerts there is a page too", '"rules":[]' in page.read_text())
    code, out, err = run("detect", "--rules", rules, "--by-rule", *[log] * 9)
    check("--by-rule: the rule once, five alerts, the rest counted",
          out.count("Shell from a web server") == 1 and out.count("lines.jsonl:2") == 5 and "4 more" in out, out)
    code, out, err = run("detect", "--rules", rules, "--by-rule", "--csv", log)
    check("two forms at once are refused", code == 2, (code, err))


def correlated(folder):
    rules, log = folder / "correlation", folder / "logins.jsonl"
    rules.mkdir()
    (rules / "c.yml").write_text("""title: Failed login
name: failed
logsource: {product: windows, service: security}
detection: {sel: {EventID: 4625}, condition: sel}
---
title: Many failed logins
id: 5f0e9b2a-0000-4000-8000-000000000001
author: Lan
correlation: {type: event_count, rules: [failed], group-by: [IpAddress], timespan: 5m, condition: {gte: 3}}
level: high
""")
    one = {"EventID": 4625, "Channel": "Security", "IpAddress": "203.0.113.5"}
    log.write_text("".join(json.dumps(dict(one, **{"@timestamp": f"2026-11-24T00:00:{i:02}Z",
                                                   "EventID": 4625 if i % 2 == 0 else 4624})) + "\n"
                           for i in range(5)))
    code, out, err = run("detect", "--rules", rules, "--json", log)
    alerts = [json.loads(line) for line in out.splitlines()]
    check("a correlation names the events that it counted before", len(alerts) == 1 and
          [place["record"] for place in alerts[0]["earlier"]] == [1, 3] and alerts[0]["record"] == 5 and
          alerts[0]["author"] == "Lan", (code, out, err))


def headed(folder):
    """A folder of logs that say themselves what their lines hold: by each file's #Fields, by the last one."""
    rules, logs = folder / "w3c", folder / "iis"
    rules.mkdir()
    logs.mkdir()
    (rules / "a.yml").write_text("""title: A shell is asked for
id: 5f0e9b2a-0000-4000-8000-000000000003
logsource: {category: webserver}
detection:
  asked: {cs-method: GET, cs-uri-stem|endswith: /shell.aspx, cs-uri-query|contains: 'cmd=', c-useragent|startswith: curl, c-ip|cidr: 203.0.113.0/24}
  condition: asked
level: high
""")
    (rules / "b.yml").write_text("""title: A program from a free domain
id: 5f0e9b2a-0000-4000-8000-000000000004
logsource: {category: proxy}
detection:
  asked: {c-uri-extension: exe, cs-host|endswith: .example}
  condition: asked
level: high
""")
    values = {"date": "2026-11-24", "time": "00:31:02", "s-ip": "10.1.2.3", "cs-method": "GET", "cs-uri-stem": "/x.aspx",
              "cs-uri-query": "-", "c-ip": "203.0.113.7", "cs(User-Agent)": "curl/8", "sc-status": "200",
              "X-Forwarded-For": "-", "sc-win32-status": "0"}
    hit = {"cs-uri-stem": "/shell.aspx", "cs-uri-query": "cmd=whoami"}

    def lines(names, number, changes, separator=" "):
        row = separator.join(changes.get(name, values[name]) for name in names)
        return ["#Software: Microsoft Internet Information Services 10.0", "#Version: 1.0", "#Date: 2026-11-24 00:00:01",
                "#Fields: " + " ".join(names)] + [row] * number

    order = list(values)
    turned = order[::-1]
    few = ["cs-uri-query", "c-ip", "cs-uri-stem", "cs-method", "cs(User-Agent)"]
    # the second header stands in another block of the file than most of its lines
    many = lines(order, 9000, {}) + lines(turned, 20000, {}) + lines(turned, 1, hit)[4:] + lines(few, 1, hit)
    (logs / "u_ex261124.log").write_text("\r\n".join(many) + "\r\n")
    with gzip.open(logs / "cloudfront.gz", "wt") as out:
        out.write("\n".join(lines(order, 1, hit, "\t")) + "\n")
    (logs / "late.log").write_text("\n".join(["GET /", *lines(few, 1, hit)]) + "\n")  # began as another log
    (logs / "proxy.log").write_text('#Fields: cs-host cs-uri-path cs(User-Agent)\nbad.example /a.exe "a b"\n')
    found = []
    for threads in (1, 3):
        code, out, err = run("detect", "--rules", rules, "--json", "-j", threads, logs)
        alerts = [json.loads(line) for line in out.splitlines()]
        found.append(sorted((pathlib.Path(a["file"]).name, a["record"]) for a in alerts))
    first = 4 + 9000 + 4 + 20000 + 1
    check("a folder of IIS logs is read by their own #Fields lines, also repeated within a file",
          found[0] == found[1] == [("cloudfront.gz", 5), ("proxy.log", 2), ("u_ex261124.log", first),
                                   ("u_ex261124.log", first + 5)], (code, found, err))


def audited(folder):
    """Records of Linux auditd: a rule may ask for what stands in two records of one event."""
    rules, log = folder / "audit", folder / "audit.log"
    rules.mkdir()
    (rules / "a.yml").write_text("""title: A watched program reads the shadow file
id: 5f0e9b2a-0000-4000-8000-000000000002
logsource: {product: linux, service: auditd}
detection:
  run: {type: EXECVE, a1: /etc/shadow}
  watched: {type: SYSCALL, key: shadow}
  condition: run and watched
level: high
""")

    def event(serial, file, key, between=()):
        stamp = f"msg=audit(1795480262.123:{serial}):"
        return [f'type=SYSCALL {stamp} arch=c000003e syscall=59 success=yes a0=55d0 pid=2 uid=0 comm="cat" '
                f'exe="/usr/bin/cat" key="{key}"', *between, f'type=EXECVE {stamp} argc=2 a0="cat" a1="{file}"',
                f'type=CWD {stamp} cwd="/root"', f"type=PROCTITLE {stamp} proctitle=636174"]

    lines = event(1, "/etc/hosts", "shadow") + event(2, "/etc/shadow", "other")
    lines += event(3, "/etc/shadow", "shadow", between=["an unrelated line", *event(4, "/etc/hosts", "x")])
    log.write_text("\n".join(lines) + "\n")
    code, out, err = run("detect", "--rules", rules, "--json", log)
    alerts = [json.loads(line) for line in out.splitlines()]
    check("auditd records of one event are one event, also with others between",
          [alert["record"] for alert in alerts] == [9], (code, out, err))
    many = []
    for serial in range(10, 8010):
        many += event(serial, "/etc/shadow", "shadow")
    log.write_text("\n".join(many) + "\n")
    code, out, err = run("detect", "--rules", rules, "--json", log)
    found = [json.loads(line)["record"] for line in out.splitlines()]
    check("no event is torn where a block of the file ends", found == list(range(1, 32001, 4)),
          (len(found), err))
    real = ROOT.parent / "shared/data/logs/sh_binary_padding_dd_2020-11-10081941.log"
    if not real.exists():
        skip("a real recording of auditd", "../shared/data is not there")
        return
    (rules / "a.yml").write_text("""title: dd writes zeros
id: 5f0e9b2a-0000-4000-8000-000000000003
logsource: {product: linux, service: auditd}
detection:
  sel: {type: EXECVE, a0: dd, a1|contains: 'if=/dev/zero', exe: /bin/dd, cwd: /home/wardog, success: 'yes'}
  condition: sel
level: low
""")
    code, out, err = run("detect", "--rules", rules, "--json", real)
    check("a real recording of auditd: program, arguments and folder of one event",
          code == 1 and json.loads(out.splitlines()[0])["record"] == 1, (code, out, err))


def rotated(folder):
    """auth.log stands before auth.log.1 and is younger: correlations go by time over all files."""
    rules, logs = folder / "correlation", folder / "rotated"
    logs.mkdir()

    def line(second, event_id=4625):
        return json.dumps({"EventID": event_id, "Channel": "Security", "IpAddress": "203.0.113.5",
                           "@timestamp": f"2026-11-24T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"})

    (logs / "a.log").write_text("".join(line(s) + "\n" for s in (70000, 70001, 70010)))
    (logs / "a.log.1").write_text("".join(line(s) + "\n" for s in (100, 110, 120, 60000, 69990)))
    code, out, err = run("detect", "--rules", rules, "--json", logs)
    alerts = [json.loads(one) for one in out.splitlines()]
    check("a file that is older and comes later loses no alert of a correlation", code == 1 and
          [(pathlib.Path(a["file"]).name, a["record"]) for a in alerts] == [("a.log.1", 3), ("a.log", 2)],
          (code, out, err))
    check("the events counted are of both files", len(alerts) == 2 and
          [(pathlib.Path(p["file"]).name, p["record"]) for p in alerts[1]["earlier"]] ==
          [("a.log.1", 5), ("a.log", 1)], out)
    check("and no hit came too late", "too late" not in err, err)
    text = (logs / "a.log.1").read_text() + (logs / "a.log").read_text()
    code, out, err = run("detect", "--rules", rules, "--json", "-", stdin=text.encode())
    check("a stream's correlations are told as they come", code == 1 and
          [json.loads(one)["record"] for one in out.splitlines()] == [3, 7], (code, out, err))


def named(folder, rules, lines):
    """Logs in folders without a log's suffix; what is left out is said."""
    logs = folder / "names"
    (logs / "deep").mkdir(parents=True)
    taken = {"syslog": lines, "messages.1": lines, "auth.log.1": lines, "secure-20261124": lines,
             "app.dat": lines, "deep/events.json.old": lines, "kern": "Nov 24 00:00:00 h k: x\n".encode(),
             "access.log.2.gz": gzip.compress(lines), "pretty.out": json.dumps(HIT, indent=1).encode()}
    left = {"notes.md": b"# [{ not\n", "wtmp": b"\x00\x01\x02", "empty": b"", "x.py": b"print(1)\n",
            "img.png": b"\x89PNG\x00", "deep/.hidden": lines}
    for name, data in (taken | left).items():
        (logs / name).write_bytes(data)
    code, out, err = run("detect", "--rules", rules, "--json", logs)
    found = sorted(str(pathlib.Path(json.loads(one)["file"]).relative_to(logs)) for one in out.splitlines())
    check("logs of a folder are told by rotated names and by what stands in them",
          code == 1 and found == sorted(name for name in taken if name != "kern") and
          f"in {len(taken)} files" in err, (code, found, err))
    check("what is left out is counted and named",
          "5 files were left out" in err and all(f"/{name}\n" in err for name in left if "hidden" not in name),
          err)
    code, out, err = run("detect", "--rules", rules, "--json", logs / "notes.md")
    check("a file that is named is read whatever it is called", "1 events in 1 files" in err, err)


def wrapped(folder, rules):
    """One object around the events, as clouds deliver."""
    one, two = json.dumps(HIT), json.dumps(MISS)
    indented = json.dumps({"records": [HIT, MISS, HIT]}, indent=2)
    forms = {"aws.json": (json.dumps({"Records": [MISS, HIT]}), [2]),
             "tight.json": (json.dumps({"Records": [HIT, HIT]}, separators=(",", ":")), [1, 2]),
             "azure.json": (indented, [1, 3]),
             "lines.jsonl": (f'{{"records":[{one},{two}]}}\n{{"records": [{two},{one}]}}\n', [1, 4]),
             "graph.json": (f'{{"@odata.context": "https://x/$metadata#a\\"]", "value": [{one}], '
                            f'"@odata.nextLink": "a}}]", "n": {{"a": [1]}} }}', [1]),
             "google.json": (f'{{"items":[{two},{one}],"nextPageToken":"x"}}{{"items":[{one}]}}', [2, 3]),
             "kubernetes.json": (json.dumps({"kind": "EventList", "apiVersion": "audit.k8s.io/v1",
                                             "metadata": {"continue": "}"}, "items": [MISS, HIT]}), [2]),
             "big.json": (json.dumps({"Records": [MISS] * 20000 + [HIT]}), [20001])}
    for name, (text, wanted) in forms.items():
        for packed in (False, True):
            path = folder / (name + ".gz" if packed else name)
            path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
            code, out, err = run("detect", "--rules", rules, "--json", path)
            found = [json.loads(line)["record"] for line in out.splitlines()]
            check(f"each event within {path.name} is one", code == 1 and found == wanted, (code, found, err))
    whole = forms["aws.json"][0]
    (folder / "cut-wrapped.json").write_text(whole[:-1])
    code, out, err = run("detect", "--rules", rules, "--json", folder / "cut-wrapped.json")
    check("cut off behind the array: the events are given, exit 3", code == 3 and len(out.splitlines()) == 1 and
          "cut-wrapped.json: record 3" in err, (code, out, err))
    (folder / "other.json").write_text('{"EventID": 1, "Records": [{"a": 1}]}\n{"value": [1, 2]}\n' + one)
    code, out, err = run("detect", "--rules", rules, "--json", folder / "other.json")
    check("an event that only has such a member stays one event",
          "3 events" in err and [json.loads(line)["record"] for line in out.splitlines()] == [3], (code, out, err))


def streamed(folder, rules):
    """What is found in a stream is told when its line came, while the stream goes on."""
    audit = folder / "stream-audit"
    audit.mkdir()
    (audit / "a.yml").write_text("""title: Reverse shell by its key
logsource: {product: linux, service: auditd}
detection:
  selection: {type: EXECVE, a0: nc, key: shell}
  condition: selection
""")
    record = "type=%s msg=audit(1732406400.125:4711): %s\n"
    parts = [record % ("SYSCALL", 'arch=c000003e syscall=59 success=yes comm="nc" key="shell"'),
             record % ("EXECVE", 'argc=2 a0="nc" a1="-e"')]
    for what, wanted, pieces in [
            ("JSON", rules, [json.dumps(MISS) + "\n" + json.dumps(HIT) + "\n"]),
            ("an array", rules, ["[\n", json.dumps(HIT, indent=1) + ",\n"]),
            ("a pretty object", rules, [json.dumps(HIT, indent=1)]),
            ("an object around them", rules, ['{"Records": [', json.dumps(HIT) + ",", "\n"]),
            ("an auditd event in two pieces", audit, parts)]:
        with subprocess.Popen([HAIDANG, "detect", "--rules", wanted, "--json", "--language", "en", "-"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              cwd=ROOT) as child:
            for piece in pieces:
                child.stdin.write(piece.encode())
                child.stdin.flush()
            told = bool(select.select([child.stdout], [], [], 30)[0])
            alive = child.poll() is None
            out, err = child.communicate(timeout=30)
        check(f"{what} through a pipe that stays open: the alert comes at once",
              told and alive and out.count(b"\n") == 1, (told, alive, out, err))


def document(random):
    """Records that all raise an alert, in one of the forms that files have; bytes."""
    count = random.randint(1, 12)

    def record():
        more = {"pad": "}{" * random.choice([50, 2045, 4500])} if random.random() < 0.1 else {}
        return json.dumps(dict(HIT, text='},[{"\\', **more), indent=random.choice([None, None, 1]))

    def array():
        between = random.choice([",", ",\n", "\n,", " \n , "])
        return "[" + random.choice(["", "\n"]) + between.join(record() for _ in range(count)) + "\n]"

    def around():
        return ('{"@odata.context": "q]", "value": ' + array() +
                random.choice(["", ', "next": "]}"', ', "n": {"a": [1]}']) + "}")

    form = random.choice(["lines", "blank", "array", "around", "several", "audit"])
    if form == "lines":
        return (json.dumps(HIT) + "\n") * count
    if form == "audit":
        return "".join(f"type={kind} msg=audit(1732406400.125:{i}): {text}\n" for i in range(count)
                       for kind, text in [("SYSCALL", 'key="shell"'), ("EXECVE", 'argc=1 a0="nc"'), ("CWD", "cwd=/")])
    if form == "several":
        return "{\n\"a\": 1}" + "".join(random.choice(["", "\n", " "]) + random.choice([record, array, around])()
                                       for _ in range(4)) + random.choice(["", "\n"])
    return ("\n" if form == "blank" else "") + (around if form == "around" else array)() + "\n"


def cut(folder, rules):
    """A stream gives what the file gives, wherever its sender pauses."""
    def places(out):
        return [json.loads(line)["record"] for line in out.splitlines()]

    def one(seed):
        chance = random.Random(seed)
        text = document(chance).encode()
        whole = folder / f"whole{seed}"
        whole.write_bytes(text)
        command = [HAIDANG, "detect", "--rules", rules, "--json", "--language", "en"]
        wanted = subprocess.run([*command, whole], capture_output=True, cwd=ROOT)
        ends = [m.end() + chance.choice([0, 0, 1]) for m in re.finditer(rb"[}\]\n,]", text)]
        cuts = sorted(set(chance.sample(ends, min(5, len(ends))))) if text[:4] != b"type" else []
        cuts += [] if cuts else sorted(chance.sample(range(len(text)), min(5, len(text))))
        with subprocess.Popen([*command, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, cwd=ROOT) as child:
            at = 0
            for place in [c for c in cuts if text[:4] != b"type" or b"\n" not in text[c - 1:c]]:
                child.stdin.write(text[at:place])
                child.stdin.flush()
                at = place
                time.sleep(chance.choice([0.05, 0.13, 0.25]))
            child.stdin.write(text[at:])
            out, err = child.communicate(timeout=60)
        good = places(out) == places(wanted.stdout) and places(out) and child.returncode == wanted.returncode
        return None if good else (seed, text[:400], cuts, out[-300:], err, places(wanted.stdout))

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        wrong = [result for result in pool.map(one, range(96)) if result]
    check("a stream gives what the file gives, wherever it pauses", not wrong, wrong[:1])
    edge = folder / "edge.json"  # an object ends where the second read does
    head, long = json.dumps(HIT), json.dumps(dict(HIT, pad="x" * 5000))
    blanks = " " * (4096 + 262144 - len("[,") - len(head) - len(long))
    edge.write_text(f"[{head},{blanks}{long},\n{head}]")
    code, out, err = run("detect", "--rules", rules, "--json", edge)
    check("an object that ends where what was read ends stays apart from the next", places(out) == [1, 2, 3],
          (code, out, err))


def unread(rules):
    """Who stops reading what is found ends it, though the stream goes on."""
    child = subprocess.Popen([HAIDANG, "detect", "--rules", rules, "--timeline", "-"], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT, bufsize=0)
    child.stdout.close()
    with contextlib.suppress(BrokenPipeError):
        for _ in range(100):
            child.stdin.write((json.dumps(HIT) + "\n").encode())
            time.sleep(0.15)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(10)
    check("nobody reads the alerts: the command ends at one of the next", child.returncode not in (None, 0, 1),
          child.returncode)
    child.kill()


def chosen(folder):
    """The options that choose rules, events and the compiled form."""
    rules, log = folder / "chosen", folder / "chosen.jsonl"
    rules.mkdir()

    def rule(name, tags, value):
        return (f"title: {name}\nid: 5f0e9b2a-0000-4000-8000-0000000001{len(name):02}\nname: n-{name}\n"
                f"tags: [{tags}]\nlogsource: {{product: demo, service: app}}\n"
                f"detection: {{s: {{a: {value}}}, condition: s}}\n")

    (rules / "one.yml").write_text(rule("one", "attack.t1059.001, attack.execution", 1) + "---\n" +
                                   rule("three", "attack.t1110", "[1, 2]"))
    log.write_text('{"a": 1, "@timestamp": "2026-11-24T00:00:00Z"}\n{"a": 2, "@timestamp": "2026-11-25T00:00:00Z"}\n')

    def titles(*options):
        code, out, err = run("detect", "--rules", rules, "--json", *options, log)
        return code, [(json.loads(line)["title"], json.loads(line)["record"]) for line in out.splitlines()], err

    demo = ("--logsource", "product=demo,service=app")
    code, found, err = titles()
    check("events of a log source that nobody knows are tried on no rule", code == 0 and not found and
          "2 events are of a log source that nobody knows" in err, (code, found, err))
    code, found, err = titles(*demo)
    check("--logsource names it", code == 1 and found == [("one", 1), ("three", 1), ("three", 2)], (code, found, err))
    code, found, err = titles("--logsource", "product=demo")
    check("--logsource must name all that the rule asks for", code == 0 and not found, (code, found))
    code, found, err = titles("--logsource", "vendor=demo")
    check("a wrong --logsource is wrong use", code == 2 and "product=windows" in err, (code, err))
    check("--tag takes a tag and those below it", titles(*demo, "--tag", "attack.T1059")[1] == [("one", 1)])
    check("--tag does not take half a name", titles(*demo, "--tag", "attack.t10")[:2] == (0, []))
    check("--tag twice takes either", len(titles(*demo, "--tag", "attack.execution", "--tag", "attack.t1110")[1]) == 3)
    for name in ("three", "n-three", "5f0e9b2a-0000-4000-8000-000000000105"):
        check(f"--exclude {name} leaves the rule out", titles(*demo, "--exclude", name)[1] == [("one", 1)])
    check("--to leaves out what is at it or later", titles(*demo, "--to", "2026-11-25T00:00:00Z")[1] ==
          [("one", 1), ("three", 1)])
    check("--from and --to together", titles(*demo, "--from", "2026-11-24T12:00:00Z", "--to", "2026-11-26")[1] ==
          [("three", 2)])
    (rules / "two.yml").write_text(rule("four", "attack.t1110", "'%list%'").replace("a:", "a|expand:"))
    code, found, err = titles(*demo)
    check("a rule whose placeholder nobody fills is refused by name, the others run",
          code == 1 and len(found) == 3 and "%list%" in err and "1 rules were refused" in err, (code, found, err))
    lists = folder / "lists.yaml"
    lists.write_text("list: [2, 3]\n")
    code, found, err = titles(*demo, "--placeholders", lists)
    check("--placeholders fills it", code == 1 and ("four", 2) in found and "refused" not in err, (code, found, err))
    compiled(folder, rules, lists, titles, demo)


def compiled(folder, rules, lists, titles, demo):
    blobs = folder / "blobs"
    blobs.mkdir()
    keep = ("--compiled", blobs / "rules.blob")
    first = titles(*demo, *keep)
    kept = sorted(path.name for path in blobs.iterdir())
    check("--compiled keeps the rules and how many were refused",
          first[0] == 1 and len(kept) == 2 and kept[1] == kept[0] + ".refused", (first, kept))
    again = titles(*demo, *keep)
    check("used again it says the same, and that rules were refused", again[:2] == first[:2] and
          "1 rules were refused" in again[2] and "%list%" not in again[2], again)
    with_lists = titles(*demo, *keep, "--placeholders", lists)
    check("other placeholders are another compiled file", ("four", 2) in with_lists[1] and
          "refused" not in with_lists[2], with_lists)
    others = ["rules.blob", kept[0][:-1], kept[0] + "0", kept[0] + ".old", "other." + kept[0]]
    for name in others:
        (blobs / name).write_text("a user's")
    (rules / "one.yml").write_text((rules / "one.yml").read_text().replace("[1, 2]", "[1, 2, 7]").replace(
        "title: three", "title: third"))
    changed = titles(*demo, *keep)
    check("rules that changed are compiled anew", ("third", 2) in changed[1], changed)
    left = sorted(path.name for path in blobs.iterdir())
    check("what was compiled before they changed is removed, with no other file", len(left) == 3 + len(others) and
          not set(kept) & set(left) and set(others) < set(left), (kept, left))
    newest = max(blobs.glob("*[0-9a-f]"), key=lambda path: path.stat().st_mtime_ns)
    newest.write_bytes(newest.read_bytes()[:-50])
    broken = titles(*demo, *keep)
    check("a damaged compiled file is made anew", broken[:2] == changed[:2], broken)


def texts(folder):
    """A text log by its decoder, plain and packed."""
    log = (ROOT / "examples/khanh-hoa-2019/logs/sshd.log").read_bytes()
    forms = {"sshd.log": log, "sshd.log.gz": gzip.compress(log)}
    if shutil.which("zstd"):
        forms["sshd.log.zst"] = subprocess.run(["zstd", "-q"], input=log, capture_output=True, check=True).stdout
    seen = {}
    for name, data in forms.items():
        path = folder / name
        path.write_bytes(data)
        code, out, err = run("detect", "--rules", ROOT / "rules", "--json", path)
        seen[name] = [(json.loads(line)["title"], json.loads(line)["record"]) for line in out.splitlines()]
        check(f"alerts of {name}", code == 1 and len(seen[name]) > 20 and seen[name] == seen["sshd.log"],
              (code, err))


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        rules, logs = folder / "rules", folder / "logs"
        rules.mkdir()
        logs.mkdir()
        (rules / "r.yml").write_text(RULE)
        lines = json.dumps(MISS) + "\n" + json.dumps(HIT) + "\n"
        forms = {"lines.jsonl": lines.encode(), "array.json": json.dumps([MISS, HIT]).encode(),
                 "pretty.json": json.dumps(HIT, indent=2).encode(),
                 "several.json": (json.dumps(MISS, indent=1) + "\n" + json.dumps(HIT, indent=1)).encode(),
                 "packed.jsonl.gz": gzip.compress(lines.encode()),
                 "no-end.jsonl": lines.rstrip("\n").encode()}
        for form, data in forms.items():
            (logs / form).write_bytes(data)
            code, out, err = run("detect", "--rules", rules, "--json", logs / form)
            alerts = [json.loads(line) for line in out.splitlines()]
            check(f"one alert in {form}, exit 1", code == 1 and len(alerts) == 1 and
                  alerts[0]["level"] == "high", (code, out, err))
        code, out, err = run("detect", "--rules", rules, "--json", logs)
        check("a folder is walked, in order", code == 1 and len(out.splitlines()) == len(forms), err)
        code, out, err = run("detect", "--rules", rules, "-", stdin=json.dumps(MISS).encode())
        check("nothing found is exit 0", code == 0 and not out, (code, out, err))
        code, out, err = run("detect", "--rules", rules, "--csv", "-", stdin=lines.encode())
        check("CSV has a head and a line", code == 1 and len(out.splitlines()) == 2, out)
        code, out, err = run("detect", "--rules", rules, "--min-level", "critical", logs)
        check("--min-level leaves out what is below", code == 0 and not out, (code, out))
        code, out, err = run("detect", "--rules", rules, "--from", "2026-11-25", logs / "lines.jsonl")
        check("--from leaves out what is before", code == 0 and not out, (code, out))
        (logs / "cut.json").write_bytes(json.dumps([HIT, HIT]).encode()[:-30])
        code, out, err = run("detect", "--rules", rules, "--json", logs / "cut.json")
        check("a file that is cut off gives what it can, its place, and exit 3",
              code == 3 and len(out.splitlines()) == 1 and "cut.json: record 2" in err, (code, out, err))
        (logs / "cut.jsonl.gz").write_bytes(gzip.compress(lines.encode() * 2000)[:-20])
        code, out, err = run("detect", "--rules", rules, "--json", logs / "cut.jsonl.gz")
        check("a damaged gzip gives what it can, and exit 3", code == 3 and "cut.jsonl.gz" in err,
              (code, err))
        if shutil.which("zstd"):
            packed = subprocess.run(["zstd", "-q"], input=lines.encode() * 20000, capture_output=True,
                                    check=True).stdout
            (logs / "cut.jsonl.zst").write_bytes(packed[:-9])
            code, out, err = run("detect", "--rules", rules, "--json", logs / "cut.jsonl.zst")
            check("a .zst cut off gives what it can, the place, and exit 3",
                  code == 3 and out and "cut.jsonl.zst: byte" in err, (code, len(out), err))
        (logs / "pretty-cut.json").write_bytes((json.dumps(HIT, indent=2) + "\n" +
                                                json.dumps(HIT, indent=2)).encode()[:-25])
        code, out, err = run("detect", "--rules", rules, "--json", logs / "pretty-cut.json")
        check("a pretty-printed document cut off: those before are given, the place, exit 3",
              code == 3 and len(out.splitlines()) == 1 and "pretty-cut.json: record 2" in err,
              (code, out, err))
        page_and_table(folder, rules, logs / "lines.jsonl")
        correlated(folder)
        audited(folder)
        headed(folder)
        rotated(folder)
        named(folder, rules, lines.encode())
        wrapped(folder, rules)
        streamed(folder, rules)
        (rules / "audit.yml").write_text((folder / "stream-audit/a.yml").read_text())
        cut(folder, rules)
        unread(rules)
        (rules / "audit.yml").unlink()
        chosen(folder)
        texts(folder)
        code, out, err = run("detect", "--rules", rules, folder / "nothing")
        check("a missing file is said, exit 3", code == 3 and "nothing" in err, (code, err))
        code, out, err = run("detect", "--rules", rules, "--json", "-",
                             stdin=b'{"EventID": 1, }\n' + lines.encode())
        check("a broken line costs only itself", code == 3 and len(out.splitlines()) == 1 and
              "-:1" in err, (code, out, err))
        code, out, err = run("detect", "--rules", rules, "-", stdin=b'{"a":1}\n')
        check("an unknown log source is counted", code == 0 and "nobody knows" in err, err)
        big = (json.dumps(MISS) + "\n") * 20000 + lines
        code, out, err = run("detect", "--rules", rules, "--json", "-j", "2", "-", stdin=big.encode())
        check("two threads keep the place", code == 1 and json.loads(out)["record"] == 20002, out)
        (rules / "bad.yml").write_text(RULE.replace("|endswith", "|endwith", 1))
        code, out, err = run("rules", "check", rules)
        check("rules check names file, line and modifier, and exits 1",
              code == 1 and "bad.yml:6" in err and "endwith" in err, (code, err))
        code, out, err = run("rules", "explain", "Shell from a web server", "--rules", rules)
        check("rules explain shows the index key", code == 0 and "[index]" in out, (code, out))
        code, out, err = run("rules", "list", "--json", rules)
        check("rules list is one object a line", code == 0 and json.loads(out)["level"] == "high", out)
    return tap.end()


sys.exit(main())
