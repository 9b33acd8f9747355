"""Programs of remote plugins that lie, or say nothing: they hurt their own plugin, and nobody else's."""
import json
import os
import subprocess
import sys

import lib

LIAR = os.path.join(os.path.dirname(lib.FIXTURES), "remote", "liar.py")


def program(greeting="hello"):
    return "'%s' '%s' %s" % (sys.executable, LIAR, greeting)


class Lies(lib.WireTest):
    def setUp(self):
        self.begin()

    def begin(self):
        self.server = self.serve("liar", "wire-do", plugin_liar_exec=program(), event_timeout="1s",
                                 quarantine_after=1000, max_message_size="256k")

    def event(self, how, answer=lambda *_: "GET"):
        """The calls that the gateway is asked to make for one event."""
        with self.server.connect("liar") as gateway:
            instance = gateway.start_instance("liar", json.dumps({"how": how}))
            return gateway.play(instance, answer)

    def wait_served(self):
        def is_served():
            try:
                return self.event("good") == ["ret"]
            except (lib.RpcError, OSError, EOFError, AssertionError):
                return False
        lib.wait_until(is_served, "the next program")

    def assert_breaks(self, how, text):
        """The program is ended for it, whatever it was believed before that."""
        lines = len(self.server.log_lines)

        def wait_for_its_end(*_):
            lib.wait_until(lambda: any(text in line for line in self.server.log_lines[lines:]),
                           "%r for %s in the log:\n%s" % (text, how, self.server.log()))
            return "GET"
        # What it says while a call is unanswered, it says before the answer.
        calls = self.event(how, wait_for_its_end)
        self.assertTrue(calls == ["ret"] or calls[-1][0] == "kong.response.exit", calls)
        wait_for_its_end()
        with self.server.connect("wire-do") as neighbour:
            instance = neighbour.start_instance("wire-do", '{"mode":"nothing"}')
            self.assertEqual(neighbour.play(instance, lambda *_: "v"), ["ret"])
        self.wait_served()

    def test_what_breaks_the_protocol_ends_the_program_and_its_worker(self):
        for how, text in (
                ("twice", "speaks of an event that it was not given"),
                ("other-event", "speaks of an event that it was not given"),
                ("two-calls", "does not wait for the answer to a call"),
                ("end-in-call", "does not wait for the answer to a call"),
                ("flood", "answers what nobody asked"),
                ("outriggers-words", "says what only Outrigger says"),
                ("no-type", "breaks the protocol: there is no type 99"),
                ("no-envelope", "breaks the protocol: a message is no envelope"),
                ("deep", "breaks the protocol"), ("bytes", "breaks the protocol"),
                ("parts", "breaks the protocol: a message has several parts"),
                ("second-peer", "breaks the protocol: it has connected a second time")):
            with self.subTest(how):
                self.assert_breaks(how, text)
                self.end(self.server)
                self.begin()

    def test_one_that_says_nothing_costs_its_events_their_deadline_and_at_last_its_life(self):
        calls = self.event("silent")
        self.assertEqual([calls[-1][0], calls[-1][1][0]], ["kong.response.exit", 503])
        self.assertEqual(self.event("good"), ["ret"])
        with self.server.connect("liar") as gateway:
            instance = gateway.start_instance("liar", '{"how":"silent"}')
            ids = [gateway.start_call("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"})]
            gateways = [self.connect(self.server, "liar") for _ in range(70)]
            for other in gateways:
                ids.append(other.start_call("plugin.HandleEvent",
                                            {"InstanceId": instance, "EventName": "access"}))
            self.server.wait_log("has come back from none of the events that were cancelled")
        self.wait_served()

    def test_one_that_dies_is_reported_by_its_death_and_not_by_its_connection(self):
        def answer(*_):
            self.server.wait_log("its connection is closed")
            return "GET"
        self.assertEqual(self.event("dies-in-call", answer)[-1][0], "kong.response.exit")
        self.server.wait_log("its program ended with exit code 3: outrigger ends")
        self.wait_served()

    def test_a_message_that_is_too_large_is_not_read(self):
        calls = self.event("large")
        self.assertEqual(calls[-1][0], "kong.response.exit")

    def test_a_function_that_is_none_and_an_error_of_any_text_fail_the_event_alone(self):
        for how, text in (("no-function", "no PDK function 'kong.no.such'"), ("error", "boom")):
            calls = self.event(how)
            self.assertIn(text, calls[0][1][0])
            self.assertEqual(calls[-1][0], "kong.response.exit")
        self.assertEqual(self.event("good"), ["ret"])
        self.assertNotIn("has ended", self.server.log())


