#!/usr/bin/env python3
"""The server is away and comes again: what senders with a queue on disk hold is not lost."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from actors import ListeningServer, Rsyslog, SyslogNg, forward, in_folder, relp  # noqa: E402
from haidang import Server, check, main, test, wait_for  # noqa: E402

# What waits on the sender's disk while the server is away; in memory only ten lines fit.
DISK_QUEUE = ('queue.type="LinkedList" queue.filename="haidang" queue.size="200" queue.highWatermark="20" '
              'queue.lowWatermark="10" queue.maxDiskSpace="100m" queue.saveOnShutdown="on" '
              'queue.dequeueBatchSize="64"')


def stored(server, tag, count):
    """All lines 0 … count - 1 are found, each at least once; how many came again."""
    def look():
        rows = server.search(f"program:{tag}", "--limit", "100000")
        found = [int(row["raw"].rstrip().rsplit(" ", 1)[1]) for row in rows]
        return found if len(set(found)) == count else None
    found = wait_for(f"{count} lines of {tag}", look)
    check(set(found) == set(range(count)), "other lines than were sent")
    return len(found) - count


@test("rsyslog's disk-assisted queues: the server stops, lines wait on disk, it starts: by RELP all are there, "
      "by plain TCP at most 100 of 3,500 are lost")
@in_folder
def _(folder):
    Rsyslog.needs("omrelp", "rsyslog-relp")
    with ListeningServer("relp") as server:
        tcp = forward(server.ports["syslog"], 'protocol="tcp" TCP_Framing="octet-counted" '
                      'action.resumeRetryCount="-1" action.resumeInterval="1" ' + DISK_QUEUE.replace("haidang", "tcp"))
        both = (f'if $programname == "bytcp" then {{ {tcp} }}\n'
                f'if $programname == "byrelp" then {{ {relp(server.ports["relp"], DISK_QUEUE)} }}')
        with Rsyslog(folder, both, 'module(load="omrelp")') as rsyslog:
            for tag in ("bytcp", "byrelp"):  # few: their way is memory alone while the server is there
                rsyslog.log_many(10, tag)
                stored(server, tag, 10)
            server.stop()
            for tag in ("bytcp", "byrelp"):
                rsyslog.log_many(3490, tag, first=10)
            wait_for("lines on rsyslog's disk", lambda: list(folder.glob("tcp.0*")) and list(folder.glob("haidang.0*")))
            server.start()
            again = stored(server, "byrelp", 3500)
            check(again <= 64, f"{again} lines by RELP came twice: more than a batch")
            # plain TCP has no acknowledgement: omfwd's first line into the dead connection is lost to it
            rows = server.search("program:bytcp", "--limit", "100000")
            check(len(rows) >= 3400, f"{len(rows)} of 3500 lines by TCP")


@test("syslog-ng's reliable disk buffer over plain TCP: the server stops, lines wait on disk, it starts: at most "
      "10 of 1,800 are lost")
@in_folder
def _(folder):
    with Server() as server:
        destination = (f'syslog("127.0.0.1" port({server.ports["syslog"]}) transport("tcp") disk-buffer('
                       f'disk-buf-size(10485760) mem-buf-size(100000) reliable(yes) dir("{folder}")));')
        with SyslogNg(folder, destination) as ng:
            ng.log_many(300, "ngdisk")
            stored(server, "ngdisk", 300)
            server.stop()
            ng.log_many(1500, "ngdisk", first=300)
            server.start()
            rows = wait_for("the lines", lambda: (r := server.search("program:ngdisk", "--limit", "9999")) and
                            len(r) >= 1790 and r)
            check(len(rows) <= 1800, f"{len(rows)} of 1800 lines: some came twice")


if __name__ == "__main__":
    main()
