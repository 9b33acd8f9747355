"""ngx.thread over the wire: threads that call the gateway, and what becomes of them when their event ends."""
import lib


class Threads(lib.WireTest):
    def open(self, handler, **settings):
        self.server = self.serve_code("p", handler, **settings)
        self.gateway = self.connect(self.server)
        self.instance = self.gateway.start_instance("p")

    def access(self, answers=None, phase="access"):
        return self.gateway.play(self.instance, lambda method, args: (answers or {}).get(method), phase)

    def calls(self, *args, **more):
        return [name.replace("kong.", "") if isinstance(name, str) else name
                for name in (call if call == "ret" else call[0] for call in self.access(*args, **more))]

    def test_threads_call_the_gateway_and_share_what_belongs_to_the_event(self):
        self.open("""
            function P:access()
                kong.ctx.plugin.x = 1
                local threads = {}
                for i = 1, 5 do
                    threads[i] = ngx.thread.spawn(function(n)
                        if n % 2 == 0 then ngx.sleep(0.002) end
                        assert(kong.request.get_header("n" .. n) == "v" and ngx.get_phase() == "access")
                        kong.ctx.plugin.x = kong.ctx.plugin.x + n
                        return n
                    end, i)
                end
                for i = 1, 5 do
                    assert(select(2, ngx.thread.wait(threads[i])) == i)
                end
                kong.response.set_header("sum", kong.ctx.plugin.x)
            end""", read_cache="off")
        calls = self.access({"kong.request.get_header": "v"})
        self.assertEqual(sorted(args[0] for name, args in calls[:-1] if name.endswith("get_header")),
                         ["n1", "n2", "n3", "n4", "n5"])
        self.assertIn(("kong.response.set_header", ["sum", 16]), [tuple(call) for call in calls[:-1]])
        self.assertEqual(calls[-1], "ret")

    def test_an_event_ends_after_its_threads(self):
        self.open("""
            function P:access()
                ngx.thread.spawn(function()
                    ngx.sleep(0.01)
                    kong.response.set_header("x", "late")
                end)
            end""")
        self.assertEqual(self.calls(), ["response.set_header", "ret"])

    def test_a_thread_may_end_the_request(self):
        self.open("""
            function P:access()
                local other = ngx.thread.spawn(function() ngx.sleep(3600) end)
                ngx.thread.wait(ngx.thread.spawn(function() kong.response.exit(403, "no") end), other)
            end""")
        for _ in range(3):
            self.assertEqual(self.calls(), ["response.exit"])
        self.assertEqual(self.gateway.call("plugin.GetStatus")["Pid"], self.server.process.pid)

    def test_exits_and_errors_end_the_threads(self):
        self.open("""
            function P:access()
                ngx.thread.spawn(function() ngx.sleep(0.001) kong.log.err("lives") end)
                kong.response.exit(200)
            end
            function P:log()
                ngx.thread.spawn(function() ngx.sleep(3600) end)
                error("on purpose")
            end
            function P:rewrite()
                ngx.thread.spawn(function() kong.request.get_header("x") end)
                error("on purpose")
            end""")
        for _ in range(3):
            self.assertEqual(self.calls(), ["response.exit"])
            self.assertEqual(self.calls(phase="log")[-1], "ret")
            self.assertEqual(self.calls(phase="rewrite")[-1], "response.exit")
        self.assertNotIn("lives", self.server.log())

    def test_a_semaphore_that_gets_more_than_anybody_can_count_lets_all_go_on(self):
        self.open("""
            local semaphore = require "ngx.semaphore"
            function P:access()
                local s, threads = semaphore.new(), {}
                for i = 1, 3 do
                    threads[i] = ngx.thread.spawn(function() assert(s:wait(3600)) end)
                end
                s:post(math.huge)
                for i = 1, 3 do
                    assert(ngx.thread.wait(threads[i]))
                end
                assert(s:count() > 1e6 and s:wait(0) and s:post(5))
                kong.response.set_header("all", "went on")
            end""")
        self.assertEqual(self.calls(), ["response.set_header", "ret"])

    def test_a_handler_that_waits_for_a_semaphore_calls_for_its_threads(self):
        self.open("""
            local semaphore = require "ngx.semaphore"
            function P:access()
                local s = semaphore.new()
                ngx.thread.spawn(function()
                    kong.request.get_header("a")
                    s:post()
                end)
                assert(s:wait(30))
                kong.response.set_header("x", "y")
            end""")
        self.assertEqual(self.calls({"kong.request.get_header": "v"}),
                         ["request.get_header", "response.set_header", "ret"])

    def test_errors_of_the_gateway_reach_the_thread(self):
        self.open("""
            function P:access()
                local ok, err = ngx.thread.wait(ngx.thread.spawn(function()
                    return pcall(kong.response.set_status, 5000)
                end))
                kong.response.set_header("x", tostring(ok) .. tostring(err))
            end""")
        calls = self.access()
        self.assertEqual(calls[-2][1][1], "truefalse", calls)

    def test_init_worker_and_timers_have_threads(self):
        self.open("""
            function P:init_worker()
                local t = ngx.thread.spawn(function() ngx.sleep(0.001) return "init" end)
                kong.log.notice("from ", select(2, ngx.thread.wait(t)))
                ngx.thread.spawn(function() ngx.sleep(3600) end)
                ngx.timer.at(0, function()
                    local t = ngx.thread.spawn(function() ngx.sleep(0.001) return "timer" end)
                    kong.log.notice("from ", select(2, ngx.thread.wait(t)))
                    ngx.thread.spawn(function() ngx.sleep(3600) end)
                    error("on purpose")
                end)
                error("on purpose")
            end""")
        self.server.wait_log("from init")
        self.server.wait_log("from timer")


if __name__ == "__main__":
    lib.main()
