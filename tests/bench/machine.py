"""machine.py - what a benchmark ran on, and the versions of all that took part."""

import os
import platform
import re
import shlex
import subprocess
import textwrap

import servers

HERE = os.path.dirname(os.path.abspath(__file__))
WIDTH = 120
# Run by the interpreter of kong-python-pdk. Its package may lie in the path without being installed.
ASK_PYTHON = """
import importlib.metadata
def version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
kong = version("kong-pdk")
if not kong:
    import kong_pdk.const
    kong = kong_pdk.const.__version__
print(kong, version("gevent"))
"""


def cpu_name():
    """As the kernel names the processor."""
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        return next((line.split(":", 1)[1].strip() for line in file
                     if line.startswith("model name")), platform.machine())


def output(*command, environment=None):
    """What a program says; "" without it, or where it fails at once."""
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, env=environment).stdout
    except OSError:
        return ""


def version(*command):
    """The first thing that looks like a version in what a program says of itself, or ""."""
    found = re.search(r"\d+(\.\d+)+[\w.+-]*", output(*command))
    return found.group() if found else ""


def commit():
    """Of this tree, "+" if it was changed; "" where it is none of git's."""
    git = ("git", "-C", HERE)
    found = output(*git, "rev-parse", "--short", "HEAD").strip()
    if not re.fullmatch("[0-9a-f]+", found):
        return ""
    return found + ("+" if output(*git, "status", "--porcelain", "--untracked-files=no").strip() else "")


def compiler(build):
    """{name: version} of what the build was made with."""
    try:
        with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as cache:
            path = re.search("^CMAKE_C_COMPILER:[A-Z]+=(.*)$", cache.read(), re.M).group(1)
    except (OSError, AttributeError):
        return {}
    return {"clang" if "clang" in output(path, "--version") else "gcc": version(path, "--version")}


def lua(build):
    """{name: version} of the library of Lua that the program is linked with: its package's, or its file's name."""
    found = re.search(r"=> (\S*/liblua\S+)", output("ldd", os.path.join(build, "outrigger")))
    if not found:
        return {}
    path = os.path.realpath(found.group(1))
    package = output("dpkg-query", "-S", path).partition(": ")[0]
    said = output("dpkg-query", "-W", "-f", "${Version} (${Package})", package)
    is_package = re.fullmatch(r"[\w.+~:-]+ \(\S+\)", said)
    return {"LuaJIT" if "luajit" in path else "Lua": said if is_package else os.path.basename(path)}


def kong_js_pdk(folder):
    """The npm package that is installed there."""
    try:
        with open(os.path.join(folder, "node_modules", "kong-pdk", "package.json"), encoding="utf-8") as file:
            found = re.search(r'"version":\s*"([^"]+)"', file.read())
    except OSError:
        return ""
    return found.group(1) if found else ""


def go_versions(program):
    """Of a program in Go: what has built it, and go-pdk where that was a module."""
    said = output("go", "version", "-m", program)
    go, pdk = (re.search(pattern, said) for pattern in (r": go(\S+)", r"\sgithub\.com/Kong/go-pdk\s+(\S+)"))
    return {"Go": go.group(1) if go else "", "go-pdk": pdk.group(1) if pdk else ""}


def interpreter(program, pid):
    """(words, environment) of the Python that runs a program: as its first line names it, or as it runs in the
    process `pid` where it is a shell's."""
    with open(program, "rb") as file:
        first = file.readline(256).decode(errors="replace")
    if first.startswith("#!") and "python" in first:
        return shlex.split(first[2:]), None
    with open("/proc/%d/environ" % pid, "rb") as file:
        pairs = [pair.partition("=") for pair in os.fsdecode(file.read()).split("\0")]
    return [os.readlink("/proc/%d/exe" % pid)], {name: value for name, _, value in pairs if name}


def python_versions(program, pid):
    """Of kong-python-pdk, which runs as `pid`, and its gevent."""
    try:
        words, environment = interpreter(program, pid)
    except (OSError, ValueError):
        return {}
    said = re.fullmatch(r"(\S+) (\S*)\n", output(*words, "-c", ASK_PYTHON, environment=environment))
    return dict(zip(("kong-python-pdk", "gevent"), said.groups())) if said else {}


def peers(options):
    """{name: version} of the peers, and of what runs them."""
    found = {"Node.js": version("node", "--version")}
    if options.js:
        found["kong-js-pdk"] = kong_js_pdk(options.js)
    if options.python_pdk:
        with servers.kong_python_pdk(options.python_pdk) as server:
            found.update(python_versions(options.python_pdk, server.process.pid))
    if options.go_pdk:
        found.update(go_versions(options.go_pdk))
    return found


def versions(options):
    """{name: version} of what takes part."""
    found = {"Outrigger": commit(), **compiler(options.build), **lua(options.build),
             "Python": platform.python_version()}
    if "http" in options.parts:
        found.update({"nginx": version("nginx", "-v"), "wrk": version("wrk", "-v")})
    if "instructions" in options.parts:
        found["valgrind"] = version("valgrind", "--version")
    if servers.PEERS_PARTS & set(options.parts):
        found.update(peers(options))
    return {name: text for name, text in found.items() if text}


def facts(options):
    """Processor, number of processors, kernel, versions; the load of the machine, so take them before the run."""
    return {"processor": cpu_name(), "processors": os.cpu_count(), "kernel": platform.release(),
            "load": os.getloadavg()[0], "versions": versions(options)}


def describe(found):
    """The same as a paragraph."""
    took_part = ", ".join("%s %s" % item for item in found["versions"].items())
    return textwrap.fill("%(processor)s, %(processors)d processors, Linux %(kernel)s; load %(load).1f "
                         "before the run. " % found + took_part + ".", WIDTH, break_on_hyphens=False,
                         break_long_words=False)
