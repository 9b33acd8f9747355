"""plot.py - a picture of the figures: events a second of each server, by gnuplot."""

import os
import shutil
import subprocess

import rounds

SCRIPT = """
set terminal svg size 900,420 dynamic background rgb 'white'
set output '%(svg)s'
set style data histogram
set style histogram clustered gap 1
set style fill solid 0.9 border -1
set ylabel 'events a second'
set format y '%%.0s%%c'
set grid ytics
set key outside top horizontal
set xtics rotate by -25
plot for [i=2:%(columns)d] '%(data)s' using i:xtic(1) title columnheader(i)
"""


def draw(figures, folder):
    """FOLDER/bench.svg; nothing where gnuplot is not installed."""
    if not shutil.which("gnuplot"):
        return
    names = list(dict.fromkeys(name for name, _ in figures))
    numbers = sorted({n for _, n in figures})
    data = os.path.join(folder, "bench.dat")
    with open(data, "w", encoding="utf-8") as file:
        file.write("server %s\n" % " ".join('"%d in flight"' % n for n in numbers))
        for name in names:
            rates = (rounds.median(figures, "per_second", name, n) for n in numbers)
            file.write("%s %s\n" % (name, " ".join("%.0f" % rate for rate in rates)))
    script = SCRIPT % {"svg": os.path.join(folder, "bench.svg"), "data": data,
                       "columns": len(numbers) + 1}
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
