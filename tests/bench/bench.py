"""bench.py - how fast plugin servers are, as ratios between them measured in one run.

usage: bench.py [OPTIONS]       bench.py --help lists them
"""

import functools

import connections
import curves
import footprint
import http_bench
import instructions
import options as command_line
import plot
import results
import rounds
import servers
import started
import table

# {name: (what is said of it, its figures, their tables)}
PARTS = {
    "connections": ("ways of using connections", connections.measure, connections.report),
    "http": ("whole requests", http_bench.measure, http_bench.table),
    "instructions": ("instructions an event", instructions.measure, instructions.table),
    "footprint": ("footprint", footprint.measure, footprint.table),
    "curves": ("curves", curves.measure, curves.table),
}


def makers(options):
    """A function for each server that takes part."""
    build = options.build
    yield functools.partial(servers.limit, build, "msgpack")
    yield functools.partial(servers.limit, build, "protobuf")
    for language in ("lua", "c"):
        for protocol in ("msgpack", "protobuf"):
            yield functools.partial(servers.outrigger, build, language, protocol)
    for language in servers.REMOTE:
        missing = servers.missing_for(language)
        if missing:
            started.say("no plugin in %s: %s" % (language, missing))
        else:
            yield functools.partial(servers.outrigger_remote, build, language)
    yield from servers.peers(options)


def measure_conversation(options):
    """The figures of get_header and set_header, for each server and number in flight."""
    with started.ending():
        running = [make() for make in makers(options)]
        for server in running:
            server.pin(rounds.SERVER_CPU)
        return rounds.measure(options, running, table.IN_FLIGHT)


def converse(options, found):
    """That part, with its picture."""
    figures = measure_conversation(options)
    found.add("conversation", [{"server": name, "in_flight": n, "runs": runs}
                               for (name, n), runs in figures.items()], table.report(figures))
    plot.draw(figures, options.out)


def measure(options):
    """All parts that are wanted, one after the other."""
    if options.js and servers.PEERS_PARTS & set(options.parts):
        servers.install_kong_js_pdk(options.js)
    found = results.Results(options)
    try:
        for part in options.parts:
            if part == "conversation":
                converse(options, found)
            else:
                title, figures_of, table_of = PARTS[part]
                started.say(title)
                figures = figures_of(options)
                found.add(part, figures, table_of(figures))
    finally:
        started.say("what was measured is in " + options.out)


def main():
    """Measures, and says what it found."""
    started.heed_signals()
    options = command_line.parse()
    command_line.check_build(options)
    with started.ending():
        measure(options)


if __name__ == "__main__":
    main()
