"""Programs that come by themselves (plugin_NAME_listen): who serves, and what holds when one goes."""
import json
import os
import signal

import lib
from remote_guests import LONG, GuestTest, outrigger, workers_of
from remote_programs import JAVASCRIPT


class Serving(GuestTest):
    def test_a_program_serves_whichever_comes_first(self):
        guest = self.come()
        server = self.begin()
        self.assertEqual(self.served_by(server), guest.pid)

    def test_one_that_comes_late_finds_a_server_that_fails_closed(self):
        server = self.serve(self.plugin, **self.options(), start=False, load_timeout="1s")
        server.start()
        server.wait_log("no program has come")
        lib.wait_until(lambda: os.path.exists(server.path()), "the socket")
        with self.assertRaises(lib.RpcError):
            self.served_by(server)
        guest = self.come()
        self.wait_served_by(server, guest)

    def test_it_is_described_before_and_while_it_serves(self):
        guest = self.come()
        words = [word for key, value in self.options().items()
                 for word in ("--" + key.replace("_", "-"), value)]

        def dump():
            done = outrigger("dump", "--prefix", self.folder, "--plugin", self.plugin, *words)
            self.assertEqual(done.returncode, 0, done.stderr)
            return json.loads(done.stdout)["Plugins"][0]["Version"]
        self.assertEqual(dump(), "1.2.3")
        server = self.begin()
        self.assertEqual(dump(), "1.2.3")
        self.assertEqual(self.served_by(server), guest.pid)

    def test_where_it_goes_events_fail_until_it_is_back(self):
        guest = self.come()
        server = self.begin()
        with server.connect() as gateway:
            instance = gateway.start_instance(self.plugin, self.conf(LONG))
            waiting = gateway.event(instance)
            guest.end()
            self.assertEqual(gateway.step(waiting["EventId"], "GET")["Data"], lib.EXIT_503)
        another = self.come()
        self.wait_served_by(server, another)

    def test_a_second_one_waits_until_the_first_has_gone(self):
        first = self.come()
        server = self.begin()
        second = self.come()
        for _ in range(3):
            self.assertEqual(self.served_by(server), first.pid)
        first.end()
        self.wait_served_by(server, second)

    def test_a_reload_is_served_by_the_same_program_and_so_is_the_next_worker(self):
        guest = self.come()
        server = self.begin()
        self.assertEqual(self.served_by(server), guest.pid)
        (worker,) = workers_of(server)
        server.signal(signal.SIGHUP)
        lib.wait_until(lambda: workers_of(server) not in ([worker], []), "a successor")
        self.assertEqual(self.served_by(server), guest.pid)
        lib.wait_until(lambda: len(workers_of(server)) == 1, "the end of the first worker")
        os.kill(workers_of(server)[0], signal.SIGKILL)
        self.wait_served_by(server, guest)

    def test_one_that_is_told_to_end_is_relieved_and_finishes_what_it_has(self):
        first = self.come()
        server = self.begin()
        second = self.come()
        gateway = self.connect(server)
        event = gateway.event(gateway.start_instance(self.plugin, self.conf(LONG)))
        first.signal(signal.SIGTERM)
        server.wait_log("gets a successor, as it wants to leave")
        lib.wait_until(lambda: self.served_by(server) == second.pid, "the second program")
        self.assertEqual(gateway.step(event["EventId"], "GET")["Data"]["Method"], "kong.request.get_path")
        self.assertEqual(gateway.step(event["EventId"], "/")["Data"], "ret")
        self.assertEqual(first.wait_end(), 0, first.lines)
        self.assertNotIn("outrigger ends", server.log())

    def test_one_that_nobody_relieves_finishes_what_it_has_and_goes(self):
        guest = self.come()
        server = self.begin(load_timeout="3s")
        gateway = self.connect(server)
        event = gateway.event(gateway.start_instance(self.plugin, self.conf(LONG)))
        guest.signal(signal.SIGTERM)
        self.assertEqual(gateway.step(event["EventId"], "GET")["Data"]["Method"], "kong.request.get_path")
        self.assertEqual(gateway.step(event["EventId"], "/")["Data"], "ret")
        server.wait_log("its program has left")
        self.assertEqual(guest.wait_end(), 0, guest.lines)


class ServingInJavaScript(Serving):
    LANGUAGE = JAVASCRIPT


if __name__ == "__main__":
    lib.main()
