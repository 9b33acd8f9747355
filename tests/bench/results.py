"""results.py - the figures and tables of a run; written after each part, so that a later one's failure loses nothing."""

import json
import os
import sys

import machine

QUICK = "**These figures mean nothing**: `--quick` shows only that everything works."


class Results:
    """What was measured so far, in OUT/bench.json and OUT/bench.md. Files of a run before go at once."""

    def __init__(self, options):
        self.folder = options.out
        facts = machine.facts(options)
        self.raw = {"machine": facts, "run": {
            name: getattr(options, name) for name in ("rounds", "seconds", "sleeping", "quick")}}
        self.text = ""
        if os.path.exists(self.path("bench.svg")):
            os.remove(self.path("bench.svg"))
        self._tell(machine.describe(facts) + ("\n\n" + QUICK if options.quick else ""))

    def path(self, name):
        """Of a file of the run."""
        return os.path.join(self.folder, name)

    def add(self, part, raw, text):
        """A part's figures, and its tables as Markdown."""
        self.raw[part] = raw
        self._tell(text)

    def _tell(self, text):
        text = ("\n" if self.text else "") + text.strip("\n") + "\n"
        self.text += text
        self._write("bench.json", json.dumps(self.raw, indent=1) + "\n")
        self._write("bench.md", self.text)
        sys.stdout.write(text)
        sys.stdout.flush()

    def _write(self, name, text):
        # Renamed when it is whole: a signal may come in between.
        with open(self.path(name + ".new"), "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(self.path(name + ".new"), self.path(name))
