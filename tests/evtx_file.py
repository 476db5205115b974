"""Writes small Windows event logs (.evtx) for tests: one template a chunk, then only substitutions."""
import struct
import zlib

CHUNK, HEAD, RECORDS_AT = 65536, 4096, 512
STRING, U16, U32, U64, FILETIME, BINXML = 1, 6, 8, 10, 17, 0x21


def filetime(seconds):
    return int(seconds * 10_000_000) + 116444736000000000


class Chunk:
    def __init__(self):
        self.data = bytearray(RECORDS_AT)
        self.names, self.templates, self.first, self.last = {}, {}, None, None

    def name(self, text):
        """Its offset, and the name itself where it stands for the first time."""
        if text in self.names:
            self.data += struct.pack("<I", self.names[text])
            return
        at = len(self.data) + 4
        self.names[text] = at
        self.data += struct.pack("<IIHH", at, 0, 0, len(text)) + text.encode("utf-16-le") + b"\0\0"

    def value(self, content):
        if isinstance(content, tuple):  # (number, type)
            self.data += struct.pack("<BHB", 0x0D, *content)
        else:
            self.data += struct.pack("<BBH", 0x05, 1, len(content)) + content.encode("utf-16-le")

    def sized(self):
        """Room for a size, and what fills it in at the end."""
        at = len(self.data)
        self.data += bytes(4)

        def fill():
            self.data[at:at + 4] = struct.pack("<I", len(self.data) - at - 4)
        return fill

    def element(self, name, attributes=(), content=None, children=()):
        self.data += struct.pack("<BH", 0x41 if attributes else 0x01, 0xFFFF)
        fill = self.sized()
        self.name(name)
        if attributes:
            fill_list = self.sized()
            for i, (key, text) in enumerate(attributes):
                self.data += bytes([0x46 if i + 1 < len(attributes) else 0x06])
                self.name(key)
                self.value(text)
            fill_list()
        self.data += b"\x02"
        if content is not None:
            self.value(content)
        for child in children:
            self.element(**child)
        self.data += b"\x04"
        fill()

    def template(self, key, element):
        """The instance's head; the definition stands in the first one."""
        at = self.templates.get(key)
        self.data += struct.pack("<BBI", 0x0C, 1, 7)
        if at:
            self.data += struct.pack("<I", at)
            return
        at = len(self.data) + 4
        self.templates[key] = at
        self.data += struct.pack("<I", at) + bytes(4 + 16)
        fill = self.sized()
        self.data += b"\x0f\x01\x01\x00"
        self.element(**element)
        self.data += b"\0"
        fill()

    def record(self, number, time, channel, event_id, fields):
        names = tuple(fields)
        element = dict(name="Event", children=[
            dict(name="System", children=[
                dict(name="Provider", attributes=[("Name", "Microsoft-Windows-Sysmon")]),
                dict(name="EventID", content=(0, U16)),
                dict(name="TimeCreated", attributes=[("SystemTime", (1, FILETIME))]),
                dict(name="EventRecordID", content=(2, U64)),
                dict(name="Channel", content=(3, STRING)),
                dict(name="Computer", content="PC-07")]),
            dict(name="EventData", children=[
                dict(name="Data", attributes=[("Name", name)], content=(4 + i, STRING))
                for i, name in enumerate(names)])])
        begin = len(self.data)
        self.data += struct.pack("<IIQQ", 0x2A2A, 0, number, filetime(time)) + b"\x0f\x01\x01\x00"
        self.template(names, element)
        values = [(U16, struct.pack("<H", event_id)), (FILETIME, struct.pack("<Q", filetime(time))),
                  (U64, struct.pack("<Q", number)), (STRING, channel.encode("utf-16-le"))]
        values += [(STRING, text.encode("utf-16-le")) for text in fields.values()]
        self.data += struct.pack("<I", len(values))
        for kind, data in values:
            self.data += struct.pack("<HBB", len(data), kind, 0)
        self.data += b"".join(data for _, data in values) + b"\0"
        self.data += bytes(-(len(self.data) + 4) % 8 + 4)  # records are aligned to 8 bytes
        size = len(self.data) - begin
        self.data[begin + 4:begin + 8] = self.data[-4:] = struct.pack("<I", size)
        self.first = number if self.first is None else self.first
        self.last = number

    def finish(self):
        used = len(self.data)
        assert used <= CHUNK
        head = struct.pack("<8sQQQQIIIII", b"ElfChnk\0", self.first, self.last, self.first, self.last,
                           128, used, used, zlib.crc32(self.data[RECORDS_AT:]), 0)
        self.data[:len(head)] = head
        self.data[120:124] = struct.pack("<I", 1)
        self.data[124:128] = struct.pack("<I", zlib.crc32(self.data[128:512], zlib.crc32(self.data[:120])))
        return bytes(self.data) + bytes(CHUNK - used)


def seal(log, chunk):
    """Makes the checksums of the chunk at that offset fit what it holds."""
    used = struct.unpack_from("<I", log, chunk + 48)[0]
    struct.pack_into("<I", log, chunk + 52, zlib.crc32(log[chunk + RECORDS_AT:chunk + used]))
    sums = zlib.crc32(log[chunk + 128:chunk + RECORDS_AT], zlib.crc32(log[chunk:chunk + 120]))
    struct.pack_into("<I", log, chunk + 124, sums)


def head(chunks, dirty=False):
    start = struct.pack("<8sQQQIHHHH", b"ElfFile\0", 0, chunks - 1, 1, 128, 1, 3, HEAD, chunks)
    data = bytearray(start + bytes(HEAD - len(start)))
    data[120] = 1 if dirty else 0
    data[124:128] = struct.pack("<I", zlib.crc32(data[:120]))
    return bytes(data)


def log(records, a_chunk=20, dirty=False):
    """records: (time in s, channel, event id, {field: text}); a whole file."""
    chunks = []
    for at in range(0, len(records), a_chunk):
        chunk = Chunk()
        for i, (time, channel, event_id, fields) in enumerate(records[at:at + a_chunk]):
            chunk.record(at + i + 1, time, channel, event_id, fields)
        chunks.append(chunk.finish())
    return head(len(chunks), dirty) + b"".join(chunks)
