"""train.py - has a program that writes a profile (OUTRIGGER_PROFILE=make) serve the load of the benchmark.

usage: train.py BUILD
"""

import os
import sys

import rounds
import servers
import started
import table

EVENTS = 10000
TWO_CALLS = ("--steps", "2")
KINDS = {"c": (TWO_CALLS,),
         "lua": (TWO_CALLS, ("--conf", '{"calls":8}', "--steps", "8"), ("--conf", '{"calls":0,"body":true}', "--body", "16384"))}
# A worker that is confined can't write it.
OPEN = ("--seccomp", "off", "--landlock", "off")


def serve(build, language, protocol):
    """One server, from its start to its end, at which it writes."""
    with servers.outrigger(build, language, protocol, *OPEN) as server:
        for in_flight in table.IN_FLIGHT:
            for kind in KINDS[language]:
                rounds.run_load(build, server, in_flight, EVENTS, *kind)


def main():
    """All that the benchmark compares."""
    build = os.path.abspath(sys.argv[1])
    started.heed_signals()
    with started.ending():
        for language in KINDS:
            for protocol in ("msgpack", "protobuf"):
                serve(build, language, protocol)


if __name__ == "__main__":
    main()
