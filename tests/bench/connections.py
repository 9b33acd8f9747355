"""connections.py - what it costs when an event's calls do not all come by one connection that there was already.

A gateway takes a connection from its pool for each call over MsgPack, and gives it back after the answer; what does not
fit into the pool is closed, and made anew when it is needed. So a call may come by another connection than the one
before ("rotate"), or an event by a connection of its own ("fresh"). ProtoBuf's events keep theirs.
"""

import functools

import rounds
import servers
import started
import table

ROTATE, FRESH = "each call by another connection", "a new connection for each event"
OPTIONS = {ROTATE: ("--rotate",), FRESH: ("--fresh",)}
# (title, figure, over, under), for each way that both have
ROWS = (
    ("events/s: MsgPack, Lua / limit", table.RATE, table.LUA_MP, table.LIMIT_MP),
    ("processor: MsgPack, Lua / limit", table.CPU, table.LUA_MP, table.LIMIT_MP),
    ("processor: ProtoBuf, Lua / limit", table.CPU, table.LUA_PB, table.LIMIT_PB),
    ("events/s: ProtoBuf / go-pdk", table.RATE, table.LUA_PB, "go-pdk"),
    ("events/s: MsgPack / kong-js-pdk", table.RATE, table.LUA_MP, "kong-js-pdk"),
    ("events/s: MsgPack / kong-python-pdk", table.RATE, table.LUA_MP, "kong-python-pdk"),
    ("processor: ProtoBuf / go-pdk", table.CPU, table.LUA_PB, "go-pdk"),
    ("processor: MsgPack / kong-js-pdk", table.CPU, table.LUA_MP, "kong-js-pdk"),
    ("processor: MsgPack / kong-python-pdk", table.CPU, table.LUA_MP, "kong-python-pdk"),
)


def makers(options):
    """A function for each server that takes part."""
    for protocol in ("msgpack", "protobuf"):
        yield functools.partial(servers.limit, options.build, protocol)
        yield functools.partial(servers.outrigger, options.build, "lua", protocol)
    yield from servers.peers(options)


def ways_of(server):
    """What its protocol allows."""
    return (ROTATE, FRESH) if server.protocol == "msgpack" else (FRESH,)


def measure_way(options, running, way):
    """[{"way", "server", "in_flight", "runs"}]"""
    started.say(way)
    able = [server for server in running if way in ways_of(server)]
    figures = rounds.measure(options, able, table.IN_FLIGHT, OPTIONS[way])
    return [{"way": way, "server": name, "in_flight": n, "runs": runs} for (name, n), runs in figures.items()]


def measure(options):
    """Both ways."""
    with started.ending():
        running = [make() for make in makers(options)]
        for server in running:
            server.pin(rounds.SERVER_CPU)
        return [row for way in OPTIONS for row in measure_way(options, running, way)]


def absolutes(figures):
    """Of one way, as lines of Markdown."""
    for name in dict.fromkeys(name for name, _ in figures):
        yield name, ["%.0f, %.1f, %.0f" % tuple(rounds.median(figures, what, name, n)
                                                for what in (table.RATE, table.CPU, table.P99)) for n in table.IN_FLIGHT]


def ratios(figures):
    """The same of what there is a pair for."""
    for title, what, over, under in ROWS:
        found = [rounds.ratio(figures, what, over, under, n) for n in table.IN_FLIGHT
                 if (over, n) in figures and (under, n) in figures]
        if found and all(found):
            yield title, ["%.2f (%.2f-%.2f)" % ratio for ratio in found]


def report(found):
    """As Markdown: for each way the figures, and what is over what."""
    lines = []
    for way in OPTIONS:
        figures = {(row["server"], row["in_flight"]): row["runs"] for row in found if row["way"] == way}
        lines += ["", "| %s: events/s, server us/event, p99 us; ratios | %s |" % (
            way, " | ".join("%d in flight" % n for n in table.IN_FLIGHT)), "|---|%s" % ("---|" * len(table.IN_FLIGHT))]
        lines += ["| %s | %s |" % (name, " | ".join(cells)) for part in (absolutes, ratios)
                  for name, cells in part(figures)]
    return "\n".join(lines)
