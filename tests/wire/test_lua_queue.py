"""kong.tools.queue: batches, retries, order, room, and what is left when the process ends."""
import json
import re
import signal

import lib

# Each log event adds conf.word's words, a word an entry; the handler writes what it gets.
HANDLER = """
    local Queue = require "kong.tools.queue"
    local tries = 0
    local function handler(conf, entries)
        tries = tries + 1
        if tries <= (conf.failures or 0) then
            if tries %% 2 == 0 then error("raised " .. tries) end
            return false, "failed " .. tries
        end
        kong.log.notice("batch {", table.concat(entries, " "), "}")
        return true
    end
    function P:log(conf)
        local spec = conf.word and require("cjson").decode(conf.word) or {}
        local queue = { name = "q", max_batch_size = 1, max_coalescing_delay = 1, max_entries = 100,
            initial_retry_delay = 0.01, max_retry_time = 60, max_retry_delay = 0.05, concurrency_limit = 1 }
        for k, v in pairs(spec.queue or {}) do queue[k] = v end
        for word in (spec.words or ""):gmatch("%%S+") do
            local ok, err = Queue.enqueue(queue, handler, spec, word)
            if not ok then kong.log.notice("refused: ", err) end
        end
        %s
    end"""


class QueueTest(lib.WireTest):
    def open(self, more="", **settings):
        self.server = self.serve_code("p", HANDLER % more, **settings)
        self.gateway = self.connect(self.server)

    def add(self, words, failures=0, **queue):
        conf = {"word": json.dumps({"words": words, "failures": failures, "queue": queue})}
        instance = self.gateway.start_instance("p", json.dumps(conf))
        return self.gateway.play(instance, lambda method, args: None, "log")

    def batches(self):
        return re.findall(r"batch \{(.*?)\}", self.server.log())

    def wait_batches(self, expected):
        lib.wait_until(lambda: len(self.batches()) >= len(expected), "%d batches:\n%s" % (
            len(expected), self.server.log()))
        self.assertEqual(self.batches(), expected)


class Batches(QueueTest):
    def test_entries_are_handled_in_their_order_one_by_one(self):
        self.open()
        self.add("a b c")
        self.wait_batches(["a", "b", "c"])
        self.add("d")
        self.wait_batches(["a", "b", "c", "d"])

    def test_a_batch_goes_out_when_it_is_full(self):
        self.open()
        self.add("a b c d e", max_batch_size=2, max_coalescing_delay=1000)
        self.wait_batches(["a b", "c d"])
        self.add("f", max_batch_size=2, max_coalescing_delay=1000)
        self.wait_batches(["a b", "c d", "e f"])

    def test_a_batch_goes_out_when_its_first_entry_has_waited_for_long_enough(self):
        self.open()
        self.add("a b c", max_batch_size=100, max_coalescing_delay=0.2)
        self.wait_batches(["a b c"])

    def test_without_a_limit_of_concurrency_each_entry_goes_alone(self):
        self.open()
        self.add("a b", concurrency_limit=-1, max_batch_size=10)
        lib.wait_until(lambda: sorted(self.batches()) == ["a", "b"], "both")


class Retries(QueueTest):
    def test_a_batch_that_fails_or_raises_is_tried_again_and_later_ones_wait(self):
        self.open()
        self.add("a b c", failures=3)
        self.wait_batches(["a", "b", "c"])
        self.server.wait_log("failed 1")
        self.server.wait_log("raised 2")

    def test_a_batch_is_given_up_after_max_retry_time(self):
        self.open()
        self.add("a", failures=10**6, max_retry_time=0.05)
        self.server.wait_log("max_retry_time exceeded. 1 queue entries were lost")

    def test_the_latest_conf_is_handed_to_the_handler(self):
        self.open()
        self.add("a", failures=10**6)
        self.server.wait_log("failed 1")
        self.add("b", failures=0)
        self.wait_batches(["a", "b"])


class Room(QueueTest):
    # None goes out before the process ends, so that nothing depends on how fast this is.
    def add_and_leave(self, words, **queue):
        calls = self.add(words, max_batch_size=9, max_coalescing_delay=1000, **queue)
        self.server.signal(signal.SIGTERM)
        self.assertEqual(self.server.wait_end(), 0)
        return json.dumps(calls)

    def test_old_entries_give_way_when_there_is_no_room(self):
        self.open()
        texts = self.add_and_leave("a b c d e", max_entries=3)
        self.assertIn("queue at 80% capacity", texts)
        self.assertEqual(texts.count("queue full, dropping old entries until processing is successful again"), 2)
        self.assertEqual(self.batches(), ["c d e"])

    def test_bytes_count_too_and_an_entry_may_be_too_large(self):
        self.open()
        texts = self.add_and_leave("aaaa bbbb cccc ddddddddddd", max_bytes=10)
        self.assertIn("string to be queued is longer (11 bytes) than the queue's max_bytes (10 bytes)", texts)
        self.assertIn("byte capacity exceeded, 1 queue entries were dropped", texts)
        self.assertEqual(self.batches(), ["bbbb cccc"])

    def test_it_can_be_asked_before(self):
        self.open("""
            kong.log.notice(tostring(Queue.is_full(queue)), Queue.can_enqueue(queue, "x"),
                Queue.exists("q"), Queue.exists("none"))""")
        calls = self.add("", max_entries=2)
        self.assertRegex(calls[-2][1][0], "falsetruefalsefalse")
        self.assertIn("truefalsetruefalse", self.add_and_leave("a b", max_entries=2))
        self.assertEqual(self.batches(), ["a b"])


