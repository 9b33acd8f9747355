"""How a server ends: drained, at once, with its parent; and what connections see of it."""
import os
import re
import shlex
import signal
import subprocess

import lib
import pb_gateway


class LeavingTest(lib.WireTest):
    def setUp(self):
        self.dir = self.temp_dir()

    def serve_here(self, **settings):
        return self.serve("wire-do", prefix=self.dir, **settings)

    def begin_event(self, server, mode="read"):
        g = self.connect(server)
        return g, g.event(g.start_instance("wire-do", '{"mode":"%s"}' % mode))["EventId"]


class Signals(LeavingTest):
    def test_running_events_get_to_end(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.serve_here()
            g, event = self.begin_event(server)
            server.signal(number)
            server.wait_log("leaving")
            self.assertEqual(g.step(event, "v")["Data"], "ret")
            self.assertEqual(server.wait_end(), 0)
            self.assertFalse(os.path.exists(server.path()))

    def test_new_events_are_served_meanwhile(self):
        server = self.serve_here()
        g, event = self.begin_event(server)
        server.signal()
        server.wait_log("leaving")
        with server.connect() as other:
            instance = other.start_instance("wire-do", '{"mode":"nothing"}')
            self.assertEqual(other.event(instance)["Data"], "ret")
        self.assertEqual(g.step(event, "v")["Data"], "ret")

    def test_a_second_signal_ends_it_at_once(self):
        server = self.serve_here(drain_timeout="1000s")
        g, _ = self.begin_event(server)
        server.signal()
        server.wait_log("leaving")
        server.signal()
        self.assertEqual(server.wait_end(), 0)
        self.assertEqual(g.read_to_end(), lib.UNFINISHED)

    def test_events_that_do_not_end_are_given_up_after_drain_timeout(self):
        server = self.serve_here(drain_timeout="100ms")
        self.begin_event(server)
        server.signal()
        self.assertEqual(server.wait_end(), 0)
        self.assertIn("access is given up: outrigger ends", server.log())

    def test_idle_connections_end_in_a_way_that_fails_closed(self):
        server = self.serve_here()
        g = self.connect(server)
        g.start_instance("wire-do", '{"mode":"nothing"}')
        fresh = self.connect(server)
        server.stop()
        self.assertEqual(g.read_to_end(), lib.UNFINISHED)
        self.assertEqual(fresh.read_to_end(), lib.UNFINISHED)

    def test_sigusr1_opens_the_log_anew(self):
        log = os.path.join(self.dir, "log")
        server = self.serve("wire-do", prefix=self.dir, log=log, start=False)
        server.start()
        lib.wait_until(lambda: os.path.exists(server.path()), "the socket")
        os.rename(log, log + ".1")
        server.signal(signal.SIGUSR1)
        lib.wait_until(lambda: os.path.exists(log), "a new log")
        self.assertEqual(server.stop(), 0)
        with open(log, encoding="utf-8") as f:
            self.assertIn("leaving", f.read())
        with open(log + ".1", encoding="utf-8") as f:
            self.assertIn("version", f.read())

    def test_a_reader_that_has_gone_does_not_end_it(self):
        server = self.serve_here()
        for _ in range(20):
            with server.connect() as g:
                g.start_call("plugin.GetStatus")
        with server.connect() as g:
            g.call("plugin.GetStatus")
        self.assertIsNone(server.process.poll())


class Parents(LeavingTest):
    """Servers that a shell has started, which plays the gateway's worker."""

    def start_by_shell(self):
        """The shell, and the server's log."""
        log = os.path.join(self.dir, "log.%d" % len(os.listdir(self.dir)))
        server = self.serve("wire-do", prefix=self.dir, log=log, exit_with_parent="on", start=False)
        command = shlex.join(server.command()) + " & wait"
        shell = subprocess.Popen(["sh", "-c", command], stderr=subprocess.DEVNULL)
        self.addCleanup(self.end_all, shell, log)
        return shell, log

    def end_all(self, shell, log):
        """Whatever a failed test has left."""
        shell.kill()
        shell.wait()
        pid = self.pid_of(log)
        if pid and os.path.exists("/proc/%d" % pid):
            os.kill(pid, signal.SIGKILL)

    @staticmethod
    def read(log):
        try:
            with open(log, encoding="utf-8") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def pid_of(self, log):
        found = re.search(r" (\d+)#0: ", self.read(log))
        return int(found[1]) if found else None

    def wait_log(self, log, text):
        lib.wait_until(lambda: text in self.read(log), "%r in %s" % (text, log))

    def wait_gone(self, log):
        pid = self.pid_of(log)
        lib.wait_until(lambda: not os.path.exists("/proc/%d/exe" % pid) or
                       not os.access("/proc/%d/exe" % pid, os.R_OK), "the server to be gone")

    @property
    def path(self):
        return os.path.join(self.dir, "wire-do.socket")

    def test_an_orphan_serves_on_until_a_successor_takes_over(self):
        shell, log = self.start_by_shell()
        self.wait_log(log, "version")
        with lib.Gateway(self.path) as g:
            g.call("plugin.GetStatus")
            shell.kill()
            self.wait_log(log, "the process that started us is gone")
            with lib.Gateway(self.path) as other:
                other.call("plugin.GetStatus")
            successor = self.serve_here()
            self.wait_log(log, "is served by a successor")
            g.call("plugin.GetStatus")
        self.wait_gone(log)
        with lib.Gateway(self.path) as g:
            self.assertEqual(g.call("plugin.GetStatus")["Pid"], successor.process.pid)

    def test_a_second_one_waits_until_the_first_has_left_and_nobody_meets_a_closed_door(self):
        _, first = self.start_by_shell()
        self.wait_log(first, "version")
        _, second = self.start_by_shell()
        self.wait_log(second, "waiting for it to leave")
        pids = set()
        os.kill(self.pid_of(first), signal.SIGTERM)

        def taken_over():
            with lib.Gateway(self.path) as g:
                try:
                    pids.add(g.call("plugin.GetStatus")["Pid"])
                except (EOFError, ConnectionError):
                    return False # it was let in by the first one in its last moment
            return self.pid_of(second) in pids
        lib.wait_until(taken_over, "the second one to serve")
        self.wait_gone(first)
        self.wait_log(first, "successor")

    def test_with_a_successor_idle_connections_are_given_back_without_a_loss(self):
        """A notice on each: a gateway's pool closes such a connection, and a call may still come."""
        _, first = self.start_by_shell()
        self.wait_log(first, "version")
        with lib.Gateway(self.path) as idle, lib.Gateway(self.path) as busy:
            pid = idle.call("plugin.GetStatus")["Pid"]
            event = busy.event(busy.start_instance("wire-do", '{"mode":"read"}'))["EventId"]
            _, second = self.start_by_shell()
            self.wait_log(second, "waiting for it to leave")
            os.kill(pid, signal.SIGTERM)
            self.assertEqual(idle.read()[:2], [2, "serverPid"])
            self.assertEqual(idle.call("plugin.GetStatus")["Pid"], pid)
            self.assertEqual(idle.read()[:2], [2, "serverPid"])
            # The event's next step is to come on this one, and the first notice came long ago.
            self.assertEqual(busy.step(event, "v")["Data"], "ret")
            self.assertEqual(len(busy.notices), 1)
        self.wait_gone(first)

    def test_with_a_successor_idle_protobuf_connections_end_and_events_go_on(self):
        _, first = self.start_by_shell()
        self.wait_log(first, "version")
        idle, busy = pb_gateway.PbGateway(self.path), pb_gateway.PbGateway(self.path)
        self.addCleanup(idle.close)
        self.addCleanup(busy.close)
        idle.start_instance("wire-do", '{"mode":"nothing"}')
        busy.start_event(busy.start_instance("wire-do", '{"mode":"read"}'))
        call = busy.read_call()
        _, second = self.start_by_shell()
        self.wait_log(second, "waiting for it to leave")
        os.kill(self.pid_of(first), signal.SIGTERM)
        self.assertEqual(idle.read_to_end(), b"")
        busy.answer(call[0], "v")
        self.assertIsNone(busy.read_call())
        idle.close()
        busy.close()
        self.wait_gone(first)

    def test_one_that_waits_for_nobody_leaves(self):
        _, first = self.start_by_shell()
        self.wait_log(first, "version")
        shell, second = self.start_by_shell()
        self.wait_log(second, "waiting for it to leave")
        shell.kill()
        self.wait_gone(second)


if __name__ == "__main__":
    lib.main()
