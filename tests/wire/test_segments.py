"""Files in memory that a worker shares with its supervisor, and with other workers: whatever a plugin in C does to
them, nobody else is hurt."""
import json
import os
import unittest

import lib

NATIVE = os.path.join(os.environ.get("OUTRIGGER_BUILD_DIR") or os.path.dirname(lib.BINARY), "tests", "native")


class Segments(lib.WireTest):
    def serve_both(self):
        self.server = self.serve("native_segments", "wire-do", c_plugin_path=NATIVE)

    def attack(self, mode="try"):
        gateway = self.connect(self.server, "native_segments")
        return gateway.event(gateway.start_instance("native_segments", json.dumps({"mode": mode})))["Data"]["Args"]

    def check_neighbour(self, word):
        gateway = self.connect(self.server, "wire-do")
        instance = gateway.start_instance("wire-do", json.dumps({"mode": "nothing", "text": word}))
        self.assertEqual(gateway.event(instance)["Data"], "ret", gateway.latest)

    def test_what_is_open_can_be_neither_cut_nor_sealed(self):
        self.serve_both()
        words = dict(word.split("=") for word in self.attack()[1].split())
        self.assertIn("outrigger-registry_shrink", words)
        done = {name for name, word in words.items() if word == "done"}
        self.assertEqual(done, {"outrigger-registry_grow"}, words)
        self.check_neighbour("after")

    def test_a_registry_that_was_grown_to_the_end_still_takes_instances(self):
        self.serve_both()
        self.check_neighbour("before")
        self.assertEqual(self.attack("grow")[1].split(), ["outrigger-registry_grow=done"])
        for n in range(3):
            self.check_neighbour("after %d" % n)

    def test_one_that_was_ruined_as_well_does_too(self):
        self.serve_both()
        self.check_neighbour("before")
        self.assertEqual(self.attack("ruin")[1].split(), ["outrigger-registry_ruin=done"])
        for n in range(3):
            self.check_neighbour("after %d" % n)

    def test_a_run_since_no_time_at_all_ends_the_worker_that_says_so(self):
        self.serve_both()
        self.assertEqual(self.attack("run")[0], 503)
        self.server.wait_log("of native_segments is killed: it says")
        self.assertNotRegex(self.server.log(), r"\bnan")
        self.check_neighbour("after")
        self.assertEqual(self.attack()[0], 200)


if __name__ == "__main__":
    lib.main()
