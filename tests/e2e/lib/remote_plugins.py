"""remote_plugins.py - plugins in other languages whose handlers stand in the test, as code_plugins.py has them in Lua.

A test of a Remote class says what a handler does in both languages; its twin (in_javascript) runs the second.
"""

import os
import sys

import harness
from code_plugins import CodePlugins, twins

PYTHON, JAVASCRIPT = "python", "javascript"
FIXTURES = os.path.join(harness.SOURCE, "tests", "fixtures", "remote")
EXAMPLES = os.path.join(harness.SOURCE, "examples")
NODE_MODULES = os.path.join(harness.SOURCE, "build", "javascript", "node_modules")
UNEXPECTED = {"message": "An unexpected error occurred"}


def python(name, path=None):
    """The options by which Outrigger starts a plugin in Python, which may read the package that it imports."""
    package = os.path.join(EXAMPLES, "python")
    path = path or os.path.join(FIXTURES, name + ".py")
    return ("--read-paths=default,%s" % package, "--plugin-%s-exec=/usr/bin/env 'PYTHONPATH=%s' %s '%s'" % (
        name, package, sys.executable, path))


def javascript(name, path=None):
    """The same for JavaScript, with the npm packages that `./dev setup` installs."""
    if not os.path.isdir(os.path.join(NODE_MODULES, "zeromq")):
        raise AssertionError("npm packages are not in %s: `./dev setup` puts them there" % NODE_MODULES)
    path = path or os.path.join(FIXTURES, name + ".js")
    return ("--read-paths=default,%s" % NODE_MODULES, "--plugin-%s-exec=env 'NODE_PATH=%s' node '%s' '%s'" % (
        name, NODE_MODULES, os.path.join(EXAMPLES, "javascript", "cli.js"), path))


def in_javascript(namespace):
    """Gives each test class of a module that speaks of languages a twin in JavaScript."""
    twins(namespace, "InJavaScript", LANGUAGE=JAVASCRIPT)


class Remote(CodePlugins):
    """One gateway and one plugin, e2e-python or e2e-javascript."""

    LANGUAGE = PYTHON
    MORE = ()  # options

    @classmethod
    def setUpClass(cls):
        cls.NAMES = ("e2e-" + cls.LANGUAGE,)
        cls.OPTIONS = (python if cls.LANGUAGE == PYTHON else javascript)(*cls.NAMES) + cls.MORE
        super().setUpClass()

    def pick(self, in_python, in_javascript):
        return in_python if self.LANGUAGE == PYTHON else in_javascript

    def code(self, **texts):
        """The plugin, with a text for each phase: one for Python and one for JavaScript, or one for both."""
        return {"name": self.NAMES[0], "config": {
            phase: text if isinstance(text, str) else self.pick(*text) for phase, text in texts.items()}}

    def assert_refused(self, response, status=500):
        self.assertEqual((response.status, response.json()), (status, UNEXPECTED))

    def assert_still_serves(self):
        self.assertEqual(self.ask(self.code(access="kong.response.exit(200, 'alive')")).text, "alive")
