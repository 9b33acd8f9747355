"""Instances stay valid: over processes, take-overs and bursts of starts."""
import json
import os
import signal
import socket
import stat
import subprocess
import threading

import lib
from nobody import needs_nobody

MANY = 10000
CONNECTIONS = 3
BURST = 50  # calls that one connection sends before it reads the answers


def conf(n, seq=1):
    return '{"mode":"read","count":1,"text":"%d","__seq__":%d}' % (n, seq)


class InstanceTest(lib.WireTest):
    def setUp(self):
        self.dir = self.temp_dir()
        self.next = os.path.join(self.dir, "wire-do.socket.next")

    def serve_here(self, **settings):
        return self.serve("wire-do", prefix=self.dir, **settings)

    def take_over_from(self, server):
        """A second server, while the first one still has an event to end."""
        g = self.connect(server)
        event = g.event(g.start_instance("wire-do", '{"mode":"read"}'))["EventId"]
        server.signal()
        server.wait_log("leaving")
        successor = self.serve_here()
        g.step(event, "v")
        return successor

    def on_connections(self, server, work):
        """work(connection, k) on several connections at once; the results, in order."""
        results, failures = [None] * CONNECTIONS, []

        def run(k):
            try:
                with server.connect() as g:
                    results[k] = work(g, k)
            except Exception as error:  # pylint: disable=broad-except
                failures.append(error)
        threads = [threading.Thread(target=run, args=(k,)) for k in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
        return results

    def server_pid(self, server):
        """What the gateway is told as serverPid."""
        with server.connect() as g:
            g.call("plugin.GetStatus")
            return [n[2] for n in g.notices if n[1] == "serverPid"]


class Bursts(InstanceTest):
    def start_all(self, server, seq):
        """Each connection starts all confs, as each of the gateway's workers does."""
        def start(g, k):
            ids = {}
            for first in range(0, MANY, BURST):
                calls = [(n, g.start_call("plugin.StartInstance",
                                          {"Name": "wire-do", "Config": conf(n, seq + k)}))
                         for n in range(first, first + BURST)]
                ids.update((n, g.read_answer(call)["Id"]) for n, call in calls)
            return [ids[n] for n in range(MANY)]
        results = self.on_connections(server, start)
        for ids in results:
            self.assertEqual(ids, results[0])
        return results[0]

    def run_all(self, server, ids):
        """An event on each instance, over all connections."""
        def run(g, k):
            for instance in ids[k::CONNECTIONS]:
                result = g.event(instance)
                self.assertEqual(result["Data"]["Method"], "kong.request.get_header")
                self.assertEqual(g.step(result["EventId"], "v")["Data"], "ret")
        self.on_connections(server, run)

    def kill_workers(self, server):
        """And waits until others serve."""
        def pids():
            output = subprocess.run([lib.BINARY, "status", "--json", "--prefix", self.dir],
                                    check=True, stdout=subprocess.PIPE, timeout=lib.PATIENCE).stdout
            return [w["pid"] for group in json.loads(output)["groups"] for w in group["workers"]
                    if w["state"] == "ready"]
        old = pids()
        self.assertEqual(len(old), 2)
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        lib.wait_until(lambda: len(pids()) == 2 and not set(pids()) & set(old), "other workers")

    def test_a_change_of_ten_thousand_confs_makes_no_instance_unknown(self):
        server = self.serve_here(workers=2)
        ids = self.start_all(server, 1)
        self.assertEqual(len(set(ids)), MANY)
        self.kill_workers(server)
        self.assertEqual(self.start_all(server, 100), ids)
        self.kill_workers(server)
        self.run_all(server, ids)
        successor = self.take_over_from(server)
        self.assertEqual(self.start_all(successor, 200), ids)
        self.run_all(successor, ids)
        self.assertNotIn("no plugin instance", server.log() + successor.log())


class TakeOvers(InstanceTest):
    def test_a_successor_knows_the_instances_of_its_predecessor(self):
        first = self.serve_here()
        with first.connect() as g:
            ids = [g.start_instance("wire-do", conf(n)) for n in range(5)]
            g.close_instance(ids[0])
        pid = self.server_pid(first)
        second = self.take_over_from(first)
        self.assertEqual(self.server_pid(second), pid)
        with second.connect() as g:
            for instance in reversed(ids):
                self.assertEqual(g.play(instance, lambda *_: "v")[-1], "ret")
            self.assertEqual(g.start_instance("wire-do", conf(3, seq=9)), ids[3])
            self.assertEqual([g.call("plugin.InstanceStatus", i)["References"] for i in ids],
                             [0, 1, 1, 2, 1])
            self.assertGreater(g.start_instance("wire-do", conf(77)), max(ids))
        third = self.take_over_from(second)
        with third.connect() as g:
            self.assertEqual(g.play(ids[0], lambda *_: "v")[-1], "ret")

    def test_both_know_what_either_starts_during_the_take_over(self):
        first = self.serve_here()
        old = self.connect(first)
        event = old.event(old.start_instance("wire-do", conf(1)))["EventId"]
        first.signal()
        first.wait_log("leaving")
        second = self.serve_here()
        new = self.connect(second)
        a = old.start_instance("wire-do", conf(2))
        b = new.start_instance("wire-do", conf(3))
        self.assertEqual(new.play(a, lambda *_: "v")[-1], "ret")
        self.assertEqual(old.play(b, lambda *_: "v")[-1], "ret")
        self.assertEqual(old.start_instance("wire-do", conf(3, seq=2)), b)
        self.assertEqual(old.step(event, "v")["Data"], "ret")

    def test_a_server_without_a_predecessor_has_another_number(self):
        first = self.serve_here()
        pid = self.server_pid(first)
        self.assertEqual(len(pid), 1)
        first.stop()
        self.assertNotEqual(self.server_pid(self.serve_here()), pid)

    def test_plugins_that_move_to_one_server_bring_their_instances(self):
        one = self.serve("wire-do", prefix=self.dir)
        two = self.serve("wire-mp", prefix=self.dir)
        with one.connect() as g, two.connect() as h:
            a = g.start_instance("wire-do", '{"mode":"nothing"}')
            b = h.start_instance("wire-mp", "{}")
        events = []
        for server in (one, two):
            g = self.connect(server)
            name = server.plugins[0]
            waiting = ('{"mode":"read"}' if server is one else
                       json.dumps({"calls": '[["kong.request.get_method", []]]'}))
            events.append((g, g.event(g.start_instance(name, waiting))))
            server.signal()
            server.wait_log("leaving")
        both = self.serve("wire-do", "wire-mp", prefix=self.dir)
        with both.connect("wire-do") as g:
            self.assertEqual(g.event(a)["Data"], "ret")
        with both.connect("wire-mp") as g:
            status = g.call("plugin.InstanceStatus", b)
            self.assertEqual(status["Name"], "wire-mp")


class HostilePeers(InstanceTest):
    """Whoever sits at the hand-over socket, a server comes up and serves."""

    def listen(self, kind=socket.SOCK_SEQPACKET):
        listener = socket.socket(socket.AF_UNIX, kind)
        self.addCleanup(listener.close)
        listener.bind(self.next)
        listener.listen(1)
        return listener

    def assert_serves(self):
        server = self.serve_here()
        with server.connect() as g:
            instance = g.start_instance("wire-do", conf(1))
            self.assertEqual(g.play(instance, lambda *_: "v")[-1], "ret")
        self.assertEqual(stat.S_IMODE(os.stat(self.next).st_mode), 0o600)
        server.stop()
        self.assertFalse(os.path.exists(self.next))

    def test_a_silent_one(self):
        self.listen()
        self.assert_serves()

    def test_one_that_is_no_outrigger(self):
        self.listen(socket.SOCK_STREAM)
        self.assert_serves()

    def test_a_file_that_is_no_socket(self):
        with open(self.next, "w", encoding="utf-8") as f:
            f.write("x")
        self.assert_serves()

    def test_a_socket_file_that_a_killed_server_left(self):
        first = self.serve_here()
        first.kill()
        self.assertTrue(os.path.exists(self.next))
        self.assert_serves()

    def test_one_that_sends_what_is_no_registry(self):
        listener = self.listen()

        def serve():
            peer, _ = listener.accept()
            with peer, open("/dev/zero", "rb") as f:
                socket.send_fds(peer, [b"outrigger-registry-1\0"], [f.fileno()])
        thread = threading.Thread(target=serve)
        thread.start()
        self.assert_serves()
        thread.join()

    @needs_nobody()
    def test_another_user_gets_nothing(self):
        os.chmod(self.dir, 0o755)
        server = self.serve_here()
        os.chmod(self.next, 0o666)
        script = ("import socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET);"
                  "s.settimeout(20); s.connect(%r); print(len(s.recv(100)))" % self.next)
        said = subprocess.run(["/usr/bin/python3", "-c", script], user="nobody", check=True,
                              stdout=subprocess.PIPE, text=True, timeout=lib.PATIENCE).stdout
        self.assertEqual(said, "0\n")
        server.wait_log("a process of another user is refused")

    def test_a_hand_over_socket_that_vanishes_is_made_again(self):
        self.serve_here()
        os.unlink(self.next)
        lib.wait_until(lambda: os.path.exists(self.next), "the socket")


if __name__ == "__main__":
    lib.main()
