"""instructions.py - instructions that an event takes, counted by valgrind's callgrind: the figure without noise.

Only what runs in the server's own process counts, not what the kernel does for it.
"""

import os
import re
import shutil

import rounds
import servers

# The traces that LuaJIT makes of a program's first thousands of events are in both.
FEW, MANY = 4000, 16000


def count(options, language, protocol, events):
    """All instructions of a server that is started, serves so many events and ends."""
    server = servers.outrigger(options.build, language, protocol, "--single", under=(
        "valgrind", "--tool=callgrind", "--callgrind-out-file=@PREFIX@/callgrind"))
    try:
        rounds.run_load(options.build, server, 16, events, "--steps", "2")
        server.end()
        with open(os.path.join(server.prefix, "stderr"), encoding="utf-8") as log:
            return int(re.search(r"Collected : (\d+)", log.read()).group(1))
    finally:
        server.stop()


def measure(options):
    """{(language, protocol): instructions an event}; None where valgrind is missing."""
    if not shutil.which("valgrind"):
        return None
    found = {}
    for language in ("lua", "c"):
        for protocol in ("msgpack", "protobuf"):
            few, many = (count(options, language, protocol, n) for n in (FEW, MANY))
            found["outrigger-%s-%s" % (language, protocol)] = (many - few) / (MANY - FEW)
    return found


def table(found):
    """As Markdown."""
    return "\n".join(["| instructions an event | 16 in flight |", "|---|---|"] + [
        "| %s | %.0f |" % item for item in found.items()])
