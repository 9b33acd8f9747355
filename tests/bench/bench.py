"""bench.py - how fast plugin servers are, as ratios between them measured in one run.

usage: bench.py --build BUILD [--quick] [--rounds N] [--seconds S] [--sleeping]
                [--js DIR | --no-js] [--go-pdk PROGRAM] [--python-pdk PROGRAM] [--no-http]
                [--curves] [--out DIR]

BUILD is a folder of an optimised build. kong-js-pdk is installed from npm into DIR (BUILD/bench-js);
the other peers take part when the user names their programs. Writes OUT/bench.json with each run's
figures, OUT/bench.md with the tables, OUT/bench.svg.
"""

import argparse
import contextlib
import functools
import json
import os
import sys

import curves
import footprint
import http_bench
import instructions
import machine
import plot
import rounds
import servers
import table


def parse():
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--quick", action="store_true", help="does it work at all? few events")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each run")
    parser.add_argument("--sleeping", action="store_true",
                        help="the load sleeps until there is an answer, which wakes it")
    parser.add_argument("--js", metavar="DIR")
    parser.add_argument("--no-js", action="store_true")
    parser.add_argument("--go-pdk", metavar="PROGRAM")
    parser.add_argument("--python-pdk", metavar="PROGRAM")
    parser.add_argument("--no-http", action="store_true")
    parser.add_argument("--curves", action="store_true", help="how cost grows with load")
    parser.add_argument("--out", metavar="DIR")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    options.out = os.path.abspath(options.out or os.path.join(options.build, "bench"))
    if options.quick:
        options.rounds, options.seconds = 1, 0
        options.no_js = not options.js
    return options


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
            print("bench: no plugin in %s: %s" % (language, missing), file=sys.stderr)
        else:
            yield functools.partial(servers.outrigger_remote, build, language)
    if not options.no_js:
        yield functools.partial(servers.kong_js_pdk, options.js or os.path.join(build, "bench-js"))
    if options.python_pdk:
        yield functools.partial(servers.kong_python_pdk, options.python_pdk)
    if options.go_pdk:
        yield functools.partial(servers.go_pdk, options.go_pdk)


def measure_conversation(options):
    """The figures of get_header and set_header, for each server and number in flight."""
    with contextlib.ExitStack() as running:
        started = []
        for make in makers(options):
            started.append(make())
            running.callback(started[-1].stop)
        for server in started:
            server.pin(rounds.SERVER_CPU)
        return rounds.measure(options, started, table.IN_FLIGHT)


def report(figures, more):
    """All tables, as Markdown."""
    parts = [machine.describe(), "A ratio is the median of the rounds, with the least and the most; "
             "\"!\" marks one that misses its figure.", table.ratios(figures),
             table.absolutes(figures), table.links(figures)]
    parts += [table_of(more[key]) for key, table_of in (
        ("http", http_bench.table), ("instructions", instructions.table),
        ("footprint", footprint.table), ("curves", curves.table)) if more[key]]
    return "\n\n".join(parts) + "\n"


def write(options, figures, more):
    """The three files, and the tables to stdout."""
    os.makedirs(options.out, exist_ok=True)
    text = report(figures, more)
    raw = {"machine": machine.facts(), **more,
           "conversation": [{"server": name, "in_flight": n, "runs": runs}
                            for (name, n), runs in figures.items()]}
    with open(os.path.join(options.out, "bench.json"), "w", encoding="utf-8") as file:
        json.dump(raw, file, indent=1)
        file.write("\n")
    with open(os.path.join(options.out, "bench.md"), "w", encoding="utf-8") as file:
        file.write(text)
    plot.draw(figures, options.out)
    sys.stdout.write(text)


def main():
    """Measures, and says what it found."""
    options = parse()
    figures = measure_conversation(options)
    write(options, figures, {
        "http": None if options.no_http else http_bench.measure(options),
        "instructions": None if options.quick else instructions.measure(options),
        "footprint": footprint.measure(options),
        "curves": curves.measure(options) if options.curves else None})


main()
