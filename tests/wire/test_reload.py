"""SIGHUP: new code and settings, without a lost call; or the old ones, and the reason."""
import contextlib
import os
import signal
import subprocess

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


def worker_titles(server):
    titles = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if lib.stat_field(int(pid), 1) == str(server.process.pid):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                with open("/proc/%s/cmdline" % pid, encoding="utf-8") as f:
                    titles.append(f.read().partition("\0")[0])
    return [title for title in titles if title]


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


class SetOfPlugins(ReloadTest):
    """Plugins that come and go by a reload."""

    def copy(self, name, handler=HANDLER % ("1", "access", "1", WAIT)):
        folder = os.path.join(self.plugins, name)
        os.makedirs(folder, exist_ok=True)
        for file, text in (("handler.lua", handler), ("schema.lua", SCHEMA.replace("'p'", "'%s'" % name) % "")):
            with open(os.path.join(folder, file), "w", encoding="utf-8") as f:
                f.write(text)

    def conf(self, text):
        with open(os.path.join(self.plugins, "conf"), "w", encoding="utf-8") as f:
            f.write("drain_timeout = 300ms\n" + text + "\n")

    def serve_conf(self, text):
        self.conf(text)
        server = lib.Server(plugins_dir=self.plugins, config=os.path.join(self.plugins, "conf"), start=False)
        self.addCleanup(self.end, server)
        server.start()
        server.wait_log("[p] version")
        return server

    def dump(self, server, name):
        return os.path.exists(os.path.join(server.prefix, name + ".json"))

    def test_one_that_is_added_is_served(self):
        server = self.serve_conf("plugins = p")
        g = self.connect(server, "p")
        instance = g.start_instance("p", "{}")
        running = g.event(instance)
        self.copy("a")
        self.conf("plugins = a,p")
        self.reload(server)
        with server.connect("a") as new:
            self.assertEqual(self.version(new, new.start_instance("a", "{}")), "1")
        self.assertTrue(self.dump(server, "a"))
        self.assertIn("[a] it is new", server.log())
        self.assertIn("run kong reload", server.log())
        self.assertEqual(g.step(running["EventId"])["Data"]["Method"], "kong.request.get_header")
        self.assertEqual(g.step(running["EventId"], "v")["Data"], "ret")
        status = subprocess.run([lib.BINARY, "status", "--prefix", server.prefix], check=True, text=True,
                                stdout=subprocess.PIPE).stdout
        self.assertIn("a", status.split())

    def test_it_takes_part_in_what_comes_then(self):
        server = self.serve_conf("plugins = p")
        self.copy("a")
        self.conf("plugins = p,a")
        self.reload(server)
        g = self.connect(server, "a")
        instance = g.start_instance("a", "{}")
        self.copy("a", HANDLER % ("2", "access", "2", WAIT))
        self.reload(server)
        self.wait_version(g, instance, "2")

    def test_one_that_cannot_be_loaded_leaves_all_as_it_was(self):
        server = self.serve_conf("plugins = p")
        g = self.connect(server, "p")
        instance = g.start_instance("p", "{}")
        self.copy("a", "return nil +")
        self.conf("plugins = p,a")
        self.reload(server, "reload is given up")
        self.assertIn("a: ", server.log().split("reload is given up")[1])
        self.assertFalse(os.path.exists(server.path("a")))
        self.assertFalse(self.dump(server, "a"))
        self.assertEqual(self.version(g, instance), "1")
        self.copy("a")
        self.reload(server)
        with server.connect("a") as new:
            new.call("plugin.GetStatus")

    def test_one_whose_socket_cannot_be_made_does_too(self):
        server = self.serve_conf("plugins = p")
        self.copy("a")
        self.conf("plugins = p,a\nplugin_a_socket = %s/nowhere/a" % self.plugins)
        self.reload(server, "reload is given up")
        with server.connect("p") as g:
            self.assertEqual(self.version(g, g.start_instance("p", "{}")), "1")

    def test_one_that_is_left_out_is_served_for_a_while_and_then_gone(self):
        self.copy("a")
        server = self.serve_conf("plugins = a,p")
        p, a = self.connect(server, "p"), self.connect(server, "a")
        instance, other = p.start_instance("p", "{}"), a.start_instance("a", "{}")
        running = a.event(other)
        self.conf("plugins = p\n")
        self.reload(server)
        self.assertIn("[a] it is no longer named", server.log())
        self.assertEqual(a.step(running["EventId"])["Data"]["Method"], "kong.request.get_header")
        self.assertEqual(a.step(running["EventId"], "v")["Data"], "ret")
        server.wait_log("[a] it is served no more")
        self.assertFalse(os.path.exists(server.path("a")))
        self.assertFalse(self.dump(server, "a"))
        self.assertTrue(a.read_to_end().endswith(lib.UNFINISHED))
        self.assertEqual(self.version(p, instance), "1")
        lib.wait_until(lambda: not any("a/0" in title for title in worker_titles(server)), "the worker's end")

    def test_a_socket_may_change(self):
        server = self.serve_conf("plugins = p")
        path = os.path.join(server.prefix, "other")
        self.conf("plugins = p\nplugin_p_socket = " + path)
        self.reload(server)
        with lib.Gateway(path) as g:
            self.assertEqual(self.version(g, g.start_instance("p", "{}")), "1")
        server.wait_log("[p] it is served no more")
        self.assertFalse(os.path.exists(server.path("p")))
        self.assertTrue(self.dump(server, "p"))
        with lib.Gateway(path) as g:
            g.call("plugin.GetStatus")

    def test_one_that_comes_and_goes_leaves_nothing(self):
        server = self.serve_conf("plugins = p")
        self.copy("a")
        for n in range(1, 4):
            self.conf("plugins = p,a")
            self.reload(server)
            self.conf("plugins = p")
            self.reload(server)
            lib.wait_until(lambda n=n: server.log().count("[a] it is served no more") == n, "its end")
            lib.wait_until(lambda: worker_titles(server) == ["outrigger: worker p/0"], "one worker")

    def test_plugins_that_share_a_process_otherwise_than_before_are_refused(self):
        self.copy("a")
        server = self.serve_conf("plugins = p,a")
        self.conf("plugins = p,a\nplugin_p_process = x\nplugin_a_process = x")
        self.reload(server, "reload is given up")
        self.assertIn("shares its process", server.log())
        with server.connect("a") as g:
            self.assertEqual(self.version(g, g.start_instance("a", "{}")), "1")


if __name__ == "__main__":
    lib.main()
