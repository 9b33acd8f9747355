"""Reloads of the gateway, new configurations, and restarts of Outrigger, under requests."""

import collections
import os
import signal
import socket
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import harness  # noqa: E402
import code_plugins  # noqa: E402
from code_plugins import code  # noqa: E402

NAMES = ("e2e-code", "e2e-low")
# One call before the exit, so that an event is not over with its first answer.
REFUSE = 'kong.request.get_method() kong.response.exit(401, conf.word)'
CLIENTS = 3


class Load:
    """Requests without a pause from several clients; `seen` counts what came of them."""

    def __init__(self, gateway, make_result):
        self.gateway = gateway
        self.make_result = make_result
        self.seen = collections.Counter()
        self.lock = threading.Condition()
        self.running = True
        self.threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.running = False
        for thread in self.threads:
            thread.join()

    def _ask(self):
        while self.running:
            try:
                result = self.make_result(self.gateway.http(headers={"Connection": "close"}))
            except OSError as error:
                result = repr(error)
            with self.lock:
                self.seen[result] += 1
                self.lock.notify_all()

    def wait_more(self, count, result=None):
        """Waits for so many further results, or for so many of one kind."""
        def now():
            return self.seen[result] if result else sum(self.seen.values())
        with self.lock:
            goal = now() + count
            if not self.lock.wait_for(lambda: now() >= goal, harness.DEADLINE):
                raise AssertionError("waited in vain for %r: %r" % (result, self.seen))


class Reload(unittest.TestCase):
    maxDiff = None
    PROTOCOL = "msgpack"

    def start(self, more=""):
        self.stage = harness.Stage()
        self.addCleanup(self.stage.close)
        self.addCleanup(self._show_logs)
        self.gateway = self.stage.gateway(
            self.conf() + more, self.yml("first"))
        code_plugins.wait_sockets(self.gateway, NAMES)
        return self.gateway

    def conf(self, names=NAMES):
        return code_plugins.kong_conf(self.stage, names, "--protocol=" + self.PROTOCOL)

    def _show_logs(self):
        result = self._outcome.result
        if any(test is self for test, _ in result.failures + result.errors):
            log = os.path.join(self.gateway.prefix, "logs", "outrigger.log")
            print("\n%s\n%s\n--- outrigger.log\n%s" % (
                self.id(), self.stage.logs(), harness.read_text(log)), file=sys.stderr)

    @staticmethod
    def yml(word):
        return code_plugins.declarative([code(access=REFUSE, word=word)])

    def servers(self):
        return harness.processes_with("serve\0--exit-with-parent\0--prefix=" + self.stage.path())

    @staticmethod
    def outcome(response):
        return response.status, response.text if response.status == 401 else ""

    def load(self):
        return Load(self.gateway, self.outcome)

    def workers(self):
        """Pids of the gateway's workers that take requests."""
        with open("/proc/%d/task/%d/children" % (self.gateway.pid, self.gateway.pid),
                  encoding="ascii") as file:
            pids = [int(word) for word in file.read().split()]
        titles = {pid: harness.read_text("/proc/%d/cmdline" % pid) for pid in pids}
        return [pid for pid, title in titles.items() if title.startswith("nginx: worker process")
                and "shutting down" not in title]


class GatewayReload(Reload):
    def reload_and_wait(self):
        """A reload, until the old workers and their Outrigger are gone."""
        old_workers, old_servers = set(self.workers()), set(self.servers())
        self.gateway.reload()
        harness.wait_for(lambda: self.workers() and not old_workers & set(
            harness.processes_with("nginx: worker process")), "new workers")
        harness.wait_for(lambda: self.servers() and not old_servers & set(self.servers()),
                         "another Outrigger alone")
        code_plugins.wait_sockets(self.gateway, NAMES)

    def test_no_request_is_lost_or_let_through_while_the_gateway_reloads(self):
        self.start()
        with self.load() as load:
            for _ in range(2):
                load.wait_more(20)
                self.reload_and_wait()
                load.wait_more(20)
        self.assertEqual(set(load.seen), {(401, "first")})
        self.assertEqual(len(self.servers()), 1)

    def test_a_changed_file_is_in_force_after_a_reload(self):
        gateway = self.start()
        self.assertEqual(gateway.http().text, "first")
        gateway._write("kong.yml", self.yml("second"))
        self.reload_and_wait()
        self.assertEqual(gateway.http().text, "second")

    def test_several_workers_of_the_gateway_share_one_outrigger(self):
        self.start("nginx_worker_processes = 3\n")
        self.assertEqual(len(self.workers()), 3)
        with self.load() as load:
            load.wait_more(20)
            self.reload_and_wait()
            load.wait_more(20)
        self.assertEqual(set(load.seen), {(401, "first")})
        self.assertEqual(len(self.servers()), 1)

    def test_the_first_gateway_worker_may_die_under_the_others(self):
        """Outrigger is its child, but has other clients: it serves on until another takes over."""
        self.start("nginx_worker_processes = 2\n")
        server, = self.servers()
        parent = int(harness.read_text("/proc/%d/stat" % server).rsplit(")", 1)[1].split()[1])
        with self.load() as load:
            load.wait_more(20)
            os.kill(parent, signal.SIGKILL)
            harness.wait_for(lambda: len(self.workers()) == 2 and parent not in self.workers(),
                             "another worker")
            load.wait_more(40, (401, "first"))
            harness.wait_for(lambda: self.servers() and server not in self.servers(),
                             "the next Outrigger alone")
            load.wait_more(40, (401, "first"))
        # Requests that the dead worker had are lost with it, and nothing else is.
        lost = {result for result in load.seen if isinstance(result, str)}
        self.assertEqual(set(load.seen) - lost, {(401, "first")})
        self.assertLessEqual(sum(load.seen[result] for result in lost), CLIENTS)


