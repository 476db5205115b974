"""Clients that note what was acknowledged. Each runs in a thread of its own, while a round lasts."""
import http.client
import socket
import threading
import time

from haidang import PATIENCE, stamp

SOURCE = "so-tttt.cong.json"
ALERT_EVERY = 10   # RELP lines, one of which raises an alert
PAUSE = 0.002      # seconds between two sendings: a thousand rounds must stay searchable


class SenderThread(threading.Thread):
    once = False   # the sender marks what it repeats, so nothing is there twice

    def __init__(self, server, name):
        super().__init__(daemon=True)
        self.server, self.name = server, name
        self.lock = threading.Lock()
        self.go = threading.Event()
        self.resting = threading.Event()
        self.ending = False
        self.round = 0
        self.acknowledgements = 0
        self.acknowledged = []
        self.number = 0
        self.start()

    def run(self):
        while not self.ending:
            if not self.go.is_set():
                self.resting.set()
                self.go.wait(0.1)
                continue
            try:
                self.send_one()
                time.sleep(PAUSE)
            except (OSError, http.client.HTTPException, ValueError):
                self.broken()
                time.sleep(0.05)
        self.resting.set()

    def broken(self):
        """The connection is gone."""

    def note(self, marks):
        with self.lock:
            self.acknowledged += marks
            self.acknowledgements += 1

    def marks(self, count):
        self.number += 1
        return [f"{self.name}r{self.round}n{self.number}i{i}" for i in range(count)]

    def query(self, rounds):
        """For all its marks that go on so behind its name."""
        return f"mark:{self.name}{rounds}*"

    def begin_round(self, number):
        self.round = number
        self.resting.clear()
        self.go.set()

    def pause(self):
        self.go.clear()
        self.resting.wait(PATIENCE)

    def take_acknowledged(self):
        with self.lock:
            taken, self.acknowledged = self.acknowledged, []
        return taken

    def peek(self):
        """What was acknowledged and not yet taken."""
        with self.lock:
            return list(self.acknowledged)

    def end(self):
        self.ending = True
        self.go.set()
        self.join(PATIENCE)


class Poster(SenderThread):
    """JSON lines by HTTP; what was not answered 200 is given up."""

    def __init__(self, server):
        self.token = server.token(SOURCE)
        super().__init__(server, "poster")

    def send_one(self):
        marks = self.marks(5)
        body = "".join(f'{{"time":"{stamp()}","message":"thu","mark":"{mark}"}}\n' for mark in marks)
        if self.post(body, {}) == 200:
            self.note(marks)
        else:
            time.sleep(0.05)

    def post(self, body, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.ports["http"], timeout=10)
        try:
            connection.request("POST", "/events", body.encode(), {
                "Authorization": f"Bearer {self.token}", "Content-Type": "application/x-ndjson", **headers})
            reply = connection.getresponse()
            reply.read()
            return reply.status
        finally:
            connection.close()


class BatchPoster(Poster):
    """The same with X-Batch-Id: sent again and again until it is answered 200."""

    def __init__(self, server):
        self.token = server.token(SOURCE)
        self.waiting = None
        SenderThread.__init__(self, server, "batch")

    def send_one(self):
        if not self.waiting:
            marks = self.marks(5)
            body = "".join(f'{{"time":"{stamp()}","message":"thu","mark":"{mark}"}}\n' for mark in marks)
            self.waiting = marks, body
        marks, body = self.waiting
        if self.post(body, {"X-Batch-Id": marks[0]}) == 200:
            self.waiting = None
            self.note(marks)
        else:
            time.sleep(0.05)

    def pause(self):
        """What is under way is brought to its end first: it is this round's."""
        end = time.monotonic() + PATIENCE
        super().pause()
        while self.waiting and time.monotonic() < end:
            try:
                self.send_one()
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.05)


class RelpSender(SenderThread):
    """RELP as its specification has it: one frame at a time, sent again after a lost connection."""

    def __init__(self, server):
        self.socket = self.file = self.waiting = None
        super().__init__(server, "relp")

    def open(self):
        self.socket = socket.create_connection(("127.0.0.1", self.server.ports["relp"]), timeout=10)
        self.file = self.socket.makefile("rb")
        self.transaction = 0
        self.ask("open", "relp_version=0\nrelp_software=chaos\ncommands=syslog")

    def broken(self):
        if self.socket:
            self.file.close()
            self.socket.close()
            self.socket = None

    def ask(self, command, data):
        data = data.encode()
        self.transaction += 1
        self.socket.sendall(b"%d %s %d %s\n" % (self.transaction, command.encode(), len(data), data))
        number, kind, size = b"", b"", b""
        head = self.file.readline()          # "7 rsp 6 200 OK\n"; the open's answer has more lines
        number, kind, size, rest = head.split(b" ", 3)
        missing = int(size) + 1 - len(rest)
        rest += self.file.read(missing) if missing > 0 else b""
        if int(number) != self.transaction or kind != b"rsp" or not rest.startswith(b"200"):
            raise OSError(f"RELP answered {head!r}")

    def send_one(self):
        if not self.socket:
            self.open()
        if not self.waiting:
            mark = self.marks(1)[0]
            text = f"mark={mark} thu"
            if self.number % ALERT_EVERY == 0:
                text = (f"  khach{self.number} : user NOT in sudoers ; TTY=pts/0 ; PWD=/tmp ; USER=root ; "
                        f"COMMAND=/usr/bin/id mark={mark}")
            self.waiting = mark, (f"<86>1 {stamp()} srv-web-02 {'sudo' if 'sudoers' in text else 'thu'} "
                                  f"- - - {text}")
        mark, line = self.waiting
        self.ask("syslog", line)
        self.waiting = None
        self.note([mark])

    def query(self, rounds):
        return f"{self.name}{rounds}*"
