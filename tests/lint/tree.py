"""tree.py - which files the rules look at, and how a rule reports."""
import os
import sys

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
SOURCE_DIRS = ("protocol", "pdk-bridge", "plugins", "server")
SKIPPED_DIRS = {".git", "build", "__pycache__", ".cache", "corpus"}


def files(*suffixes, under=("",)):
    """Paths relative to the root, sorted; all files if no suffix is given."""
    found = []
    for start in under:
        for folder, dirs, names in os.walk(os.path.join(ROOT, start)):
            dirs[:] = [d for d in dirs if d not in SKIPPED_DIRS]
            found += [os.path.relpath(os.path.join(folder, n), ROOT) for n in names if n not in SKIPPED_DIRS]
    return sorted(f for f in found if not suffixes or f.endswith(suffixes))


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def report(problems):
    """Prints what is wrong and ends the program."""
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
