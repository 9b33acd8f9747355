"""table.py - the comparisons that the benchmark prints: what over what, and the figure to reach."""

import statistics

import rounds

LUA_MP, LUA_PB = "outrigger-lua-msgpack", "outrigger-lua-protobuf"
C_MP, C_PB = "outrigger-c-msgpack", "outrigger-c-protobuf"
LIMIT_MP, LIMIT_PB = "limit-msgpack", "limit-protobuf"
PYTHON, PYTHON_ASYNC, JAVASCRIPT = "outrigger-python", "outrigger-python-async", "outrigger-javascript"
RATE, CPU, P99 = "per_second", "server_us_per_event", "p99_us"

# (title, figure, over, under, at least or at most, the figures to reach at 1, 16 and 256 in flight)
ROWS = (
    ("events/s: MsgPack, Lua / limit", RATE, LUA_MP, LIMIT_MP, ">=", (0.9, 0.9, 0.9)),
    ("events/s: ProtoBuf, Lua / limit", RATE, LUA_PB, LIMIT_PB, ">=", (1.3, 1.1, 1.1)),
    ("events/s: MsgPack, C / Lua", RATE, C_MP, LUA_MP, ">=", (1, 1, 1)),
    ("events/s: ProtoBuf, C / Lua", RATE, C_PB, LUA_PB, ">=", (1, 1, 1)),
    ("processor: MsgPack, Lua / limit", CPU, LUA_MP, LIMIT_MP, "<=", (1.5, 1.5, 1.5)),
    ("processor: ProtoBuf, Lua / limit", CPU, LUA_PB, LIMIT_PB, "<=", (1.3, 1.3, 1.3)),
    ("processor: MsgPack, C / Lua", CPU, C_MP, LUA_MP, "<=", (1, 1, 1)),
    ("processor: ProtoBuf, C / Lua", CPU, C_PB, LUA_PB, "<=", (1, 1, 1)),
    ("p99: MsgPack, Lua / limit", P99, LUA_MP, LIMIT_MP, "<=", (1.5, 1.5, 1.5)),
    ("p99: ProtoBuf, Lua / limit", P99, LUA_PB, LIMIT_PB, "<=", (1.5, 1.5, 1.5)),
    ("events/s: ProtoBuf / go-pdk", RATE, LUA_PB, "go-pdk", ">=", (1.6, 2.5, 2.5)),
    ("events/s: MsgPack / kong-js-pdk", RATE, LUA_MP, "kong-js-pdk", ">=", (2.3, 5, 6)),
    ("events/s: MsgPack / kong-python-pdk", RATE, LUA_MP, "kong-python-pdk", ">=", (5, 15, 15)),
    ("processor: ProtoBuf / go-pdk", CPU, LUA_PB, "go-pdk", "<=", (0.4, 0.4, 0.4)),
    ("processor: MsgPack / kong-js-pdk", CPU, LUA_MP, "kong-js-pdk", "<=", (0.2, 0.16, 0.16)),
    ("processor: MsgPack / kong-python-pdk", CPU, LUA_MP, "kong-python-pdk", "<=",
     (0.08, 0.05, 0.05)),
    ("processor: a program in Python / kong-python-pdk", CPU, PYTHON, "kong-python-pdk", "<=", (1, 1, 1)),
    ("... of coroutines / kong-python-pdk", CPU, PYTHON_ASYNC, "kong-python-pdk", "<=", (1, 1, 1)),
    ("processor: a program in JavaScript / kong-js-pdk", CPU, JAVASCRIPT, "kong-js-pdk", "<=", (1, 1, 1)),
)
REMOTE = (PYTHON, PYTHON_ASYNC, JAVASCRIPT)
IN_FLIGHT = (1, 16, 256)


def cell(figures, row, column):
    """One ratio with its spread, and whether it reaches the figure; "" where it was not measured."""
    _, what, over, under, sense, wanted = row
    n = IN_FLIGHT[column]
    if not figures.get((over, n)) or not figures.get((under, n)):
        return ""
    found = rounds.ratio(figures, what, over, under, n)
    if not found:
        return ""
    reached = found[0] >= wanted[column] if sense == ">=" else found[0] <= wanted[column]
    return "%.2f (%.2f-%.2f) %s" % (*found, "" if reached else "!")


def ratios(figures):
    """The table of ratios, as Markdown."""
    lines = ["| ratio | wanted | %s |" % " | ".join("%d in flight" % n for n in IN_FLIGHT),
             "|---|---|%s" % ("---|" * len(IN_FLIGHT))]
    for row in ROWS:
        cells = [cell(figures, row, i) for i in range(len(IN_FLIGHT))]
        if any(cells):
            wanted = "%s %s" % (row[4], ", ".join("%g" % w for w in row[5]))
            lines.append("| %s | %s | %s |" % (row[0], wanted, " | ".join(cells)))
    return "\n".join(lines)


def absolutes(figures):
    """What was measured, as Markdown: events a second / us of processor an event / p99 in us / MiB."""
    names = list(dict.fromkeys(name for name, _ in figures))
    numbers = sorted({n for _, n in figures})
    lines = ["| events/s, server us/event, p99 us, MiB | %s |" %
             " | ".join("%d in flight" % n for n in numbers), "|---|%s" % ("---|" * len(numbers))]
    for name in names:
        cells = ["%.0f, %.1f, %.0f, %.1f" % (
            rounds.median(figures, RATE, name, n), rounds.median(figures, CPU, name, n),
            rounds.median(figures, P99, name, n), rounds.median(figures, "pss_kb", name, n) / 1024)
                 for n in numbers]
        lines.append("| %s | %s |" % (name, " | ".join(cells)))
    return "\n".join(lines)


def links(figures):
    """What a program of its own costs more than Lua in the worker, as Markdown; made in each round."""
    lines = ["| processor us an event, more than Lua | %s |" % " | ".join("%d in flight" % n for n in IN_FLIGHT),
             "|---|%s" % ("---|" * len(IN_FLIGHT))]
    for name in REMOTE:
        if (name, IN_FLIGHT[0]) in figures:
            more = [sorted(a[CPU] - b[CPU] for a, b in zip(figures[(name, n)], figures[(LUA_MP, n)])) for n in IN_FLIGHT]
            lines.append("| %s | %s |" % (name, " | ".join(
                "%.0f (%.0f-%.0f)" % (statistics.median(row), row[0], row[-1]) for row in more)))
    return "\n".join(lines)


def report(figures):
    """All of them."""
    return "\n\n".join(["A ratio is the median of the rounds, with the least and the most; \"!\" marks one that misses "
                        "its figure.", ratios(figures), absolutes(figures), links(figures)])
