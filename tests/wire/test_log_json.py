"""Lines of the log as JSON."""
import json

import lib


class LogJson(lib.WireTest):
    def objects(self, server):
        return [json.loads(line) for line in server.log().splitlines()]

    def test_every_line_is_an_object_and_says_where_a_handler_failed(self):
        server = self.serve("wire-do", log_format="json", single=True)
        g = self.connect(server)
        instance = g.start_instance("wire-do", '{"mode":"raise"}')
        g.play(instance, lambda *_: None)
        server.wait_log("access failed")
        self.assertEqual({line["pid"] for line in self.objects(server)}, {server.process.pid})
        (line,) = [o for o in self.objects(server) if "access failed" in o["message"]]
        self.assertEqual({key: line[key] for key in ("level", "plugin", "phase", "instance")},
                         {"level": "error", "plugin": "wire-do", "phase": "access",
                          "instance": instance})
        self.assertGreater(line["event"], 0)
        self.assertIn("boom\nstack traceback:", line["message"])

    def test_a_line_of_text_says_it_too(self):
        server = self.serve("wire-do")
        g = self.connect(server)
        instance = g.start_instance("wire-do", '{"mode":"raise"}')
        g.play(instance, lambda *_: None)
        server.wait_log(", phase: access, instance: %d" % instance)


if __name__ == "__main__":
    lib.main()
