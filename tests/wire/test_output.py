"""What workers print: plugin code, and programs that it starts, can't write lines into the log that look like ours."""
import json
import os
import re
import signal
import unittest

import lib

FORGED = "2026/01/01 00:00:00 [alert] 1#0: forged"
RUN = """
function P:access(conf)
    assert(loadstring(conf.word))()
    return kong.response.exit(200, "done")
end
"""
OURS = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[\w+\] \d+#0: (\[p\] worker \d+ has printed: )?")
WAYS = {
    "print": "io.stdout:write(%r)" % (FORGED + "\n"),  # print itself goes to the gateway's log
    "stderr": "io.stderr:write(%r)" % (FORGED + "\n"),
    "stdout": "io.stdout:write(%r)" % ("half\n" + FORGED + "\n"),
    "device": "local f = io.open('/dev/stderr', 'w') f:write(%r) f:close()" % (FORGED + "\n"),
    "program": "os.execute(%r)" % ("echo '%s'" % FORGED),
}
if lib.HAS_FFI:
    WAYS["call"] = "local ffi = require('ffi') ffi.cdef('long write(int, const char *, size_t);') " \
                   "ffi.C.write(2, %r, %d)" % (FORGED + "\n", len(FORGED) + 1)


class Output(lib.WireTest):
    def print_by(self, way, **settings):
        server = self.serve_code(handler=RUN, plugin_p_allow="fork, exec", **settings)
        gateway = self.connect(server)
        gateway.event(gateway.start_instance("p", json.dumps({"word": WAYS[way]})))
        server.wait_log("forged")
        return server

    def test_each_line_says_who_has_printed_it(self):
        for way in WAYS:
            server = self.print_by(way)
            for line in server.log_lines:
                self.assertRegex(line, OURS, way)
                if "forged" in line:
                    self.assertRegex(line, r"\[notice\] \d+#0: \[p\] worker \d+ has printed: " + re.escape(FORGED), way)
                    self.assertIn("[notice] %d#0" % server.process.pid, line)

    def test_as_json_too(self):
        server = self.print_by("print", log_format="json")
        (line,) = [json.loads(line) for line in server.log_lines if "forged" in line]
        self.assertEqual((line["plugin"], line["level"], line["pid"]), ("p", "notice", server.process.pid))
        self.assertRegex(line["message"], "^worker \d+ has printed: " + re.escape(FORGED))

    def test_a_log_that_is_a_file_has_it_too(self):
        log = os.path.join(self.temp_dir(), "log")
        server = self.serve_code(handler=RUN, log=log, start=False)
        server.start()
        lib.wait_until(lambda: os.path.exists(server.path()), "a socket")
        gateway = self.connect(server)
        gateway.event(gateway.start_instance("p", json.dumps({"word": WAYS["print"]})))

        def found():
            with open(log, encoding="utf-8") as file:
                return re.search(r"\[p\] worker \d+ has printed: " + re.escape(FORGED), file.read())
        lib.wait_until(found, "the line in the log")

    def test_the_last_words_of_a_worker_are_read(self):
        server = self.serve_code(handler=RUN)
        gateway = self.connect(server)
        code = "io.stderr:write('first\\nlast words')"  # at once; a line that doesn't end waits for its end
        gateway.event(gateway.start_instance("p", json.dumps({"word": code})))
        server.wait_log("has printed: first")
        os.kill(int(re.search(r"worker (\d+) has printed: first", server.log()).group(1)), signal.SIGKILL)
        server.wait_log("has printed: last words")

    def test_much_of_it_holds_nobody_up(self):
        server = self.serve_code(handler=RUN)
        gateway = self.connect(server)
        code = "for i = 1, 40000 do io.stderr:write(('x'):rep(100), i, '\\n') end"
        gateway.event(gateway.start_instance("p", json.dumps({"word": code})))
        server.wait_log("x40000")
        self.assertEqual(sum("xxx" in line for line in server.log_lines), 40000)

    def test_without_a_supervisor_a_worker_may_print_on(self):
        server = self.serve_code(handler=RUN, plugin_p_allow="fork, exec")
        gateway = self.connect(server)
        instance = gateway.start_instance("p", json.dumps({"word": WAYS["print"] + " " + WAYS["program"]}))
        gateway.event(instance)
        server.wait_log("forged")
        (worker,) = [int(n) for n in os.listdir("/proc") if n.isdigit() and
                     lib.stat_field(int(n), 1) == str(server.process.pid)]
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(lib.PATIENCE)
        for _ in range(3):
            self.assertEqual(gateway.event(instance)["Data"]["Args"][1], "done")
        os.kill(worker, signal.SIGKILL)


if __name__ == "__main__":
    lib.main()
