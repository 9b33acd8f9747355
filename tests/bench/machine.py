"""machine.py - what a benchmark ran on."""

import os
import platform
import subprocess


def cpu_name():
    """As the kernel names the processor."""
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        return next((line.split(":", 1)[1].strip() for line in file
                     if line.startswith("model name")), platform.machine())


def version(*command):
    """The first line that a program says of itself, or "" without it."""
    try:
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             check=False)
    except FileNotFoundError:
        return ""
    return run.stdout.splitlines()[0] if run.stdout else ""


def facts():
    """Processor, number of processors, kernel, versions, load before the run."""
    return {"processor": cpu_name(), "processors": os.cpu_count(), "kernel": platform.release(),
            "load": os.getloadavg()[0], "gcc": version("gcc", "--version"),
            "nginx": version("nginx", "-v"), "node": version("node", "--version")}


def describe():
    """The same as one line."""
    found = facts()
    return ("%(processor)s, %(processors)d processors, Linux %(kernel)s, %(gcc)s, %(nginx)s, "
            "node %(node)s; load %(load).1f before the end" % found)
