"""The control file of fault.c."""
import mmap
import struct

SIZE = struct.calcsize("<iiqqqq")
KINDS = {"none": 0, "no_space": 1, "broken_write": 2, "broken_sync": 3, "half_then_kill": 4, "slow": 5,
         "bad_sector": 6, "gone": 7}
AREAS = {"archive": 1, "records": 2}


class Fault:
    def __init__(self, folder, library):
        if not library.exists():
            raise SystemExit(f"1..1\nnot ok 1 - {library} is not built")
        self.library, self.path = library, folder / "fault"
        self.path.write_bytes(bytes(SIZE))
        with open(self.path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), SIZE)

    def environment(self):
        return {"LD_PRELOAD": str(self.library), "HAIDANG_FAULT": str(self.path)}

    def set(self, kind, area, after, inode=0):
        """The fault comes after so many calls that go well, and stays until clear()."""
        struct.pack_into("<q", self.map, 32, inode)
        struct.pack_into("<qq", self.map, 8, after, 0)
        struct.pack_into("<i", self.map, 4, AREAS[area])
        struct.pack_into("<i", self.map, 0, KINDS[kind])

    def fired(self):
        return struct.unpack_from("<q", self.map, 16)[0]

    def clock(self, seconds):
        struct.pack_into("<q", self.map, 24, seconds * 10**9)

    def clear(self):
        struct.pack_into("<i", self.map, 0, 0)
        self.clock(0)
