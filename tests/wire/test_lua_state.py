"""lua_state: plugins of one process with a Lua state each, or with one for all of them."""
import os
import signal

import lib

HEAD = "local P = { PRIORITY = 1, VERSION = '1.0.0' }\n"
WORDS = """local words = require "words"\n"""

# Says on the gateway's side what it finds, and leaves its own name.
LEAVES = WORDS + """
function P:access(conf)
    kong.response.set_header("x-found", (words.last or "none") .. "," .. (LAST or "none"))
    words.last, LAST = conf.word, conf.word
end"""


class Neighbours(lib.WireTest):
    """Plugins in one process, a and b."""

    def write(self, name, handler):
        os.makedirs(os.path.join(self.folder, name), exist_ok=True)
        for file, text in (("handler.lua", HEAD + handler + "\nreturn P\n"), ("schema.lua", lib.SCHEMA % name)):
            with open(os.path.join(self.folder, name, file), "w", encoding="utf-8") as f:
                f.write(text)

    def open(self, a, b, lua_state="shared", **settings):
        self.folder = os.path.join(self.temp_dir(), "plugins")
        self.write("a", a)
        self.write("b", b)
        with open(os.path.join(self.folder, "words.lua"), "w", encoding="utf-8") as f:
            f.write("return {}")
        self.server = self.serve("a", "b", plugins_dir=self.folder, plugin_a_process="x", plugin_b_process="x",
                                 lua_package_path=self.folder + "/?.lua;;", lua_state=lua_state, **settings)
        self.gateways = {name: self.connect(self.server, name) for name in "ab"}
        self.instances = {name: self.gateways[name].start_instance(name, '{"word": "%s"}' % name) for name in "ab"}

    def calls(self, name, answers=lambda method, args: None, phase="access"):
        return self.gateways[name].play(self.instances[name], answers, phase)

    def found(self, name):
        return self.calls(name)[0][1][1]


class Sharing(Neighbours):
    def test_modules_and_globals_are_shared_where_it_is_asked_for(self):
        self.open(LEAVES, LEAVES)
        self.assertEqual([self.found(name) for name in "abba"], ["none,none", "a,a", "b,b", "b,b"])

    def test_a_plugin_has_its_own_by_default(self):
        self.open(LEAVES, LEAVES, lua_state="own")
        self.assertEqual([self.found(name) for name in "abba"], ["none,none", "none,none", "b,b", "a,a"])

    def test_a_plugin_may_be_left_out(self):
        self.open(LEAVES, LEAVES, plugin_b_lua_state="own")
        self.assertEqual([self.found(name) for name in "abba"], ["none,none", "none,none", "b,b", "a,a"])

    def test_the_caches_and_events_of_kong_are_shared(self):
        self.open("""
            function P:init_worker()
                kong.worker_events.register(function(data) kong.log.notice("heard ", data) end, "b", "said")
            end
            function P:access() kong.cache:get("k", nil, function() return "a's" end) end""", """
            function P:access()
                kong.response.set_header("x-found", kong.cache:get("k", nil, function() return "b's" end))
                kong.worker_events.post("b", "said", "b's")
            end""")
        self.calls("a")
        self.assertEqual(self.found("b"), "a's")
        self.server.wait_log("heard b's")

    def test_new_code_begins_with_a_new_state(self):
        self.open(LEAVES, LEAVES)
        self.found("a")
        self.write("b", LEAVES.replace("x-found", "x-new"))
        self.server.signal(signal.SIGHUP)
        self.server.wait_log("reload: done")
        lib.wait_until(lambda: self.calls("b")[0][1][0] == "x-new", "new code")
        self.assertEqual(self.found("a"), "b,b")
        self.assertEqual(self.found("b"), "a,a")