class Loading(lib.WireTest):
    def dump(self, command):
        done = subprocess.run([lib.BINARY, "dump", "--prefix", self.temp_dir(), "--plugin", "liar",
                               "--plugin-liar-exec", command], text=True, capture_output=True, check=False)
        self.assertNotIn("Sanitizer", done.stderr)
        return done

    def test_a_dump_says_what_the_program_says(self):
        done = self.dump(program())
        self.assertEqual(done.returncode, 0, done.stderr)
        (plugin,) = json.loads(done.stdout)["Plugins"]
        self.assertEqual((plugin["Name"], plugin["Priority"], plugin["Phases"]), ("liar", 1, ["access"]))

    def test_a_program_that_does_not_say_what_it_should_is_refused_with_the_reason(self):
        for command, text in (
                (program("no-plugin"), "its program has no plugin 'liar'"),
                (program("other-name"), "its program has no plugin 'liar'"),
                (program("no-schema"), "its schema is no JSON"),
                (program("bad-schema"), "schema"),
                (program("no-priority"), "must say version (a text), priority"),
                (program("no-phases"), "must say version (a text), priority"),
                (program("no-hello"), "does not begin with HELLO"),
                (program("version"), "version 2"),
                (program("ends"), "ended with exit code 7 before it said anything"),
                ("/no/such/program", "ended with exit code 127"),
                ("echo 'unbalanced", "is no command"), ("a | b", "is no command"), ("a $(b)", "is no command")):
            with self.subTest(command):
                done = self.dump(command)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(text, done.stderr)


class Process(lib.WireTest):
    def children(self, pid):
        return [int(n) for n in os.listdir("/proc") if n.isdigit() and lib.stat_field(int(n), 1) == str(pid)]

    def test_the_program_is_told_to_leave_and_ends_with_its_server_and_leaves_no_socket(self):
        for greeting in "hello", "several":
            with self.subTest(greeting):
                server = self.serve("liar", plugin_liar_exec=program(greeting))
                (worker,) = self.children(server.process.pid)
                (pid,) = self.children(worker)
                self.assertEqual([name for name in os.listdir(server.prefix) if "remote" in name], [])
                self.assertEqual(server.stop(), 0, server.log())
                lib.wait_until(lambda pid=pid: lib.stat_field(pid, 0) in (None, "Z", "X"), "the program's end")
                self.assertIn("it is told to leave", server.log())

    def test_its_memory_counts_as_its_workers(self):
        server = self.serve("liar", plugin_liar_exec=program(), worker_memory_max="500m")
        with server.connect() as gateway:
            instance = gateway.start_instance("liar", '{"how":"grows"}')
            self.assertNotIn("worker_memory_max", server.log())
            gateway.start_call("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"})
            server.wait_log("worker_memory_max")

    def test_it_may_do_what_its_worker_may(self):
        server = self.serve("liar", plugin_liar_exec=program())
        (worker,) = self.children(server.process.pid)
        (pid,) = self.children(worker)
        for name in ("Seccomp", "NoNewPrivs", "Uid", "CapEff"):
            lines = []
            for process in (worker, pid):
                with open("/proc/%d/status" % process, encoding="ascii") as file:
                    lines += [line for line in file if line.startswith(name + ":")]
            self.assertEqual(lines[0], lines[1])
        fds = sorted(int(n) for n in os.listdir("/proc/%d/fd" % pid))
        self.assertEqual(fds[:4], [0, 1, 2, 3])
        for fd in fds:
            self.assertNotRegex(os.readlink("/proc/%d/fd/%d" % (pid, fd)), "memfd|registry")


if __name__ == "__main__":
    lib.main()
