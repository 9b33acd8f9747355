"""nobody.py - what a test needs to run a program as a user without rights."""
import os
import stat
import unittest


def is_for_all(path):
    """Whether every user may get there."""
    parents = [os.path.realpath(path)]
    while parents[-1] != "/":
        parents.append(os.path.dirname(parents[-1]))
    return all(os.stat(p).st_mode & stat.S_IXOTH for p in parents)


def needs_nobody(*paths):
    """For tests that start something as nobody, who has to reach these paths."""
    if os.getuid() != 0:
        return unittest.skip("only root may be somebody else")
    return unittest.skipUnless(all(map(is_for_all, paths)),
                               "others may not enter the folder of the sources")
