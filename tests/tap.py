"""What a script of tests prints: a line a case, as tests/run.py reads them (TAP)."""

number = failed = 0


def check(sentence, fine, why=""):
    global number, failed
    number += 1
    failed += not fine
    print(f"{'ok' if fine else 'not ok'} {number} - {sentence}")
    if not fine:
        print("# " + str(why).replace("\n", "\n# "))


def skip(sentence, why):
    global number
    number += 1
    print(f"ok {number} - {sentence} # SKIP {why}")


def end():
    """The plan; the exit status."""
    print(f"1..{number}")
    return 1 if failed else 0
