"""A plugin in C++, built against an Outrigger that is installed in a folder of its own: standard library, objects
and exceptions."""
import json
import os
import shutil
import tempfile

import lib
from c_examples import install, run

STRICT = "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"


class Words(lib.WireTest):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.mkdtemp(prefix="outrigger-")
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.build = os.path.join(cls.dir, "build")
        run("cmake", "-S", os.path.join(lib.SOURCE, "tests", "fixtures", "cxx"), "-B", cls.build,
            "-DCMAKE_PREFIX_PATH=" + install(cls.dir), "-DCMAKE_CXX_STANDARD=11", CXXFLAGS=STRICT)
        run("cmake", "--build", cls.build)

    def setUp(self):
        self.server = self.serve("words", plugins_dir=self.build)
        self.gateway = self.connect(self.server)

    def say(self, instance, body):
        answers = {"kong.request.get_header": "application/json", "kong.request.get_raw_body": json.dumps(body)}
        return self.gateway.play(instance, lambda method, args: answers.get(method))[-2:]

    def start(self, *refused):
        return self.gateway.start_instance("words", json.dumps({"refused": refused}))

    def test_it_exports_nothing_but_its_struct(self):
        symbols = run("nm", "-D", "--defined-only", os.path.join(self.build, "words.so"))
        self.assertEqual([line.split()[-1] for line in symbols.splitlines()], ["outrigger_plugin"])

    def test_objects_live_as_long_as_the_instance(self):
        instance = self.start("no", "never")
        self.assertEqual(self.say(instance, {"said": {"text": "one two  three"}}),
                         [("kong.service.request.set_header", ["X-Words", 3]), "ret"])
        self.gateway.close_instance(instance)

    def test_exceptions_fail_the_handler_with_their_text(self):
        instance = self.start("no")
        for _ in range(3):
            self.assertEqual(self.say(instance, {"said": {"text": "yes no"}})[-1],
                             ("kong.response.exit", lib.EXIT_500["Args"]))
        self.server.wait_log("access failed: 'no' is refused")
        self.say(instance, {"said": {}})
        self.server.wait_log("access failed: an exception was thrown")

    def test_exceptions_refuse_a_configuration_with_their_text(self):
        with self.refuses("'not one' is no word"):
            self.start("not one")


if __name__ == "__main__":
    lib.main()