class Apart(Neighbours):
    """What each has for itself in a state that is shared."""

    def test_conf_and_kong_ctx_plugin_over_the_phases(self):
        handler = """
            function P:access(conf) kong.ctx.plugin.word = conf.word end
            function P:log(conf) kong.log.notice(conf.word, " ", kong.ctx.plugin.word) end"""
        self.open(handler, handler)
        kept = {}

        def answers(method, args):
            if method == "kong.nginx.set_ctx":
                kept[args[0]] = args[1]
            return kept.get(args[0]) if method == "kong.nginx.get_ctx" else None
        for name in "ab":
            self.calls(name, answers)
        self.assertEqual(sorted(kept), ["outrigger:a", "outrigger:b"])
        for name in "ab":
            self.assertTrue(self.calls(name, answers, "log")[-2][1][0].endswith("%s %s" % (name, name)))

    def test_filters_are_those_of_the_plugin_that_has_them(self):
        self.open("""
            function P:access() kong.response.exit(200, "plain") end
            function P:body_filter() ngx.arg[1] = ngx.arg[1]:upper() end""", """
            function P:access() kong.response.exit(200, "plain") end""")
        self.assertEqual(self.calls("a")[-1], ("kong.response.exit", [200, "PLAIN"]))
        self.assertEqual(self.calls("b")[-1][1][:2], [200, "plain"])

    def test_settings(self):
        read = """
            function P:access()
                for _ = 1, 2 do kong.request.get_method() end
            end"""
        self.open(read, read, plugin_b_read_cache="off")
        self.assertEqual([len(self.calls(name, lambda *_: "GET")) for name in "ab"], [2, 3])

    def test_timers_and_errors(self):
        self.open("""
            local n = 0
            function P:init_worker() n = n + 1 assert(n > 1, "a's fault") end
            function P:access()
                ngx.timer.at(100, print)
                ngx.timer.at(0, function() error("a's timer") end)
            end""", """
            function P:access()
                kong.response.set_header("x-found", ngx.timer.pending_count())
                error("b's fault")
            end""")
        self.calls("a")
        calls = self.calls("b")
        self.assertEqual(calls[0][1][1], 0)
        self.assertIn("[b] access failed", calls[1][1][0])
        self.assertIn("b's fault", calls[1][1][0])
        self.assertEqual({"Method": calls[2][0], "Args": calls[2][1]}, lib.EXIT_500)
        self.server.wait_log("a's timer")
        for line in self.server.log_lines:
            if "a's" in line:
                self.assertIn("[a]", line)
        self.server.wait_log("init_worker of plugin 'a'")


class Faults(Neighbours):
    SPIN = """
        function P:access(conf)
            kong.response.set_header("x-found", "x")
            local n = 0
            while true do n = (function() return n + 1 end)() end
        end"""

    def test_one_that_spins_is_stopped_and_named(self):
        self.open(self.SPIN, LEAVES, stall_timeout="200ms")
        calls = self.calls("a")
        self.assertIn("stall_timeout", calls[1][1][0])
        self.assertIn("[a] access failed: it has run", calls[1][1][0])
        self.assertEqual(self.found("b"), "none,none")

    def test_one_that_cannot_be_stopped_costs_their_worker_in_its_own_name(self):
        self.open("function P:access() local n = 0 while true do n = n + 1 end end", LEAVES, stall_timeout="100ms")
        result = self.gateways["a"].event(self.instances["a"])
        if result["Data"]["Method"] == "kong.log.err":
            return  # PUC Lua: every loop can be stopped
        self.assertEqual(result["Data"], lib.EXIT_503)
        self.server.wait_log("has ended in this plugin's access")
        blamed = [line for line in self.server.log_lines if "has ended in this plugin's access" in line]
        self.assertEqual(["[a]" in line for line in blamed], [True])
        self.assertEqual(self.found("b"), "none,none")

    def test_one_that_can_not_be_loaded_is_named(self):
        with self.assertRaisesRegex(AssertionError, "plugin 'b'.*b is broken"):
            self.open(LEAVES, "error('b is broken')")


if __name__ == "__main__":
    lib.main()
