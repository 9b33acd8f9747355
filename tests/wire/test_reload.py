"""SIGHUP: new code and settings, without a lost call; or the old ones, and the reason."""
import os
import signal

import lib

HANDLER = """
local P = { PRIORITY = 1, VERSION = "%s" }
function P:%s(conf)
	kong.response.set_header("x-version", "%s")
	%s
end
return P
"""
SCHEMA = "return { name = 'p', fields = { { config = { type = 'record', fields = { %s } } } } }"
WAIT = 'kong.request.get_header("x-wait")'


class ReloadTest(lib.WireTest):
    def setUp(self):
        self.plugins = self.temp_dir()
        os.mkdir(os.path.join(self.plugins, "p"))
        self.write("1")
        self.write_schema()

    def put(self, name, text):
        path = os.path.join(self.plugins, "p", name)
        with open(path + ".new", "w", encoding="utf-8") as f:
            f.write(text)
        os.rename(path + ".new", path)

    def write(self, version, phase="access", code=WAIT):
        self.put("handler.lua", HANDLER % (version, phase, version, code))

    def write_schema(self, fields="{ text = { type = 'string' } }"):
        self.put("schema.lua", SCHEMA % fields)

    def serve_p(self, **settings):
        return self.serve("p", plugins_dir=self.plugins, **settings)

    def reload(self, server, end="reload: done"):
        count = server.log().count(end)
        server.signal(signal.SIGHUP)
        lib.wait_until(lambda: server.log().count(end) > count, "%r in %s" % (end, server.log()))

    def version(self, gateway, instance):
        calls = gateway.play(instance, lambda *_: "v")
        self.assertEqual(calls[-1], "ret")
        return calls[0][1][1]

    def wait_version(self, gateway, instance, version):
        """A connection goes over as soon as it is idle."""
        lib.wait_until(lambda: self.version(gateway, instance) == version, "version " + version)


