"""instructions.py - instructions that an event takes, counted by valgrind's callgrind: the figure without noise.

Only what runs in the server's own process counts, not what the kernel does for it.
"""

import re
import shutil

import rounds
import servers
import started

# The traces that LuaJIT makes of a program's first thousands of events are in both.
FEW, MANY = 4000, 16000


def count(options, language, protocol, events):
    """All instructions of a server that is started, serves so many events and ends."""
    with servers.outrigger(options.build, language, protocol, "--single", under=(
            "valgrind", "--tool=callgrind", "--callgrind-out-file=@PREFIX@/callgrind")) as server:
        rounds.run_load(options.build, server, 16, events, "--steps", "2")
        server.end()
        return int(re.search(r"Collected : (\d+)", server.log()).group(1))


def measure(options):
    """{server: instructions an event}; {} where valgrind is missing."""
    if not shutil.which("valgrind"):
        started.say("no instructions: valgrind is not installed")
        return {}
    found = {}
    for language in ("lua", "c"):
        for protocol in ("msgpack", "protobuf"):
            name = "outrigger-%s-%s" % (language, protocol)
            started.say("instructions of " + name)
            few, many = (count(options, language, protocol, n) for n in (FEW, MANY))
            found[name] = (many - few) / (MANY - FEW)
    return found


def table(found):
    """As Markdown."""
    if not found:
        return ""
    return "\n".join(["| instructions an event | 16 in flight |", "|---|---|"] + [
        "| %s | %.0f |" % item for item in found.items()])
