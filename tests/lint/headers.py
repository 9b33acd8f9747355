"""headers.py FLAGS-FILE COMPILER... - each header compiles alone, and twice in a row.

FLAGS-FILE holds one compiler flag a line.
"""
import concurrent.futures
import subprocess
import sys

import tree


def compile_header(job):
    compiler, flags, path = job
    source = '#include "%s"\n#include "%s"\nextern int outrigger_lint;\n' % (path, path)
    run = subprocess.run([compiler, *flags, "-fsyntax-only", "-x", "c", "-"], cwd=tree.ROOT,
                         input=source, capture_output=True, text=True, check=False)
    return "%s: %s\n%s" % (compiler, path, run.stderr) if run.returncode else None


def main(flags_file, compilers):
    with open(flags_file, encoding="utf-8") as f:
        flags = f.read().split("\n")
    flags = [x for x in flags if x]
    headers = tree.files(".h", under=tree.SOURCE_DIRS)
    jobs = [(c, flags, h) for c in compilers for h in headers]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        tree.report([p for p in pool.map(compile_header, jobs) if p])


main(sys.argv[1], sys.argv[2:])
