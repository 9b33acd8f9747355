"""What plugins have of the gateway beyond its PDK: caches, events, timers, the queue, secrets, settings."""

import hashlib
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import harness  # noqa: E402
from code_plugins import CodePlugins, in_split_installation, over_protobuf  # noqa: E402

NAME = "e2e-modules"


class Modules(CodePlugins):
    NAMES = (NAME,)

    def show(self, what, query="", **config):
        self.use({"name": NAME, "config": config})
        response = self.http(path="/%s?%s" % (what, query))
        self.assertEqual(response.status, 200, response.text + self.error_log())
        return response.json().get("is")

    def log_word(self, word, **config):
        self.use({"name": NAME, "config": config})
        self.assertEqual(self.http(path="/x?log=" + word).status, 200, self.error_log())

    def wait_state(self, is_so, **config):
        harness.wait_for(lambda: is_so(self.show("state", **config)), "the plugin's state")


class Caches(Modules):
    def test_a_callback_runs_for_the_first_and_after_an_invalidation(self):
        answers = self.show("cache")
        self.assertEqual([(a["value"]["word"], a["level"]) for a in answers if "value" in a],
                         [("a", 3), ("a", 1), ("e", 3), ("set", 1)])
        self.assertEqual(answers[2], {"probed": "a"})
        self.assertEqual(answers[3], {"renewed": "c", "now": "c"})
        self.assertEqual(answers[5], {"probed": True})

    def test_what_is_absent_stale_or_fails(self):
        answers = self.show("misses")
        self.assertEqual(answers["none"], [{"level": 3}, {"level": 1}])
        self.assertEqual(answers["fails"], {"err": "failed to get from node cache: no such thing"})
        self.assertIn("failed to get from node cache: callback threw an error: ", answers["raises"]["err"])
        self.assertEqual((answers["stale"]["value"]["word"], answers["stale"]["level"]), ("old", 4))
        self.assertEqual(answers["absent"], -1)
        self.assertIn("key must be a string", answers["no_key"][1])

    def test_many_keys_at_once(self):
        self.assertEqual(self.show("bulk"), [
            {"word": "one", "level": 3}, {"err": "no such thing"}, {"word": "one", "level": 1}])


class Events(Modules):
    def test_init_worker_and_configure_have_run_and_timers_do(self):
        self.wait_state(lambda s: s["inits"] == 1 and s["confs"] == 1 and s["ticks"] > 1)

    def test_what_is_posted_is_heard_in_this_process(self):
        self.show("say", "word=hello")
        self.wait_state(lambda s: "e2e said hello" in s["heard"])

    def test_the_cluster_has_no_other_nodes(self):
        self.show("state")
        self.assertEqual(self.show("state")["cluster"], 0)


class Queues(Modules):
    def test_words_are_delivered_in_their_order_after_failures(self):
        config = {"failures": 2, "queue": {"max_batch_size": 3, "max_coalescing_delay": 60}}
        for word in "abc":
            self.log_word(word, **config)
        self.assertIn("delivered a,b,c", self.wait_outrigger_log("delivered"))
        self.assertIn("handler could not process entries: not yet", self.outrigger_log())


class Others(Modules):
    def test_headers_that_are_kept_reach_the_response(self):
        self.use({"name": NAME, "config": {}})
        self.assertEqual(self.http(path="/state").header("x-kept"), "yes")

    def test_settings_and_constants(self):
        self.assertEqual(self.show("info"), {
            "role": "traditional", "database": "off", "writes": False, "header": "X-Consumer-ID",
            "version": "3.9.1", "strategy": "off", "enterprise": False, "no_enterprise": "not found"})

    def test_json_tells_arrays_from_objects(self):
        self.assertEqual(self.show("json"), {
            "empty": [], "marked": [], "object": {}, "null": None, "again": [], "number": 0.1, "path": "a/b"})

    def test_what_is_not_served_says_so(self):
        texts = self.show("absent")
        self.assertIn("kong.db is not available in Outrigger", texts["entities"])
        self.assertIn("ngx.location.capture is not available in Outrigger", texts["subrequest"])

    def test_a_secret_that_fails_is_asked_for_again(self):
        if self.PROTOCOL == "protobuf":
            self.use({"name": NAME, "config": {"token": "{vault://env/path}"}})
            self.assertEqual(self.http(path="/vault_again").status, 500)
            self.wait_outrigger_log("kong.vault.update can't be called over ProtoBuf:1")
            return
        self.assertEqual(self.show("vault_again", token="{vault://env/path}"), {
            "result": os.environ["PATH"], "seen": ["old", os.environ["PATH"]], "is_kept": True})

    def test_a_text_that_is_no_secret_is_tried_once(self):
        self.assertEqual(self.show("vault_again", token="open"), {"err": "refused", "seen": ["old"], "is_kept": False})

    def test_tools(self):
        self.assertEqual(self.show("tools"), {
            "string": ["x", "a-b", "a_b", "a|b", True], "table": [2, True, True, 2, 3],
            "http": ["a=b%20c", "X-A"], "ip": [True, True, "ipv6"], "mime": ["text", "html"], "gzip": "packed",
            "uri": ["/b", "a%20b"], "time": True, "rand": 32, "sha256": hashlib.sha256(b"x").hexdigest(),
            "cjson": "[1]", "cores": True, "sandbox": 42, "module": [False, True]})

    def test_a_secret_is_tried(self):
        self.assertEqual(self.show("vault", token="open"), {
            "result": "open", "tries": 1, "is_reference": True, "no_reference": False})


over_protobuf(globals())
in_split_installation(globals())

if __name__ == "__main__":
    unittest.main()
