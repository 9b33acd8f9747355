"""What a service manager sees: `serve` under Type=notify, and a restart behind a stand-in."""
import os
import signal
import socket
import threading

import lib


class Manager:
    """Listens as a service manager does, and starts servers."""

    def __init__(self, test):
        self.path = os.path.join(test.temp_dir(), "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(lib.PATIENCE)
        test.addCleanup(self.socket.close)

    def start(self, server, **env):
        server.start(env={**os.environ, "NOTIFY_SOCKET": self.path, **env})

    def next(self):
        """The first line of the next message that is no sign of life."""
        while (line := self.socket.recv(4096).decode().split("\n")[0]) == "WATCHDOG=1":
            pass
        return line


class NotifyTest(lib.WireTest):
    def setUp(self):
        self.manager = Manager(self)

    def begin(self, server, **env):
        self.addCleanup(self.end, server)
        self.manager.start(server, **env)

    def start(self, server, **env):
        self.begin(server, **env)
        self.assertEqual(self.manager.next(), "READY=1")


class Notify(NotifyTest):
    def test_it_is_ready_when_the_gateway_can_connect(self):
        server = lib.Server("wire-do", start=False)
        self.start(server)
        with server.connect() as gateway:
            self.assertGreater(gateway.start_instance("wire-do", '{"mode":"read"}'), 0)

    def test_a_reload_is_told_and_its_end(self):
        server = lib.Server("wire-do", start=False)
        self.start(server)
        server.signal(signal.SIGHUP)
        self.assertEqual([self.manager.next(), self.manager.next()], ["RELOADING=1", "READY=1"])

    def test_it_says_that_it_leaves(self):
        server = lib.Server("wire-do", start=False)
        self.start(server)
        server.signal()
        self.assertEqual(self.manager.next(), "STOPPING=1")
        self.assertEqual(server.wait_end(), 0)

    def test_it_gives_signs_of_life(self):
        server = lib.Server("wire-do", start=False)
        self.start(server, WATCHDOG_USEC="500000")
        for _ in range(2):
            self.assertEqual(self.manager.socket.recv(4096), b"WATCHDOG=1")

    def test_workers_know_nothing_of_the_manager(self):
        server = lib.Server("wire-do", start=False)
        self.start(server, WATCHDOG_USEC="60000000")
        pids = [n for n in os.listdir("/proc") if n.isdigit() and
                lib.stat_field(int(n), 1) == str(server.process.pid)]
        self.assertTrue(pids)
        for pid in pids:
            with open("/proc/%s/environ" % pid, "rb") as f:
                names = [word.split(b"=")[0] for word in f.read().split(b"\0")]
            self.assertNotIn(b"NOTIFY_SOCKET", names)
            self.assertNotIn(b"WATCHDOG_USEC", names)


class StandIn(NotifyTest):
    """outrigger-standin.service: it serves while outrigger.service is started anew."""

    def setUp(self):
        super().setUp()
        self.prefix = self.temp_dir()
        self.over = threading.Event()
        self.calls = []

    def server(self):
        """As the units start it: it waits in line where another one serves."""
        return lib.Server("wire-do", prefix=self.prefix, start=False, exit_with_parent="on", log="stderr")

    def call(self, path):
        """Requests on new connections, one after the other, until it is over."""
        with lib.Gateway(path) as gateway:
            instance = gateway.start_instance("wire-do", '{"mode":"read"}')
        while not self.over.is_set() or not self.calls:
            with lib.Gateway(path) as gateway:
                self.calls.append(gateway.play(instance, lambda *_: "x")[-1])

    def test_a_restart_behind_it_loses_no_call(self):
        first, standin, second = self.server(), self.server(), self.server()
        self.start(first)
        failures = []

        def calls():
            try:
                self.call(first.path())
            except Exception as error:  # pylint: disable=broad-except
                failures.append(error)
        thread = threading.Thread(target=calls)
        thread.start()
        try:
            self.replace(first, standin)
            self.replace(standin, second)
            seen = len(self.calls)
            lib.wait_until(lambda: failures or len(self.calls) > seen + 5, "calls that the second serves")
        finally:
            self.over.set()
            thread.join(lib.PATIENCE)
        self.assertEqual(failures, [])
        self.assertEqual(set(self.calls), {"ret"})

    def test_who_waits_in_line_gives_signs_of_life(self):
        first, second = self.server(), self.server()
        self.start(first)
        self.begin(second, WATCHDOG_USEC="500000")
        said = [self.manager.socket.recv(4096).split(b"\n")[0] for _ in range(4)]
        self.assertEqual(sorted(said), [b"READY=1"] + [b"WATCHDOG=1"] * 3)
        first.signal()
        self.assertEqual({self.manager.next(), self.manager.next()}, {"STOPPING=1", "READY=1"})

    def replace(self, server, successor):
        self.start(successor)  # in line: that is ready enough for the server before it to leave
        successor.wait_log("waiting for it to leave")
        server.signal()
        said = {self.manager.next(), self.manager.next()}
        self.assertEqual(said, {"STOPPING=1", "READY=1"})
        self.assertEqual(server.wait_end(), 0)


if __name__ == "__main__":
    lib.main()