class Parameters(lib.WireTest):
    def test_the_fields_of_old_are_those_of_now(self):
        server = self.serve_code("p", """
            function P:log()
                local get = require("kong.tools.queue").get_plugin_params
                local a = get("p", { queue = { max_batch_size = 5 }, plugin_instance_name = "i" })
                local b = get("p", { queue_size = 7, flush_timeout = 3, retry_count = 9, queue = {} }, "mine")
                kong.log.notice(a.name, " ", a.log_tag, " ", a.max_batch_size)
                kong.log.notice(b.name, " ", b.max_batch_size, " ", b.max_coalescing_delay)
            end""")
        gateway = self.connect(server)
        calls = gateway.play(gateway.start_instance("p"), lambda method, args: "the-id", "log")
        texts = [args[0].split(" ", 1)[1] for method, args in calls[:-1] if method == "kong.log.notice"]
        self.assertEqual(texts, ["the-id p plugin the-id (i) 5", "mine 7 3"])
        self.assertEqual([m for m, _ in calls[:-1]].count("kong.log.warn"), 3)


class Leaving(QueueTest):
    def test_what_is_left_goes_out_at_once(self):
        self.open()
        self.add("a b c", max_batch_size=10, max_coalescing_delay=1000)
        self.server.signal(signal.SIGTERM)
        self.assertEqual(self.server.wait_end(), 0)
        self.assertEqual(self.batches(), ["a b c"])

    def test_a_batch_that_fails_then_is_tried_again_until_the_end(self):
        self.open()
        self.add("a b", failures=2, initial_retry_delay=1000, max_retry_delay=1000)
        self.server.wait_log("failed 1")
        self.server.signal(signal.SIGTERM)
        self.assertEqual(self.server.wait_end(), 0)
        self.assertEqual(self.batches(), ["a", "b"])


class Cache(lib.WireTest):
    def test_a_callback_runs_once_for_all_who_ask_at_the_same_time(self):
        server = self.serve_code("p", """
            local gate, asking, runs = require("ngx.semaphore").new(), 0, 0
            function P:access()
                asking = asking + 1
                if asking == 10 then gate:post() end
                local value, err, level = kong.cache:get("key", nil, function()
                    runs = runs + 1
                    assert(gate:wait(60))
                    return { n = runs }
                end)
                assert(value.n == 1 and runs == 1 and (level == 1 or level == 3), err)
            end""")
        gateways = [self.connect(server) for _ in range(10)]
        instance = gateways[0].start_instance("p")
        calls = [g.start_call("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"})
                 for g in gateways]
        for gateway, call in zip(gateways, calls):
            self.assertEqual(gateway.read_answer(call)["Data"], "ret")

    def test_a_callback_may_ask_the_gateway(self):
        server = self.serve_code("p", """
            function P:access()
                kong.log.notice((kong.cache:get("key", nil, function(name)
                    return kong.request.get_header(name)
                end, "x-one")))
            end""")
        gateway = self.connect(server)
        instance = gateway.start_instance("p")
        for asked in (True, False):
            calls = gateway.play(instance, lambda method, args: "found")
            self.assertEqual(("kong.request.get_header", ["x-one"]) in calls, asked)
            self.assertEqual(calls[-2][1], ["handler.lua:4 found"])

    def test_worker_events_arrive_a_moment_later(self):
        server = self.serve_code("p", """
            function P:init_worker()
                kong.worker_events.register(function(data, event, source)
                    kong.log.notice("got ", data.n, event, source)
                end, "mine", "one")
                kong.worker_events.register(function(data) kong.log.notice("all ", data.n) error("x") end, "mine")
            end
            function P:access()
                assert(kong.worker_events.post("mine", "one", { n = 5 }))
                assert(kong.worker_events.post("other", "one", { n = 6 }))
            end""")
        gateway = self.connect(server)
        self.assertEqual(gateway.event(gateway.start_instance("p"))["Data"], "ret")
        server.wait_log("got 5onemine")
        server.wait_log("all 5")
        server.wait_log("worker_events: callback failed")
        self.assertNotIn("got 6", server.log())


if __name__ == "__main__":
    lib.main()
