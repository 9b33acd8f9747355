"""remote_programs.py - how a plugin in another language is run, with its package as it stands in the tree."""

import os
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
EXAMPLES = os.path.join(SOURCE, "examples")
FIXTURES = os.path.join(SOURCE, "tests", "fixtures", "remote")
NODE_MODULES = os.path.join(SOURCE, "build", "javascript", "node_modules")
PYTHON, JAVASCRIPT = "python", "javascript"
SUFFIXES = {PYTHON: ".py", JAVASCRIPT: ".js"}


class Program:
    """The words of its command (`options` are the interpreter's), the variable that it needs, and the folder that it
    reads beside its own."""

    def __init__(self, language, name, path=None, options=()):
        path = path or os.path.join(FIXTURES, name + SUFFIXES[language])
        if language == PYTHON:
            self.words = [sys.executable, *options, path]
            self.variable, self.folder = "PYTHONPATH", os.path.join(EXAMPLES, "python")
        else:
            if not os.path.isdir(os.path.join(NODE_MODULES, "zeromq")):
                raise AssertionError("npm packages are not in %s: `./dev setup` puts them there" % NODE_MODULES)
            self.words = ["node", *options, os.path.join(EXAMPLES, "javascript", "cli.js"), path]
            self.variable, self.folder = "NODE_PATH", NODE_MODULES

    def exec(self):
        """As the setting has it."""
        return "env '%s=%s' %s" % (self.variable, self.folder, " ".join("'%s'" % word for word in self.words))

    def environment(self, **more):
        return {**os.environ, self.variable: self.folder, **more}
