"""options.py - what the benchmark is asked to do, and what is wrong with that before anything is built or measured.

usage: options.py [OPTIONS]     looks at the options of bench.py, and no more
"""

import argparse
import math
import os
import shutil
import sys
import tempfile

BUILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build", "bench")
PARTS = ("conversation", "connections", "http", "instructions", "footprint", "curves")
DESCRIPTION = "How fast plugin servers are, as ratios between them measured in one run."
EPILOG = """What it writes: OUT/bench.json with each run's figures, OUT/bench.md with the tables,
OUT/bench.svg. docs/performance.md says how it measures, tests/bench/peers/README.md where go-pdk's and
kong-python-pdk's programs come from."""


def wrong(text):
    """Ends the program by what is wrong with how it was called."""
    sys.stderr.write("bench: %s\n" % text)
    sys.exit(2)


class Parser(argparse.ArgumentParser):
    """One whose errors are a line."""

    def error(self, message):
        wrong(message + " (--help lists the options)")


def rounds(text):
    """A number of rounds."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("%r is no number of rounds: 1 or more" % text)
    return int(text)


def seconds(text):
    """A time that something can run for."""
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError("%r is no number of seconds: more than 0, as 0.4" % text)
    return value


def parts(text):
    """Names of parts, in the order in which they are measured."""
    names = text.split(",")
    for name in names:
        if name not in PARTS:
            raise argparse.ArgumentTypeError("%r is none of %s" % (name, ", ".join(PARTS)))
    return [name for name in PARTS if name in names]


def add_what(parser):
    """Options that say what is measured, and how long."""
    parser.add_argument("--quick", action="store_true",
                        help="does it work at all? one round of few events; its figures mean nothing")
    parser.add_argument("--rounds", type=rounds, default=7, metavar="N",
                        help="how often each server is run (%(default)s)")
    parser.add_argument("--seconds", type=seconds, default=1.0, metavar="S",
                        help="about how long each run takes (%(default)s)")
    parser.add_argument("--sleeping", action="store_true",
                        help="the load sleeps until there is an answer, which wakes it")
    parser.add_argument("--no-http", action="store_true", help="no whole requests by wrk")
    parser.add_argument("--curves", action="store_true", help="how cost grows with load, too")
    parser.add_argument("--only", type=parts, metavar="PARTS",
                        help="these parts alone, commas between: " + ", ".join(PARTS))


def add_who(parser):
    """Options that say who takes part."""
    javascript = parser.add_mutually_exclusive_group()
    javascript.add_argument("--js", metavar="DIR",
                            help="where `npm install --prefix DIR kong-pdk` has put kong-js-pdk; "
                            "else it is installed in BUILD/bench-js")
    javascript.add_argument("--no-js", action="store_true",
                            help="without kong-js-pdk, as with --quick")
    parser.add_argument("--go-pdk", metavar="PROGRAM", help="a build of tests/bench/peers/go")
    parser.add_argument("--python-pdk", metavar="PROGRAM",
                        help="kong-python-pdk's kong-python-pluginserver, which has gevent")


def add_where(parser):
    """Folders."""
    parser.add_argument("--build", metavar="BUILD", default=BUILD,
                        help="an optimised build (build/bench, which `./dev bench` makes)")
    parser.add_argument("--out", metavar="DIR", help="where the figures go (BUILD/bench)")


def check_program(option, path):
    """What the user names is a program."""
    if path and not (os.path.isfile(path) and os.access(path, os.X_OK)):
        wrong("%s %s: no program; tests/bench/peers/README.md says how to get it" % (option, path))


def check_js(folder):
    """The npm package is where the user says."""
    program = os.path.join(folder, "node_modules", ".bin", "kong-js-pluginserver")
    if not os.path.exists(program):
        wrong("--js %s: kong-js-pdk is not there; `npm install --prefix %s kong-pdk` puts it there" % (
            folder, folder))


def check_out(folder):
    """Figures can be written; the folder is made."""
    try:
        os.makedirs(folder, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        wrong("--out %s: %s; name a folder that can be written" % (folder, error.strerror))


def check_build(options):
    """All that is to be measured is built, and what measures it is installed."""
    for program in ("outrigger", "tests/bench/load", "tests/bench/limit", "tests/native/bench_c.so"):
        if not os.path.exists(os.path.join(options.build, program)):
            wrong("no %s in %s; `./dev bench` builds it" % (program, options.build))
    needed = ["nginx", "wrk"] if "http" in options.parts else []
    needed += ["npm"] if options.js and not os.path.isdir(options.js) else []
    missing = [program for program in needed if not shutil.which(program)]
    if missing:
        wrong("not installed: %s; `./dev bench` does that, --no-http and --no-js go without" % ", ".join(missing))


def check(options):
    """All that can be known without a build."""
    check_program("--go-pdk", options.go_pdk)
    check_program("--python-pdk", options.python_pdk)
    if options.js:
        check_js(options.js)
    check_out(options.out)


def chosen_parts(options):
    """What is to be measured. Valgrind takes too long for --quick, and can't run a build with sanitizers."""
    left_out = {"http": options.no_http, "instructions": options.quick, "curves": not options.curves}
    return options.only or [name for name in PARTS if not left_out.get(name)]


def parse():
    """The options; paths are whole, `js` is None where kong-js-pdk does not take part."""
    parser = Parser(prog="bench", description=DESCRIPTION, epilog=EPILOG, allow_abbrev=False)
    for add in (add_what, add_who, add_where):
        add(parser)
    options = parser.parse_args()
    options.out = options.out or os.path.join(options.build, "bench")
    for name in ("build", "out", "js", "go_pdk", "python_pdk"):
        path = getattr(options, name)
        setattr(options, name, path and os.path.abspath(path))
    options.parts = chosen_parts(options)
    check(options)
    if not (options.js or options.no_js or options.quick):
        options.js = os.path.join(options.build, "bench-js")
    if options.quick:
        options.rounds, options.seconds = 1, 0
    return options


if __name__ == "__main__":
    parse()
