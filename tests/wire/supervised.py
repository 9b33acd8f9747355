"""supervised.py - a server's processes, and how a test kills them."""
import json
import os
import signal

import lib


def children(pid):
    return [int(n) for n in os.listdir("/proc") if n.isdigit() and lib.stat_field(int(n), 1) == str(pid)]


def title(pid):
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as f:
            return f.read().rstrip(b"\0").decode()
    except FileNotFoundError:
        return ""


def lives(pid):
    return lib.stat_field(pid, 0) not in (None, "Z", "X")


class SupervisorTest(lib.WireTest):
    def end(self, server):
        """With the workers that outlive it."""
        left = self.workers(server) if server.process.poll() is None else []
        super().end(server)
        for pid in left:
            lib.wait_until(lambda pid=pid: not lives(pid), "the end of worker %d" % pid)

    def workers(self, server):
        """Their pids, by the names that ps shows."""
        return sorted(pid for pid in children(server.process.pid)
                      if title(pid).startswith("outrigger: worker "))

    def worker(self, server, name="wire-do/0"):
        (pid,) = [p for p in self.workers(server) if title(p) == "outrigger: worker " + name]
        return pid

    def spin(self, server, gateway, call):
        """Sends an event that runs for ever, and waits until it does. The call's id and the worker."""
        with server.connect() as ready:
            ready.call("plugin.GetStatus")
        pid = self.worker(server)
        before = int(lib.stat_field(pid, 11))
        message_id = gateway.start_call("plugin.HandleEvent", call)
        lib.wait_until(lambda: int(lib.stat_field(pid, 11)) >= before + 10, "a loop")
        return message_id, pid

    def kill_worker(self, server, name="wire-do/0"):
        """While it is idle: in the middle of a read it is not known what was read. Waits until another one is there."""
        pid = self.worker(server, name)
        lib.wait_until(lambda: lib.stat_field(pid, 0) == "S", "an idle worker")
        os.kill(pid, signal.SIGKILL)
        lib.wait_until(lambda: any(title(p) == "outrigger: worker " + name for p in
                                   self.workers(server) if p != pid), "another worker")

    def start(self, gateway, mode="nothing", **conf):
        return gateway.start_instance("wire-do", json.dumps({"mode": mode, **conf}))


class OrphansTest(SupervisorTest):
    """Whose supervisor is killed."""

    def end(self, server):
        for pid in getattr(self, "left", []):
            if lives(pid):
                os.kill(pid, signal.SIGKILL)
        super().end(server)

    def kill_supervisor(self, server):
        self.left = self.workers(server)
        server.signal(signal.SIGKILL)
        server.process.wait(lib.PATIENCE)
        return self.left
