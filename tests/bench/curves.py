"""curves.py - how cost grows: with events in flight, calls, bodies, instances, connections, workers.

Each point is the median of a few runs; the server is started anew for each curve. Server and load have a processor
each, but for workers, which have all: there the load sleeps, since it would take one of them away.
"""

import functools
import itertools
import statistics
import time

import rounds
import servers
import started

MANY, FEW = 20000, 200
RUNS = 3
# Of each curve, where figures don't matter.
QUICK_POINTS = 3
COLUMNS = ("per_second", "server_us_per_event", "p99_us", "pss_kb")
# get_header and set_header.
BOTH_CALLS = ("--steps", "2")
IDS_SECONDS = 120
# ProtoBuf:1 has no word for it: the connection ends.
TOO_FAST = {"msgpack": "takes ids too fast", "protobuf": "the server closed a connection"}


def in_flight(options, server):
    """Events in flight, on as many connections."""
    for n in (1, 4, 16, 64, 256, 1024, 4096):
        yield n, run(options, server, n, MANY, *BOTH_CALLS)


def calls(options, server):
    """PDK calls of an event."""
    for n in (0, 1, 2, 4, 8, 16, 32):
        yield n, run(options, server, 16, MANY // 2, "--conf", '{"calls":%d}' % n, "--steps", str(n))


def bodies(options, server):
    """Bytes of a body that the handler reads."""
    for n in (0, 1 << 10, 1 << 14, 1 << 18, 1 << 20, 1 << 22, 1 << 23, 1 << 24):
        events = max(8, min(MANY, (1 << 28) // (n + (1 << 14))))
        yield n, run(options, server, 2, events, "--conf", '{"calls":0,"body":true}', "--body", str(n))


def instances(options, server):
    """Instances that events take turns on."""
    for n in (1, 10, 100, 1000, 10000, 100000):
        start_instances(options, server, n)
        yield n, run(options, server, 16, max(MANY, 2 * n), "--instances", str(n), *BOTH_CALLS)


def start_instances(options, server, n):
    """A worker is given 65,536 ids at once, then 1,024 a second (ADR 15): where more are asked for it refuses, and is asked
    again. What has started stays, and so do the processes."""
    end, processes = time.monotonic() + IDS_SECONDS, servers.tree(server.pid)
    while True:
        try:
            rounds.run_load(options.build, server, 16, MANY, "--instances", str(n))
            return
        except SystemExit as error:
            is_refused = TOO_FAST[server.protocol] in str(error) and servers.tree(server.pid) == processes
            if not is_refused or time.monotonic() > end:
                raise
        time.sleep(1)


def connections(options, server):
    """Open connections, of which 16 are in use, once the server has let all of them in."""
    for n in (1, 100, 1000, 10000):
        yield n, run(options, server, 16, MANY, "--idle", str(n), "--warm", str(MANY + 5 * n), *BOTH_CALLS)


def workers(options, protocol):
    """Workers of the plugin's group, on all processors; 64 events in flight."""
    for n in (1, 2, 4):
        with servers.outrigger(options.build, "lua", protocol, "--workers", str(n)) as server:
            yield n, run(options, server, 64, MANY, *BOTH_CALLS, sleeps=True)


# The load is one process, which may have three quarters of the connections.
ROOM = ("--max-connections", "16384")
CURVES = (
    ("events in flight", in_flight, ROOM),
    ("PDK calls", calls, ()),
    ("body, bytes", bodies, ("--max-body-size", "32m")),
    ("instances", instances, ("--max-instances", "200000")),
    ("idle connections", connections, ROOM),
)


WORKERS = "workers (on all processors; the load sleeps)"


def run(options, server, in_flight_, events, *more, sleeps=False):
    """What `load` has said of each run of one point."""
    if options.quick:
        events = min(events, FEW)
    return [rounds.run_load(options.build, server, in_flight_, events, *more, sleeps=sleeps or options.sleeping)
            for _ in range(1 if options.quick else RUNS)]


def take(options, points):
    """[{"x": x, "runs": runs}] of points as they are measured."""
    if options.quick:
        points = itertools.islice(points, QUICK_POINTS)
    return [{"x": x, "runs": runs} for x, runs in points]


def curve(options, points, more, protocol):
    """That of one server."""
    with servers.outrigger(options.build, "lua", protocol, *more) as server:
        server.pin(rounds.SERVER_CPU)
        return take(options, points(options, server))


def both(title, curve_of):
    """{protocol: its curve}"""
    started.say("curve: " + title)
    return {protocol: curve_of(protocol) for protocol in ("msgpack", "protobuf")}


def measure(options):
    """{title: {protocol: [{"x": x, "runs": runs}]}}"""
    grown = {title: both(title, functools.partial(curve, options, points, more))
             for title, points, more in CURVES}
    grown[WORKERS] = both(WORKERS, lambda protocol: take(options, workers(options, protocol)))
    return grown


def cell(runs):
    """The medians of a point."""
    return "%.0f, %.1f, %.0f, %.0f" % tuple(statistics.median(r[what] for r in runs) for what in COLUMNS)


def table(grown):
    """As Markdown."""
    lines = []
    for title, protocols in grown.items():
        lines += ["", "| %s | %s |" % (title, " | ".join(
            "%s: events/s, us/event, p99 us, KiB" % p for p in protocols)), "|---|---|---|"]
        for points in zip(*protocols.values()):
            lines.append("| %d | %s |" % (points[0]["x"], " | ".join(cell(point["runs"]) for point in points)))
    return "\n".join(lines)
