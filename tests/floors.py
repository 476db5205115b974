#!/usr/bin/env python3
"""Holds the floors: a room of src/ includes only itself and rooms on lower floors.

Prints TAP. The table is that of docs/architecture.md; `tests/floors.py --table` prints it.
"""
import pathlib
import re
import sys

FLOORS = [
    ["base"],
    ["process", "http"],
    ["event", "records"],
    ["document"],
    ["intake", "detect", "archive", "trust"],
    ["plan", "cases", "exchange", "enrol", "relay"],
    ["report"],
    ["api"],
    ["serve"],
    ["cli"],
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# event/ and records/ stand side by side, but records keeps for the pipeline what event/ names:
# indicators and exceptions, in plain types of its neighbour (docs/architecture.md says so).
ALLOWED = {("records", "event")}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([a-z_]+)/', re.M)


def main():
    root = pathlib.Path(__file__).resolve().parent.parent / "src"
    number = failed = 0
    for room in sorted(p.name for p in root.iterdir() if p.is_dir()):
        wrong = [] if room in FLOOR else ["the room stands on no floor"]
        for path in sorted(root.glob(f"{room}/**/*.[ch]*")):
            for used in INCLUDE.findall(path.read_text(encoding="utf-8")):
                if used == room or (room, used) in ALLOWED or used not in FLOOR:
                    continue
                if FLOOR[used] >= FLOOR.get(room, 0):
                    wrong.append(f"{path.relative_to(root)} includes {used}/")
        number += 1
        failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} - {room}/ uses only floors below it")
        for line in wrong:
            print(f"# {line}")
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--table"]:
        for floor in reversed(FLOORS):
            print("  ".join(floor))
        sys.exit(0)
    sys.exit(main())
