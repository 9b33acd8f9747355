"""soak.py - memory and descriptors stay flat over many events that end in every way.

usage: soak.py OUTRIGGER LOAD [EVENTS]

A tenth of the events leave by exit, a twentieth raise; of one in forty the gateway never answers a
step, of another it closes the connection in the middle. The events are run in twenty rounds; after the
first five, which warm caches and pools up, proportional memory may grow by 5 %, descriptors not at all.
Events that the gateway has left are kept for a second, so memory goes with the rate of events: that is fixed.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

ROUNDS = 20
WARM_UP = 5
GROWTH = 1.05
RATE = 6000  # events a second
PLUGINS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "plugins")


def start(outrigger, prefix):
    """The server and its socket, once it accepts."""
    server = subprocess.Popen(
        [outrigger, "serve", "--prefix", prefix, "--plugins-dir", PLUGINS, "--plugin", "soak",
         "--step-timeout", "1s", "--log", os.path.join(prefix, "log"), "--log-level", "error"],
        stdin=subprocess.DEVNULL)
    socket = os.path.join(prefix, "soak.socket")
    end = time.monotonic() + 30
    while not os.path.exists(socket):
        if server.poll() is not None or time.monotonic() > end:
            sys.exit("soak: outrigger did not start")
        time.sleep(0.01)
    return server, socket


def rounds(load, server, socket, events):
    """[(pss_kb, descriptors)] after each round; ends the program on a wrong answer."""
    command = [load, "--socket", socket, "--plugin", "soak", "--events", str(events // ROUNDS),
               "--rounds", str(ROUNDS), "--pid", str(server.pid), "--rate", str(RATE), "--mix"]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    sys.stdout.write(run.stdout)
    if run.returncode:
        sys.exit("soak: the load generator failed")
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    return [(line["pss_kb"], line["descriptors"]) for line in lines]


def judge(figures):
    """Compares the highest figure of the first rounds after the warm-up with the last ones."""
    warm, last = figures[WARM_UP:WARM_UP + 5], figures[-5:]
    before, after = (max(pss for pss, _ in part) for part in (warm, last))
    fds_before, fds_after = (max(fds for _, fds in part) for part in (warm, last))
    print("soak: memory %d KiB, then %d KiB (%+.1f %%); descriptors %d, then %d" %
          (before, after, (after / before - 1) * 100, fds_before, fds_after))
    return 0 if after <= before * GROWTH and fds_after <= fds_before else 1


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    events = int(sys.argv[3]) if len(sys.argv) > 3 else 1000000
    with tempfile.TemporaryDirectory(prefix="outrigger-soak.") as prefix:
        server, socket = start(sys.argv[1], prefix)
        try:
            figures = rounds(sys.argv[2], server, socket, events)
        finally:
            server.terminate()
            status = server.wait(timeout=60)
    if status:
        sys.exit("soak: outrigger ended with %d" % status)
    sys.exit(judge(figures))


if __name__ == "__main__":
    main()
