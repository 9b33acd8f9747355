"""text.py - plain text rules: no trailing blanks, a newline at the end, no path of one machine."""
import re

import tree

# Written so that this file does not match itself.
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:wor[k]|roo[t]|tmp/bash_job[s]|home/[a-z]+[/])\b")
SKIPPED = (".jsonl", ".png", ".bin", ".pyc")


def check(path):
    try:
        text = tree.read(path)
    except UnicodeDecodeError:
        yield "%s: not UTF-8" % path
        return
    if text and not text.endswith("\n"):
        yield "%s: no newline at the end" % path
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            yield "%s:%d: blanks at the end of the line" % (path, number)
        if MACHINE_PATH.search(line):
            yield "%s:%d: a path of somebody's machine" % (path, number)


tree.report([p for f in tree.files() if not f.endswith(SKIPPED) for p in check(f)])
