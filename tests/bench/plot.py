"""plot.py - a picture of the figures: what an event costs each server, and how many it serves, by gnuplot."""

import os
import shutil
import subprocess

import rounds
import started

SCRIPT = """
set terminal svg size 900,640 dynamic background rgb 'white' font 'sans-serif,12'
set output '%(svg)s'
set multiplot layout 2,1
set style data histogram
set style histogram clustered gap 1
set style fill solid 0.9 noborder
set grid ytics
set key outside top horizontal
set xtics nomirror scale 0 rotate by 20 right
set lmargin 10
set bmargin 5
set yrange [0:*]
set ylabel "server's processor time\\nan event, microseconds"
plot for [i=2:%(columns)d] '%(cost)s' using i:xtic(1) title columnheader(i)
unset key
set ylabel 'events a second'
set format y '%%.0s%%c'
plot for [i=2:%(columns)d] '%(rate)s' using i:xtic(1) title columnheader(i)
"""


def write_data(figures, what, path):
    """A line for each server, a column for each number in flight; how many of these there are."""
    names = list(dict.fromkeys(name for name, _ in figures))
    numbers = sorted({n for _, n in figures})
    with open(path, "w", encoding="utf-8") as file:
        file.write("server %s\n" % " ".join('"%d in flight"' % n for n in numbers))
        for name in names:
            medians = (rounds.median(figures, what, name, n) for n in numbers)
            file.write("%s %s\n" % (name, " ".join("%.1f" % median for median in medians)))
    return len(numbers)


def draw(figures, folder):
    """FOLDER/bench.svg; nothing where gnuplot is not installed."""
    if not shutil.which("gnuplot"):
        started.say("no picture: gnuplot is not installed")
        return
    cost, rate = os.path.join(folder, "cost.dat"), os.path.join(folder, "rate.dat")
    write_data(figures, "server_us_per_event", cost)
    count = write_data(figures, "per_second", rate)
    script = SCRIPT % {"svg": os.path.join(folder, "bench.svg"), "cost": cost, "rate": rate,
                       "columns": count + 1}
    run = subprocess.run(["gnuplot"], input=script, text=True, check=False, stderr=subprocess.PIPE)
    if run.returncode:
        raise SystemExit("bench: gnuplot draws no picture:\n" + run.stderr)
