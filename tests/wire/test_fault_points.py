"""Real workers, killed at each place that fault.def names. Needs a build with OUTRIGGER_FAULTS."""
import contextlib
import os
import re
import signal
import unittest

import lib
import pb_gateway

CONF = '{"mode":"read","count":2}'
CALLS = ["kong.request.get_header"] * 2
EXIT = "kong.response.exit"
UNFINISHED_EVENT = "outrigger has to end"
LIFE = 3  # requests; the worker dies in one of them
RELEASED = "RELEASE_NOTED"  # what a worker by itself never comes to: the tests of Released do


def places():
    with open(os.path.join(lib.SOURCE, "server", "custody", "fault.def"), encoding="utf-8") as file:
        return re.findall(r"^FAULT_POINT\((\w+),", file.read(), re.M)


def is_built():
    """Whether the binary knows the places; the name of one is nowhere else in it."""
    with open(lib.BINARY, "rb") as file:
        return b"COMMIT_COPIED" in file.read()


def ask(path, instance=None):
    """An instance, or an event of it, over a connection of its own: what the gateway makes of that. "again" is
    an end after which it asks once more."""
    with lib.Gateway(path) as g:
        try:
            if instance is None:
                return g.start_instance("wire-do", CONF)
            calls = g.play(instance, lambda *_: "v")
        except EOFError:
            return "refused" if g.latest.endswith(lib.UNFINISHED) else "passed"
        except lib.RpcError:
            return "again" if instance is None else "passed"
    names = [name for name, _ in calls[:-1]]
    if calls[-1] == "ret":
        return "all" if names == CALLS else "passed"
    return "refused" if calls[-1][0] == EXIT else "passed"


def ask_protobuf(path, instance=None):
    g, calls = pb_gateway.PbGateway(path), []

    def answer(name, _):
        calls.append(name)
        return "v"

    try:
        if instance is None:
            return g.start_instance("wire-do", CONF)
        g.start_event(instance)
        while call := g.read_call():
            if call[0] in (EXIT, UNFINISHED_EVENT):
                return "refused"
            g.answer(call[0], answer(*call))
        return "all" if calls == CALLS else "passed"
    except EOFError:
        return "passed" if calls else "again"
    finally:
        g.close()


class Armed(lib.WireTest):
    def serve_armed(self, place, hit, **settings):
        server = lib.Server("wire-do", start=False, **settings)
        self.addCleanup(self.end, server)
        server.start(env={**os.environ, "FAULT_OF_OUTRIGGER": "%s:%d" % (place, hit)})
        server.wait_ready()
        return server


@unittest.skipUnless(is_built(), "a build without OUTRIGGER_FAULTS")
class FaultPoints(Armed):
    def survive(self, function, place, hit):
        """The worker dies once, wherever; then all is as before."""
        server = self.serve_armed(place, hit)
        instance = "again"
        while not isinstance(instance, int):
            instance = function(server.path())
        for _ in range(LIFE):
            self.assertIn(function(server.path(), instance), ("all", "refused", "again"))
        server.wait_log("signal 9, Killed")
        self.assertEqual(function(server.path(), instance), "all")
        server.stop()

    def survive_all(self, function):
        for number, place in enumerate(place for place in places() if place != RELEASED):
            hit = number % LIFE + 1
            with self.subTest(place=place, hit=hit):
                self.survive(function, place, hit)

    def test_no_request_over_msgpack_passes_unseen(self):
        self.survive_all(ask)

    def test_no_request_over_protobuf_passes_unseen(self):
        self.survive_all(ask_protobuf)


@unittest.skipUnless(is_built(), "a build without OUTRIGGER_FAULTS")
class Released(Armed):
    """A worker dies that has let go of a connection, and nobody knows."""

    def test_a_step_that_it_was_handing_to_the_other_worker_arrives_there(self):
        server = self.serve_armed(RELEASED, 1, workers=2)
        with lib.Gateway(server.path()) as one, lib.Gateway(server.path()) as two:
            event = one.event(one.start_instance("wire-do", CONF))["EventId"]
            self.assertEqual(two.step(event, "v")["Data"]["Method"], CALLS[1])
            server.wait_log("signal 9, Killed")
            self.assertEqual(two.step(event, "v")["Data"], "ret")
            for g in one, two:
                self.assertEqual(g.play(g.start_instance("wire-do", CONF), lambda *_: "v")[-1], "ret")

    def test_an_idle_connection_that_it_gave_up_at_a_reload_goes_on_with_the_next_worker(self):
        for connect in lib.Gateway, pb_gateway.PbGateway:
            server = self.serve_armed(RELEASED, 1)
            with contextlib.closing(connect(server.path())) as g:
                instance = g.start_instance("wire-do", CONF)
                server.signal(signal.SIGHUP)
                server.wait_log("signal 9, Killed")
                self.assertEqual(g.play(instance, lambda *_: "v")[-1], "ret")


if __name__ == "__main__":
    lib.main()
