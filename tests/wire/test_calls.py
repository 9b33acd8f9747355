"""The calls of MsgPack:1: their bytes, their answers, and what is no call of the gateway."""
import json

import lib
import msgpack


class Bytes(lib.WireTest):
    def setUp(self):
        self.server = self.serve("wire-do")
        self.gateway = self.connect(self.server)

    def test_start_event_step_and_end_are_as_the_gateway_knows_them(self):
        g = self.gateway
        g.send_bytes(b"\x94\x00\x01\xb4plugin.StartInstance\x91\x82\xa4Name\xa7wire-do\xa6Config"
                     b"\xd9\x10{\"mode\": \"read\"}")
        self.assertEqual(g.read()[:2], [2, "serverPid"])
        answer = g.read()
        self.assertEqual(answer[:3], [1, 1, None])
        instance = answer[3]["Id"]
        g.send_bytes(b"\x94\x00\x02\xb2plugin.HandleEvent\x91\x82\xa9EventName\xa6access"
                     b"\xaaInstanceId\xce" + instance.to_bytes(4, "big"))
        answer = g.read()
        self.assertEqual(answer[:3], [1, 2, None])
        self.assertEqual(answer[3]["Data"], {"Method": "kong.request.get_header", "Args": ["x-1"]})
        event = answer[3]["EventId"]
        g.send_bytes(b"\x94\x00\x03\xabplugin.Step\x91\x81\xa7EventId\xcf" + event.to_bytes(8, "big"))
        answer = g.read()
        self.assertEqual(answer[:3], [1, 3, None])
        self.assertEqual(answer[3]["Data"], "ret")

    def test_messages_may_come_byte_by_byte(self):
        g = self.gateway
        message_id, data = g.pack("plugin.StartInstance", {"Name": "wire-do",
                                                                     "Config": '{"mode":"nothing"}'})
        for byte in data:
            g.send_bytes(bytes([byte]))
        self.assertIn("Id", g.read_answer(message_id))

    def test_several_messages_in_one_write_are_answered_in_order(self):
        g = self.gateway
        instance = g.start_instance("wire-do", '{"mode":"nothing"}')
        calls = [g.pack("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"})
                 for _ in range(50)]
        g.send_bytes(b"".join(data for _, data in calls))
        for message_id, _ in calls:
            self.assertEqual(g.read_answer(message_id)["Data"], "ret")

    def test_empty_maps_may_come_as_empty_arrays(self):
        g = self.gateway
        with self.refuses("Name"):
            g.call("plugin.StartInstance", [])


class Notices(lib.WireTest):
    def test_server_pid_comes_once_before_the_first_answer_of_each_connection(self):
        server = self.serve("wire-do")
        numbers = set()
        for _ in range(2):
            gateway = self.connect(server)
            gateway.start_instance("wire-do", '{"mode":"nothing"}')
            gateway.start_instance("wire-do", '{"mode":"exit"}')
            self.assertEqual(len(gateway.notices), 1)
            self.assertEqual(gateway.notices[0][:2], [2, "serverPid"])
            numbers.add(gateway.notices[0][2])
        self.assertEqual(len(numbers), 1)

    def test_its_number_changes_when_the_instances_are_lost(self):
        prefix = self.temp_dir()
        numbers = []
        for _ in range(2):
            server = self.serve("wire-do", prefix=prefix)
            with server.connect() as gateway:
                gateway.start_instance("wire-do", '{"mode":"nothing"}')
                numbers.append(gateway.notices[0][2])
            server.stop()
        self.assertNotEqual(*numbers)


