"""rounds.py - runs the load generator against servers in turns, and makes ratios of what it says.

A round is one run against each server, one right after the other, so that a noisy moment of the machine
meets them all; a ratio is made within a round, and the median of the rounds is what counts.
"""

import json
import os
import statistics
import subprocess

import started

# The first and the last that we may use: one and the same where there is no other.
SERVER_CPU, LOAD_CPU = (pick(os.sched_getaffinity(0)) for pick in (min, max))


def run_load(build, server, connections, events, *options, sleeps=False):
    """One run: what `load` has printed, as a dictionary. A wrong answer ends the program.

    Its connections are made, and used twice, before figures are taken: a gateway's are pooled.
    It looks for answers all the time, as a busy gateway, where it has a processor of its own; else, or if it
    `sleeps`, the server wakes it.
    """
    words = [os.path.join(build, "tests", "bench", "load"), "--socket", server.socket,
             "--plugin", server.plugin, "--protocol", server.protocol, "--pid", str(server.pid),
             "--connections", str(connections), "--events", str(events),
             "--warm", str(2 * connections), *options]
    if LOAD_CPU != SERVER_CPU:
        words = ["taskset", "-c", str(LOAD_CPU), *words, *([] if sleeps else ["--busy"])]
    run = started.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if run.returncode:
        raise SystemExit("bench: %s at %d in flight: %s" % (server.name, connections, run.stderr))
    return json.loads(run.stdout.splitlines()[-1])


def events_for(build, server, connections, seconds, how):
    """How many events take about so long: from a short run, which also warms the server up."""
    tried = max(200, connections * 4)
    rate = run_load(build, server, connections, tried, "--steps", "2", *how)["per_second"]
    return max(tried, int(rate * seconds))


def measure(options, servers, in_flight, how=()):
    """{(server's name, in flight): [a run's figures, ...]}, a run for each round, `how` being more options of `load`."""
    build = options.build
    counts = {(s.name, n): 200 if options.seconds == 0 else events_for(build, s, n, options.seconds, how)
              for s in servers for n in in_flight}
    figures = {key: [] for key in counts}
    for turn in range(options.rounds):
        started.say("round %d of %d" % (turn + 1, options.rounds))
        for n in in_flight:
            for i in range(len(servers)):
                server = servers[(i + turn) % len(servers)]
                key = (server.name, n)
                figures[key].append(run_load(build, server, n, counts[key], "--steps", "2", *how,
                                             sleeps=options.sleeping))
    return figures


def ratio(figures, what, over, under, n):
    """(median, least, most) of over's figure to under's, made in each round."""
    pairs = zip(figures[(over, n)], figures[(under, n)])
    ratios = [a[what] / b[what] for a, b in pairs if b[what]]
    if not ratios:
        return None
    return statistics.median(ratios), min(ratios), max(ratios)


def median(figures, what, name, n):
    """The median over the rounds."""
    return statistics.median(run[what] for run in figures[(name, n)])
