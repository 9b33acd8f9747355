"""curves.py - how cost grows: with events in flight, calls, bodies, instances, connections, workers.

Each point is the median of a few rounds of processor time and rate; the server is started anew for
each curve.
"""

import statistics
import time

import rounds
import servers

MANY = 20000
IDS_SECONDS = 120
# ProtoBuf:1 has no word for it: the connection ends.
TOO_FAST = {"msgpack": "takes ids too fast", "protobuf": "the server closed a connection"}


def in_flight(options, server):
    """Events in flight, on as many connections."""
    for n in (1, 4, 16, 64, 256, 1024, 4096):
        yield n, run(options, server, n, MANY)


def calls(options, server):
    """PDK calls of an event."""
    for n in (0, 1, 2, 4, 8, 16, 32):
        yield n, run(options, server, 16, MANY // 2, "--conf", '{"calls":%d}' % n)


def bodies(options, server):
    """Bytes of a body that the handler reads."""
    for n in (0, 1 << 10, 1 << 14, 1 << 18, 1 << 20, 1 << 22, 1 << 24):
        events = max(8, min(MANY, (1 << 28) // (n + (1 << 14))))
        yield n, run(options, server, 2, events, "--conf", '{"calls":0,"body":true}', "--body",
                     str(n))


def instances(options, server):
    """Instances that events take turns on."""
    for n in (1, 10, 100, 1000, 10000, 100000):
        start_instances(options, server, n)
        yield n, run(options, server, 16, max(MANY, 2 * n), "--instances", str(n))


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
        yield n, run(options, server, 16, MANY, "--idle", str(n), "--warm", str(MANY + 5 * n))


def workers(options, protocol):
    """Workers of the plugin's group, on all processors; 64 events in flight."""
    for n in (1, 2, 4):
        server = servers.outrigger(options.build, "lua", protocol, "--workers", str(n))
        try:
            yield n, run(options, server, 64, MANY, sleeps=True)
        finally:
            server.stop()


# The load is one process, which may have three quarters of the connections.
ROOM = ("--max-connections", "16384")
CURVES = (
    ("events in flight", in_flight, ROOM),
    ("PDK calls", calls, ()),
    ("body, bytes", bodies, ("--max-body-size", "32m")),
    ("instances", instances, ("--max-instances", "200000")),
    ("idle connections", connections, ROOM),
)


def run(options, server, connections_, events, *more, sleeps=False):
    """(events a second, us of processor, p99 in us, KiB) of one point."""
    runs = [rounds.run_load(options.build, server, connections_, events, *more, sleeps=sleeps)
            for _ in range(3)]
    return [statistics.median(r[what] for r in runs)
            for what in ("per_second", "server_us_per_event", "p99_us", "pss_kb")]


def curve(options, points, more, protocol):
    """[(x, figures)]"""
    server = servers.outrigger(options.build, "lua", protocol, *more)
    try:
        server.pin(rounds.SERVER_CPU)
        return list(points(options, server))
    finally:
        server.stop()


def measure(options):
    """{title: {protocol: [(x, figures)]}}"""
    grown = {title: {protocol: curve(options, points, more, protocol)
                     for protocol in ("msgpack", "protobuf")}
             for title, points, more in CURVES}
    grown["workers"] = {protocol: list(workers(options, protocol))
                        for protocol in ("msgpack", "protobuf")}
    return grown


def table(grown):
    """As Markdown."""
    lines = []
    for title, protocols in grown.items():
        lines += ["", "| %s | %s |" % (title, " | ".join(
            "%s: events/s, us/event, p99 us, KiB" % p for p in protocols)), "|---|---|---|"]
        for points in zip(*protocols.values()):
            lines.append("| %d | %s |" % (points[0][0], " | ".join(
                "%.0f, %.1f, %.0f, %.0f" % tuple(figures) for _, figures in points)))
    return "\n".join(lines)