class Good(ReloadTest):
    def test_new_code_serves_old_connections_and_instances(self):
        server = self.serve_p()
        g, idle = self.connect(server), self.connect(server)
        instance = g.start_instance("p", "{}")
        for version in ("1", "2", "3"):
            if version != "1":
                self.write(version)
                self.reload(server)
            self.wait_version(g, instance, version)
        self.wait_version(idle, instance, "3")

    def test_an_event_that_runs_ends_with_the_code_that_it_began_with(self):
        server = self.serve_p()
        g, other = self.connect(server), self.connect(server)
        instance = g.start_instance("p", "{}")
        result = g.event(instance)
        self.write("2", code="kong.response.set_header('x-second', 'x')")
        self.reload(server)
        self.wait_version(other, instance, "2")
        result = g.step(result["EventId"], None)
        self.assertEqual(result["Data"]["Method"], "kong.request.get_header")
        self.assertEqual(g.step(result["EventId"], "v")["Data"], "ret")
        self.wait_version(g, instance, "2")

    def test_reloads_in_a_row_lose_nothing(self):
        server = self.serve_p(workers=2)
        g = self.connect(server)
        instance = g.start_instance("p", "{}")
        for _ in range(5):
            server.signal(signal.SIGHUP)
            for _ in range(20):
                self.assertEqual(self.version(g, instance), "1")
        server.wait_log("reload: done")

    def test_with_watch_a_change_of_a_file_is_enough(self):
        server = self.serve_p(watch="on")
        g = self.connect(server)
        instance = g.start_instance("p", "{}")
        for version in ("2", "3"):
            self.write(version)
            self.wait_version(g, instance, version)

    def test_settings_are_read_anew(self):
        path = os.path.join(self.plugins, "conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write("event_timeout = 40s\n")
        self.write("1", code="while true do (function() end)() end")
        server = self.serve_p(config=path, stall_timeout="50s")
        with open(path, "w", encoding="utf-8") as f:
            f.write("event_timeout = 100ms\n")
        self.reload(server)
        g = self.connect(server)
        result = g.event(g.start_instance("p", "{}"))
        self.assertEqual(result["Data"]["Method"], "kong.response.set_header")
        result = g.step(result["EventId"])
        self.assertEqual(result["Data"]["Method"], "kong.log.err")
        self.assertIn("event_timeout", result["Data"]["Args"][0])

    def count_workers(self, server):
        pid = server.process.pid
        with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as f:
            return len(f.read().split())

    def test_another_number_of_workers_serves_old_connections_and_events(self):
        path = os.path.join(self.plugins, "conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write("workers = 1\n")
        server = self.serve_p(config=path)
        gateways = [self.connect(server) for _ in range(6)]
        instance = gateways[0].start_instance("p", "{}")
        for version, workers in (("2", 3), ("3", 2), ("4", 1)):
            results = [g.event(instance) for g in gateways]
            self.write(version)
            with open(path, "w", encoding="utf-8") as f:
                f.write("workers = %d\n" % workers)
            self.reload(server)
            for g, result in zip(gateways, results):
                while result["Data"] != "ret":
                    self.assertIn(result["Data"]["Method"],
                                  ("kong.response.set_header", "kong.request.get_header"))
                    result = g.step(result["EventId"], "v")
                self.wait_version(g, instance, version)
            lib.wait_until(lambda workers=workers: self.count_workers(server) == workers,
                           "%d workers" % workers)

    def test_workers_that_a_refused_reload_would_have_added_are_gone(self):
        path = os.path.join(self.plugins, "conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write("workers = 1\n")
        server = self.serve_p(config=path)
        g = self.connect(server)
        instance = g.start_instance("p", "{}")
        with open(path, "w", encoding="utf-8") as f:
            f.write("workers = 3\n")
        self.put("handler.lua", "error('broken')")
        self.reload(server, "reload is given up")
        lib.wait_until(lambda: self.count_workers(server) == 1, "the end of the successors")
        self.assertEqual(self.version(g, instance), "1")
        self.write("2")
        self.reload(server)
        self.wait_version(g, instance, "2")
        lib.wait_until(lambda: self.count_workers(server) == 3, "three workers")

    def test_a_change_that_the_gateway_must_know_is_written_and_said(self):
        server = self.serve_p()
        dump = os.path.join(server.prefix, "p.json")
        self.reload(server)
        self.assertNotIn("run kong reload", server.log())
        self.write("1", phase="rewrite")
        self.reload(server)
        server.wait_log("run kong reload")
        with open(dump, encoding="utf-8") as f:
            self.assertIn("rewrite", f.read())
        g = self.connect(server)
        instance = g.start_instance("p", "{}")
        # The gateway still asks for the phase that is gone.
        lib.wait_until(lambda: g.event(instance, "access")["Data"] == "ret", "the new code")


class Broken(ReloadTest):
    def assert_stays(self, server, gateway, instance, *texts):
        self.reload(server, "reload is given up")
        for text in texts:
            server.wait_log(text)
        self.assertEqual(self.version(gateway, instance), "1")

    def test_code_that_cannot_be_loaded_leaves_the_old_one_serving(self):
        server = self.serve_p()
        g = self.connect(server)
        instance = g.start_instance("p", "{}")
        self.put("handler.lua", "error('broken')")
        self.assert_stays(server, g, instance, "broken")
        self.write("2")
        self.reload(server)
        self.wait_version(g, instance, "2")

    def test_code_that_cannot_go_on_with_the_instances_that_there_are_does_too(self):
        server = self.serve_p()
        g = self.connect(server)
        instance = g.start_instance("p", '{"text":"x"}')
        self.put("handler.lua", HANDLER.replace("return P", "") % ("2", "access", "2", WAIT) +
                 "\nfunction P:init_worker() error('no start') end\nreturn P")
        self.assert_stays(server, g, instance, "no start",
                          "instance %d, which the gateway uses" % instance)

    def test_settings_that_make_no_sense_do_too(self):
        path = os.path.join(self.plugins, "conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write("step_timeout = 9s\n")
        server = self.serve_p(config=path)
        g = self.connect(server)
        instance = g.start_instance("p", "{}")
        with open(path, "w", encoding="utf-8") as f:
            f.write("step_timeout = soon\n")
        self.assert_stays(server, g, instance, "step_timeout")

    def test_another_set_of_plugins_does_too_and_says_what_to_do(self):
        path = os.path.join(self.plugins, "conf")
        for text, what in (("plugins = p,q", "plugin 'q' is new"), ("plugins = q", "plugin 'q' is new"),
                           ("plugins = p\nplugin_p_socket = %s/x" % self.plugins, "another socket")):
            with open(path, "w", encoding="utf-8") as f:
                f.write("plugins = p\n")
            server = lib.Server(plugins_dir=self.plugins, config=path)
            self.addCleanup(self.end, server)
            server.wait_log("[p] version")
            g = server.connect("p")
            instance = g.start_instance("p", "{}")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text + "\n")
            self.assert_stays(server, g, instance, what, "run kong reload")
            g.close()


if __name__ == "__main__":
    lib.main()