class Instances(lib.WireTest):
    def setUp(self):
        self.server = self.serve("wire-do", "wire-mp", socket=self.temp_dir() + "/s")
        self.gateway = self.connect(self.server)

    def test_two_plugins_share_a_socket(self):
        g = self.gateway
        do = g.start_instance("wire-do", '{"mode":"read"}')
        mp = g.start_instance("wire-mp", '{"calls":"[[\\"kong.request.get_path\\",[]]]"}')
        self.assertEqual(g.play(do, lambda *_: 1), [("kong.request.get_header", ["x-1"]), "ret"])
        self.assertEqual(g.play(mp, lambda *_: "/"), [("kong.request.get_path", []), "ret"])

    def test_an_unknown_plugin_is_refused_by_name(self):
        with self.refuses("no plugin 'nobody' is served here"):
            self.gateway.start_instance("nobody")

    def test_a_conf_that_is_no_object_is_refused(self):
        for conf in ("", "7", "[1", "[]", '{"a":'):
            with self.refuses("conf of plugin 'wire-do'"):
                self.gateway.start_instance("wire-do", conf)

    def test_equal_confs_share_an_instance_and_others_do_not(self):
        g = self.gateway
        one = g.start_instance("wire-do", '{"mode":"read","count":1,"__seq__":1}')
        self.assertEqual(g.start_instance("wire-do", '{"__seq__":2,"count":1,"mode":"read"}'), one)
        self.assertNotEqual(g.start_instance("wire-do", '{"mode":"read","count":2}'), one)

    def test_a_closed_instance_can_still_be_used_by_an_event_under_way(self):
        g = self.gateway
        instance = g.start_instance("wire-do", '{"mode":"read"}')
        result = g.event(instance)
        g.close_instance(instance)
        self.assertEqual(g.step(result["EventId"], "v")["Data"], "ret")

    def test_an_unknown_instance_is_named_in_the_words_that_the_gateway_looks_for(self):
        with self.refuses("^no plugin instance 123$"):
            self.gateway.event(123)

    def test_closing_an_unknown_instance_is_no_error(self):
        self.gateway.close_instance(1)

    def test_phases_that_the_plugin_lacks_end_at_once(self):
        instance = self.gateway.start_instance("wire-do", '{"mode":"raise"}')
        self.assertEqual(self.gateway.event(instance, "preread")["Data"], "ret")

    def test_the_conf_reaches_the_handler_byte_for_byte(self):
        for text in ("", "\u00e4\u20ac", 'quote " and \\', "a\u0000b"):
            instance = self.gateway.start_instance("wire-do",
                                                   json.dumps({"mode": "conf", "text": text}))
            calls = self.gateway.play(instance, lambda *_: None)
            self.assertEqual(calls[0], ("kong.response.set_header", ["x-conf", text]))


class OtherMethods(lib.WireTest):
    def setUp(self):
        self.server = self.serve("wire-do")
        self.gateway = self.connect(self.server)

    def test_get_status_lists_plugins_and_instances(self):
        instance = self.gateway.start_instance("wire-do", '{"mode":"nothing"}')
        status = self.gateway.call("plugin.GetStatus")
        self.assertEqual(status["Pid"], self.server.process.pid)
        instances = status["Plugins"]["wire-do"]["Instances"]
        self.assertEqual([i["Id"] for i in instances], [instance])
        self.assertEqual(instances[0]["Config"], {"mode": "nothing"})

    def test_get_status_tells_what_the_pdk_calls_have_cost(self):
        instance = self.gateway.start_instance("wire-do", '{"mode":"read"}')
        for _ in range(3):
            self.gateway.play(instance, lambda *_: "v")
        calls = self.gateway.call("plugin.GetStatus")["Plugins"]["wire-do"]["Calls"]
        self.assertEqual(calls, {"kong.request.get_header": {"round_trips": 3}})

    def test_get_plugin_info_describes_a_plugin(self):
        info = self.gateway.call("plugin.GetPluginInfo", "wire-do")
        self.assertEqual((info["Name"], info["Version"], info["Priority"]), ("wire-do", "1.2.3", 1))
        self.assertIn("access", info["Phases"])
        with self.refuses("wants the name of a plugin"):
            self.gateway.call("plugin.GetPluginInfo", "nobody")

    def test_instance_status_describes_an_instance(self):
        instance = self.gateway.start_instance("wire-do", '{"mode":"nothing"}')
        status = self.gateway.call("plugin.InstanceStatus", instance)
        self.assertEqual((status["Name"], status["Id"], status["Running"]), ("wire-do", instance, 0))
        with self.refuses("no plugin instance 99"):
            self.gateway.call("plugin.InstanceStatus", 99)
        with self.refuses("wants the id"):
            self.gateway.call("plugin.InstanceStatus", "x")

    def test_a_conf_that_is_nested_too_deeply_to_be_told_is_an_error(self):
        instance = self.gateway.start_instance(
            "wire-do", '{"mode":"nothing","deep":%s}' % ("[" * 600 + "]" * 600))
        for method in ("plugin.GetStatus", "plugin.InstanceStatus"):
            with self.refuses("tables in one another"):
                self.gateway.call(method, instance)
        self.assertEqual(self.gateway.event(instance)["Data"], "ret")

    def test_the_folder_of_plugins_is_not_a_callers_business(self):
        with self.refuses("plugins_dir"):
            self.gateway.call("plugin.SetPluginDir", "/")

    def test_unknown_methods_are_answered_by_an_error(self):
        with self.refuses("no method 'plugin.Sing'"):
            self.gateway.call("plugin.Sing", "la")
        self.assertIn("Pid", self.gateway.call("plugin.GetStatus"))


