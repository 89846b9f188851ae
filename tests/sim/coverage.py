#!/usr/bin/env python3
"""How much of the cores the simulation reaches, by LLVM's regions: coverage.py EXPORT.json SOURCE … ; coverage.py --lines: whether every
line that `unreached` names is there.

A core does nothing but go from a state to a state, and a region is a piece of code that is entered on one condition: each arm of an `if`,
`?:` or `&&`, each body. So a transition that was never made is a region that was never entered. `unreached` lists those that cannot be
entered here, with the reason; they count neither as reached nor as missed, and one that is entered after all is told.
"""
import collections
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def regions(export, wanted):
    counts = collections.defaultdict(int)
    for function in json.load(open(export))["data"][0]["functions"]:
        for line, column, last, end, count, file, _, kind in function["regions"]:
            name = os.path.relpath(os.path.realpath(function["filenames"][file]), ROOT)
            if kind == 0 and name in wanted:
                place = (name, (line, column), (last, end))
                counts[place] = max(counts[place], count)
    return counts


class Sources:
    def __init__(self):
        self.lines = {}

    def of(self, name):
        if name not in self.lines:
            self.lines[name] = open(os.path.join(ROOT, name)).read().split("\n")
        return self.lines[name]

    def line(self, place):
        return self.of(place[0])[place[1][0] - 1].strip()

    def text(self, place):
        name, (line, column), (last, end) = place
        taken = self.of(name)[line - 1:last]
        taken[-1] = taken[-1][:end - 1]
        taken[0] = taken[0][column - 1:]
        return " ".join(" ".join(taken).split())


def listed():
    """[(file, line, beginning of the region)]"""
    found = []
    for line in open(os.path.join(HERE, "unreached")):
        line = line.rstrip("\n")
        if line and not line.startswith("#"):
            found.append(tuple(line.split(" | ", 2)))
    return found


def begins(text, listed_text):
    """The list cuts what is long; what is short is there whole."""
    return text.startswith(listed_text) if len(listed_text) > 30 else text == listed_text


def inside(inner, outer):
    return inner[0] == outer[0] and outer[1] <= inner[1] and inner[2] <= outer[2]


def check_lines():
    """What is listed has to be there, and its region has to begin in that line or go on from it."""
    gone = []
    for entry in listed():
        path = os.path.join(ROOT, entry[0])
        lines = [line.strip() for line in open(path).read().split("\n")] if os.path.exists(path) else []
        if entry[1] not in lines:
            gone.append(f"`unreached` names what is not there: {' | '.join(entry)}")
    print("\n".join(gone), end="\n" if gone else "")
    return 1 if gone else 0


def main():
    if sys.argv[1:] == ["--lines"]:
        return check_lines()
    wanted = {os.path.normpath(name) for name in sys.argv[2:]}
    counts = regions(sys.argv[1], wanted)
    sources = Sources()
    entries = listed()
    used, excused, wrong = set(), set(), []
    for place, count in counts.items():
        text = sources.text(place)
        for entry in entries:
            if entry[0] != place[0] or entry[1] != sources.line(place) or not begins(text, entry[2]):
                continue
            used.add(entry)
            if count > 0:
                wrong.append(f"{place[0]}:{place[1][0]} is listed in `unreached` and was reached: {text[:80]}")
            else:
                excused.add(place)
    missed = {place for place, count in counts.items() if count == 0}
    excused |= {place for place in missed if any(inside(place, outer) for outer in excused)}
    by_file = collections.defaultdict(lambda: [0, 0, 0])
    for place in counts:
        row = by_file[place[0]]
        row[0] += 1
        row[1] += place in missed
        row[2] += place in excused
    for name in sorted(by_file):
        total, gone, known = by_file[name]
        print(f"{name:50} {total:5} regions {gone - known:4} missed {known:4} out of reach {100 * (total - gone) / (total - known):7.1f} %")
    total, gone, known = (sum(row[i] for row in by_file.values()) for i in range(3))
    for place in sorted(missed - excused):
        if not any(place != outer and inside(place, outer) for outer in missed - excused):
            print(f"missed {place[0]}:{place[1][0]}: {sources.text(place)[:110]}")
    for entry in entries:
        if entry not in used:
            wrong.append(f"`unreached` names what is not there: {' | '.join(entry)}")
    print("\n".join(wrong), end="\n" if wrong else "")
    print(f"{total} regions: {total - gone} reached ({100 * (total - gone) / total:.1f} %), {known} out of reach, "
          f"{gone - known} missed; of those within reach {100 * (total - gone) / (total - known):.1f} % are reached")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
