"""kong.ctx.plugin: what one phase of a request leaves, a later one finds on whatever worker it runs."""
import json
import signal

import lib
import pb_gateway
import stateful_gateway

LEAVE = """
    local t = kong.ctx.plugin
    t.worker, t.pid, t.user, t.bytes = ngx.worker.id(), ngx.worker.pid(), { name = "ann", ids = { 1, 2 } }, "\\0\\255"
"""
FIND = """
    local t = kong.ctx.plugin
    assert(t.user.name == "ann" and t.user.ids[2] == 2 and t.bytes == "\\0\\255")
"""
ELSEWHERE = FIND + "assert(t.worker ~= ngx.worker.id()) t.user.ids[3] = 3"
BACK = FIND + "assert(t.worker == ngx.worker.id() and t.user.ids[3] == 3)"


class Workers(lib.WireTest):
    connect_as = lib.Gateway
    answer = staticmethod(stateful_gateway.answer_msgpack)

    def open(self, workers=2):
        self.server = self.serve("e2e-all", workers=workers)
        self.gateways = [self.gateway() for _ in range(workers)]
        self.request = stateful_gateway.Request()
        self.called = []

    def gateway(self):
        gateway = self.connect_as(self.server.path())
        self.addCleanup(gateway.close)
        return gateway

    def phase(self, gateway, name, lua):
        """Runs it to its end, for the one request."""
        def answers(*call):
            self.called.append(str(call))
            return self.answer(self.request, *call)

        instance = gateway.start_instance("e2e-all", json.dumps({name: lua + " kong.ctx.shared.done = '%s'" % name}))
        self.request.shared.clear()
        gateway.play(instance, answers, name)
        self.assertEqual(self.request.shared, {"done": name}, self.called)

    def test_the_state_of_access_is_there_on_another_worker_and_back(self):
        self.open()
        one, two = self.gateways
        self.phase(one, "access", LEAVE)
        self.phase(two, "response", ELSEWHERE)
        self.phase(one, "log", BACK)

    def test_it_is_there_after_a_reload(self):
        self.open(workers=1)
        self.phase(self.gateways[0], "access", LEAVE)
        self.server.process.send_signal(signal.SIGHUP)
        self.server.wait_log("reload: done")
        self.phase(self.gateway(), "log", FIND + "assert(t.pid ~= ngx.worker.pid())")

    def test_what_can_not_cross_is_told_once(self):
        self.open()
        for gateway in self.gateways * 3:
            self.phase(gateway, "access", "kong.ctx.plugin.fn = print kong.ctx.plugin.n = 1")
        told = [text for text in self.called if "kong.ctx.plugin.fn holds a function" in text]
        self.assertEqual(len(told), 2, told)  # by each worker
        self.phase(self.gateways[0], "log", "assert(kong.ctx.plugin.n == 1 and kong.ctx.plugin.fn == nil)")

    def test_a_worker_by_itself_says_nothing_of_that(self):
        self.open(workers=1)
        self.phase(self.gateways[0], "access", "kong.ctx.plugin.fn = print")
        self.phase(self.gateways[0], "log", "assert(kong.ctx.plugin.fn == print)")
        self.assertNotIn("holds a function", str(self.called))


class WorkersOverProtobuf(Workers):
    connect_as = pb_gateway.PbGateway
    answer = staticmethod(stateful_gateway.answer_protobuf)


if __name__ == "__main__":
    lib.main()
