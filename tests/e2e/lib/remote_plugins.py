"""remote_plugins.py - plugins in other languages whose handlers stand in the test, as code_plugins.py has them in Lua.

A test of a Remote class says what a handler does in both languages; its twin (in_javascript) runs the second.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))

from code_plugins import CodePlugins, twins  # noqa: E402
from remote_programs import EXAMPLES, JAVASCRIPT, PYTHON, Program  # noqa: E402,F401

UNEXPECTED = {"message": "An unexpected error occurred"}


def program(language, name, path=None, options=()):
    """The options by which Outrigger starts a plugin, which may read the packages that it imports."""
    it = Program(language, name, path, options)
    return "--read-paths=default," + it.folder, "--plugin-%s-exec=%s" % (name, it.exec())


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
        cls.OPTIONS = program(cls.LANGUAGE, *cls.NAMES) + cls.MORE
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
