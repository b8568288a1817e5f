"""Prints the files of a libFuzzer merge that reach most: those called seed-NAME, which somebody wrote, and then each
time the one with most edges that none before it reaches.

usage: cover.py CONTROL_FILE MAXIMUM_FILES
"""

import os
import sys


def main(control, maximum):
    with open(control, encoding="utf-8") as lines:
        rows = lines.read().splitlines()
    names = rows[2 : 2 + int(rows[0])]
    edges, sizes = {}, {}
    for row in rows[2 + len(names) :]:
        word, index, *values = row.split()
        if word == "STARTED":
            sizes[int(index)] = int(values[0])
        elif word == "COV":
            edges[int(index)] = {int(value) for value in values}
    seen = set()
    seeds = [index for index in edges if os.path.basename(names[index]).startswith("seed-")]
    for index in seeds:
        seen |= edges.pop(index)
        print(names[index])
    for _ in range(maximum - len(seeds)):
        best = max(edges, key=lambda index: (len(edges[index] - seen), -sizes[index]), default=None)
        if best is None or not edges[best] - seen:
            break
        seen |= edges.pop(best)
        print(names[best])


main(sys.argv[1], int(sys.argv[2]))