class Values(lib.WireTest):
    """kong.nginx.get_ctx's value, through Lua, into kong.nginx.set_ctx's argument."""

    def setUp(self):
        self.gateway = self.connect(self.serve("wire-do"))
        self.instances = {mode: self.gateway.start_instance("wire-do", json.dumps({"mode": mode}))
                          for mode in ("echo", "type")}

    def echo(self, value, mode="echo"):
        calls = self.gateway.play(self.instances[mode],
                                  lambda method, _: value if "get_ctx" in method else None)
        self.assertEqual(calls[1][0], "kong.nginx.set_ctx")
        return calls[1][1][1] if len(calls[1][1]) > 1 else None

    def test_scalars_come_back_as_they_went(self):
        for value in (True, False, None, 0, 1, -1, 127, 128, 2**31, 2**53, -2**53, 1.5, -0.25, 1e300,
                      "", "x", "\u00e4", "x" * 40, "x" * 300, "x" * 70000):
            back = self.echo(value)
            self.assertEqual((back, type(back)), (value, type(value)))

    def test_integers_beyond_53_bits_come_back_as_the_nearest_number(self):
        for value in (2**62, -2**63, 2**64 - 1):
            self.assertEqual(float(self.echo(value)), float(value))

    def test_tables_come_back(self):
        for value in ([1, 2, 3], {"a": 1, "b": {"c": [True, "x"]}}, [[1], [2]], {"a": []}):
            self.assertEqual(self.echo(value), value)

    def test_binary_comes_back_byte_for_byte(self):
        data = bytes(range(256))
        back = self.echo(data)
        if isinstance(back, str):
            back = back.encode("utf-8", "surrogateescape")
        self.assertEqual(back, data)

    def test_lua_sees_the_types_that_the_gateway_sent(self):
        for value, name in ((False, "boolean"), (None, "nil"), (2**62, "number"), (1.5, "number"),
                            (b"\x00\xff", "string"), ("", "string"), ([], "table"), ({}, "table")):
            self.assertEqual(self.echo(value, "type"), name)


class Steps(lib.WireTest):
    def test_every_step_method_answers_a_call(self):
        g = self.connect(self.serve("wire-do"))
        instance = g.start_instance("wire-do", '{"mode":"echo"}')
        for kind in ("", "MultiMap", "Credential", "Consumer", "Route", "Service", "MemoryStats"):
            event = g.event(instance)
            value = {"id": "x"} if kind else "x"
            result = g.step(event["EventId"], value, kind=kind)
            self.assertEqual(result["Data"]["Args"], ["out", value])
            self.assertEqual(g.step(event["EventId"])["Data"], "ret")

    def test_a_step_error_reaches_the_handler(self):
        g = self.connect(self.serve("wire-do"))
        event = g.event(g.start_instance("wire-do", '{"mode":"read"}'))
        result = g.call("plugin.StepError", {"EventId": event["EventId"], "Data": "no such thing"})
        self.assertEqual(result["Data"]["Method"], "kong.log.err")
        self.assertIn("no such thing", result["Data"]["Args"][0])

    def test_packed_as_msgpack_c_does_too(self):
        g = self.connect(self.serve("wire-do"))
        instance = g.start_instance("wire-do", '{"mode":"echo"}')
        event = g.event(instance)
        data = msgpack.packb([0, 9, "plugin.Step", [{"EventId": event["EventId"], "Data": b"\x01"}]],
                             use_bin_type=True)
        g.send_bytes(data)
        self.assertEqual(g.read_answer(9)["Data"]["Method"], "kong.nginx.set_ctx")


if __name__ == "__main__":
    lib.main()
