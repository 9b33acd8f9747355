"""sizes.py - files and functions stay small: .c 600 lines, .h 120, a function 80.

Of all functions together half have at most 12 lines and nine in ten at most 40.
"""
import json
import os
import subprocess

import tree

FILE_LIMITS = {".c": 600, ".h": 120}
FUNCTION_LIMIT = 80
MEDIAN_LIMIT = 12
P90_LIMIT = 40


def check_files(paths):
    for path in paths:
        limit = FILE_LIMITS[path[-2:]]
        lines = tree.read(path).count("\n")
        if lines > limit:
            yield "%s: %d lines, at most %d are allowed" % (path, lines, limit)


def functions(paths):
    """(path, name, lines) of every function, by universal-ctags."""
    run = subprocess.run(
        ["ctags", "--output-format=json", "--languages=C", "--langmap=C:.c.h", "--kinds-C=f",
         "--fields=+ne", "-f", "-", "-L", "-"], cwd=tree.ROOT, check=True, text=True,
        input="\n".join(paths), stdout=subprocess.PIPE)
    tags = [json.loads(line) for line in run.stdout.splitlines()]
    return [(t["path"], t["name"], t["end"] - t["line"] + 1) for t in tags if "end" in t]


def check_functions(found):
    for path, name, lines in found:
        if lines > FUNCTION_LIMIT:
            yield "%s: %s has %d lines, at most %d are allowed" % (path, name, lines, FUNCTION_LIMIT)


def check_distribution(found):
    lengths = sorted(lines for path, _, lines in found if not path.startswith("tests" + os.sep))
    if not lengths:
        return
    for part, limit in ((0.5, MEDIAN_LIMIT), (0.9, P90_LIMIT)):
        length = lengths[min(len(lengths) - 1, int(len(lengths) * part))]
        print("%d%% of %d functions have at most %d lines" % (part * 100, len(lengths), length))
        if length > limit:
            yield "%d%% of the functions should have at most %d lines" % (part * 100, limit)


sources = tree.files(".c", ".h", under=tree.SOURCE_DIRS)
everything = functions(sources + tree.files(".c", ".h", under=("tests", "examples")))
tree.report([*check_files(sources), *check_functions(everything),
             *check_distribution(everything)])
