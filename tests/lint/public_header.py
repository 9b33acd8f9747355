"""public_header.py - what a plugin includes compiles as C11 and as C++, with warnings as errors, needs nothing of
our tree but what is installed, and tells of each function what it does."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

import tree

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror", "-O1"]
HANDLER = """
#include <outrigger.h>
static int on_access(struct outrigger_rq *rq)
{
	const char *host = nullptr_;
	struct outrigger_value all;
	int rc = kong_request_get_header(rq, "host", &host);

	if (rc == OUTRIGGER_OK)
		rc = kong_request_get_headers(rq, outrigger_int(10), &all);
	return rc;
}
"""
DESIGNATED = """
const struct outrigger_plugin outrigger_plugin = {
	.abi = OUTRIGGER_ABI,
	.size = sizeof(struct outrigger_plugin),
	.name = "p",
	.version = "1.0",
	.priority = 1,
	.schema = OUTRIGGER_NO_CONF("p"),
	.access = on_access,
};
"""
POSITIONAL = """
const struct outrigger_plugin outrigger_plugin = {
	OUTRIGGER_ABI, sizeof(struct outrigger_plugin), "p", "1.0", 1, OUTRIGGER_NO_CONF("p"),
	0, 0, 0, 0, 0, 0, on_access%s
};
"""
C = "#include <stddef.h>\n#define nullptr_ NULL\n" + HANDLER + DESIGNATED
CC = "#define nullptr_ nullptr\n" + HANDLER
CASES = [
    ("gcc", "c", "c11", C), ("clang", "c", "c11", C),
    *((compiler, "c++", standard, CC + rest) for compiler in ("g++", "clang++") for standard, rest in (
        ("c++11", POSITIONAL % ", 0, 0, 0, 0"), ("c++14", POSITIONAL % ""), ("c++20", DESIGNATED))),
]


def compile_plugin(folder, compiler, language, standard, source):
    command = [compiler, "-x", language, "-std=" + standard, *WARNINGS, "-fPIC", "-I" + folder, "-c", "-",
               "-o", os.path.join(folder, "plugin.o")]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    if done.returncode:
        yield "%s -std=%s:\n%s" % (compiler, standard, done.stderr)
        return
    symbols = subprocess.run(["nm", "--defined-only", "--extern-only", command[-1]], check=True, text=True,
                             capture_output=True).stdout.split()
    if symbols[2::3] != ["outrigger_plugin"]:
        yield "%s -std=%s: the plugin exports %s" % (compiler, standard, symbols[2::3])


# A declaration, or a function's head, at the start of a line, and the line before it.
FUNCTION = re.compile(r"^(?P<before>.*)\n(?:OUTRIGGER_EXPORT|static inline) [^;{=]*?\b(?P<name>outrigger_\w+)\(", re.M)


def undocumented(path):
    for found in FUNCTION.finditer(tree.read(path)):
        if not found["before"].rstrip().endswith("*/"):
            yield "%s: %s has no comment" % (path, found["name"])


def main():
    headers = [path for path in tree.files(".h", under=("pdk-bridge",))
               if os.path.basename(path).startswith("outrigger")]
    with tempfile.TemporaryDirectory() as folder:
        for path in (*headers, os.path.join("pdk-bridge", "pdk.def")):
            shutil.copy(os.path.join(tree.ROOT, path), folder)
        tree.report([p for path in headers for p in undocumented(path)] +
                    [p for case in CASES for p in compile_plugin(folder, *case)])


if sys.argv[1:]:
    sys.exit("no arguments are taken")
main()
