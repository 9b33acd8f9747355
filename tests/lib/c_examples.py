"""c_examples.py - builds examples/c as their READMEs say, against an Outrigger that is installed in a folder of its own."""
import os
import shutil
import subprocess

SOURCE = os.environ.get("OUTRIGGER_SOURCE_DIR") or os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.realpath(__file__))))
EXAMPLES = os.path.join(SOURCE, "examples", "c")
BUILD = os.environ.get("OUTRIGGER_BUILD_DIR") or os.path.dirname(os.environ.get("OUTRIGGER_BIN", ""))
NAMES = ("header-tag", "ip-list", "request-signature")
STRICT = "-Wall -Wextra -Wpedantic -Wconversion -Werror"


def run(*command, **env):
    """What a command prints; it must succeed."""
    done = subprocess.run(command, env={**os.environ, **env}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError("%s:\n%s" % (" ".join(command), done.stdout))
    return done.stdout


def install(folder):
    """Where Outrigger is installed, made below `folder`."""
    prefix = os.path.join(folder, "prefix")
    run("cmake", "--install", BUILD, "--prefix", prefix)
    return prefix


def build(folder):
    """(where Outrigger is installed, where the plugins are), both made below `folder`."""
    prefix, plugins = install(folder), os.path.join(folder, "plugins")
    os.mkdir(plugins)
    for name in NAMES:
        where = os.path.join(folder, name)
        run("cmake", "-S", os.path.join(EXAMPLES, name), "-B", where,
            "-DCMAKE_PREFIX_PATH=" + prefix, CFLAGS=STRICT)
        run("cmake", "--build", where)
        shutil.copy(os.path.join(where, name + ".so"), plugins)
    return prefix, plugins
