"""Programs that come by themselves: what holds when one end of the link is stopped, and says nothing."""
import os
import signal

import lib
from remote_guests import GuestTest, workers_of
from remote_programs import JAVASCRIPT


class Heartbeats(GuestTest):
    def options(self):
        return {**super().options(), "plugin_%s_heartbeat_timeout" % self.plugin.replace("-", "_"): "3s"}

    def test_a_program_that_is_stopped_is_taken_for_dead(self):
        first = self.come()
        server = self.begin()
        self.wait_served_by(server, first)
        second = self.come()
        first.signal(signal.SIGSTOP)
        server.wait_log("answers no heartbeat any more")
        self.wait_served_by(server, second)

    def test_a_program_whose_outrigger_is_stopped_looks_for_another(self):
        guest = self.come()
        server = self.begin()
        (worker,) = workers_of(server)
        os.kill(worker, signal.SIGSTOP)
        self.addCleanup(lambda: lib.stat_field(worker, 0) is None or os.kill(worker, signal.SIGCONT))
        other = self.begin()
        self.wait_served_by(other, guest)


class HeartbeatsInJavaScript(Heartbeats):
    LANGUAGE = JAVASCRIPT


if __name__ == "__main__":
    lib.main()