class SlowSuccessor(Reload):
    """The gateway has told the old Outrigger to leave before the new one has loaded its plugins."""

    def start(self):
        self.stage = harness.Stage()
        self.addCleanup(self.stage.close)
        self.addCleanup(self._show_logs)
        self.gate = self.stage.path("gate")
        self.addCleanup(self.open_gate)
        self.gateway = self.stage.gateway(
            self.conf(["e2e-gate"])
            + harness.ENV_LINE + "; env OUTRIGGER_TEST_GATE=%s\n" % self.gate,
            code_plugins.declarative([code("e2e-gate", access=REFUSE, word="first")]))
        code_plugins.wait_sockets(self.gateway, ["e2e-gate"])

    def open_gate(self):
        if os.path.exists(self.gate):
            os.unlink(self.gate)

    def shut_gate(self):
        with open(self.gate, "w", encoding="ascii"):
            pass

    def test_the_old_one_serves_until_the_new_one_does(self):
        self.start()
        old, = self.servers()
        old_worker, = self.workers()
        self.shut_gate()
        with self.load() as load:
            load.wait_more(20)
            self.gateway.reload()
            harness.wait_for(lambda: not os.path.exists("/proc/%d" % old_worker),
                             "the end of the old worker")
            load.wait_more(100)
            self.open_gate()
            harness.wait_for(lambda: self.servers() and old not in self.servers(),
                             "the new Outrigger alone")
            load.wait_more(20)
        self.assertEqual(set(load.seen), {(401, "first")})

    def test_where_none_comes_the_old_one_leaves_with_the_gateway(self):
        self.start()
        self.assertEqual(self.gateway.http().status, 401)
        self.shut_gate()
        self.gateway.reload()
        harness.wait_for(lambda: len(self.servers()) == 2, "the new Outrigger")
        self.gateway.stop()
        self.open_gate()
        harness.wait_for(lambda: not self.servers(), "the end of both", deadline=9)


class Configuration(Reload):
    def test_a_posted_configuration_starts_instances_anew_and_nothing_slips_through(self):
        gateway = self.start()
        with self.load() as load:
            for word in ("second", "third", "second"):
                load.wait_more(10)
                self.assertEqual(gateway.post_config(self.yml(word)).status, 201)
                load.wait_more(10, (401, word))
        self.assertEqual(set(load.seen), {(401, word) for word in ("first", "second", "third")})
        self.assertEqual(gateway.http().text, "second")
        # The same again is a new __seq__ to the gateway, and no new life to the plugin.
        for _ in range(3):
            gateway.post_config(self.yml("second"))
            self.assertEqual(gateway.http().text, "second")

    def test_an_event_that_runs_meanwhile_ends_with_the_configuration_it_began_with(self):
        gateway = self.start()
        slow = code(access="""
            local body = kong.request.get_raw_body()
            kong.response.exit(200, conf.word .. body)""", word="old ")
        gateway.post_config(code_plugins.declarative([slow]))
        with socket.create_connection(("127.0.0.1", gateway.port)) as client:
            client.settimeout(harness.DEADLINE)
            client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                           b"Connection: close\r\nExpect: 100-continue\r\n\r\n")
            # The gateway asks for the body once the plugin has asked for it.
            self.assertIn(b"100 Continue", client.recv(4096))
            gateway.post_config(self.yml("new"))
            self.assertEqual(gateway.http().text, "new")
            client.sendall(b"body")
            self.assertTrue(client.makefile("rb").read().endswith(b"\r\n\r\nold body"))

    def test_a_plugin_that_is_taken_away_and_comes_back(self):
        gateway = self.start()
        for plugins, status in (([], 200), ([code(access=REFUSE, word="back")], 401)):
            gateway.post_config(code_plugins.declarative(plugins))
            self.assertEqual(gateway.http().status, status)


class Restart(Reload):
    def test_sigterm_ends_it_and_the_gateway_starts_another_that_knows_the_instances(self):
        gateway = self.start()
        self.assertEqual(gateway.http().status, 401)
        for _ in range(2):
            server, = self.servers()
            os.kill(server, signal.SIGTERM)
            harness.wait_for(lambda: self.servers() and server not in self.servers(),
                             "the next Outrigger")
            code_plugins.wait_sockets(gateway, NAMES)
            self.assertEqual([self.outcome(gateway.http()) for _ in range(3)],
                             [(401, "first")] * 3)

    def test_running_events_end_before_it_leaves(self):
        gateway = self.start()
        gateway.post_config(code_plugins.declarative([code(access="""
            kong.response.exit(200, "seen " .. kong.request.get_raw_body())""")]))
        server, = self.servers()
        with socket.create_connection(("127.0.0.1", gateway.port)) as client:
            client.settimeout(harness.DEADLINE)
            client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                           b"Connection: close\r\nExpect: 100-continue\r\n\r\n")
            self.assertIn(b"100 Continue", client.recv(4096))
            os.kill(server, signal.SIGTERM)
            client.sendall(b"body")
            self.assertTrue(client.makefile("rb").read().endswith(b"\r\n\r\nseen body"))
        harness.wait_for(lambda: server not in self.servers(), "the end of Outrigger")

    def test_it_leaves_with_the_gateway_and_leaves_no_socket(self):
        gateway = self.start()
        gateway.http()
        gateway.stop()
        harness.wait_for(lambda: not self.servers(), "the end of Outrigger")
        self.assertEqual([name for name in os.listdir(gateway.prefix)
                          if name.endswith(".socket")], [])


del Reload
code_plugins.over_protobuf(globals())

if __name__ == "__main__":
    unittest.main()
