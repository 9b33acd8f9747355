"""answer_time.py - how long calls wait for an answer once the kernel has reported the death of their worker.

usage: answer_time.py [--calls N] [--deaths N]

The worker is stopped, so that calls wait that nobody has read, and then killed; its plugin is in quarantine by
that, so that the supervisor answers all of them. Each must get the terminal exit. Prints milliseconds from
the moment at which the process's descriptor is readable, and of them what the supervisor computed, which is
what an idle core would need.
"""

import argparse
import os
import selectors
import signal
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in (("..", "wire"), ("..", "lib")):
    sys.path.insert(0, os.path.join(HERE, *folder))

import lib  # noqa: E402


def computed(pid):
    """Nanoseconds."""
    with open("/proc/%d/schedstat" % pid, encoding="ascii") as file:
        return int(file.read().split()[0])


def worker_of(server):
    """The pid of the only worker."""
    def found():
        with open("/proc/%d/task/%d/children" % (server.process.pid, server.process.pid),
                  encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]
    return lib.wait_until(found, "a worker")[0]


def wait_stopped(pid):
    lib.wait_until(lambda: lib.stat_field(pid, 0) == "T", "a process that has stopped")


def check_answer(gateway):
    """One connection may have been in doubt: it ends, so that the gateway fails closed."""
    try:
        message = gateway.read()
        if message[1:3] != [gateway.next_id, None] or message[3]["Data"] != lib.EXIT_503:
            raise AssertionError("the answer %r" % message)
    except EOFError:
        if gateway.latest != lib.UNFINISHED:
            raise


def kill_under(gateways, instance, server):
    """Seconds until each call is answered; and that the supervisor computed."""
    pid = worker_of(server)
    os.kill(pid, signal.SIGSTOP)
    wait_stopped(pid)
    death = os.pidfd_open(pid)
    answers = selectors.DefaultSelector()
    calls = {g: g.start_call("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"})
             for g in gateways}
    for g in gateways:
        answers.register(g.socket, selectors.EVENT_READ, g)
    with selectors.DefaultSelector() as deaths:
        deaths.register(death, selectors.EVENT_READ)
        os.kill(pid, signal.SIGKILL)
        deaths.select(lib.PATIENCE)
    begun, times, before = time.monotonic(), [], computed(server.process.pid)
    while calls:
        for key, _ in answers.select(lib.PATIENCE):
            times.append(time.monotonic() - begun)
            answers.unregister(key.fileobj)
            calls.pop(key.data)
            check_answer(key.data)
    os.close(death)
    answers.close()
    return times, (computed(server.process.pid) - before) / 1e9


def die(server, instance, count):
    def serves():
        with server.connect() as g:
            return g.event(instance)["Data"] == "ret"
    lib.wait_until(serves, "a worker that serves")
    gateways = [server.connect() for _ in range(count)]
    for g in gateways:
        g.event(instance)
    found = kill_under(gateways, instance, server)
    for g in gateways:
        g.close()
    return found


def main():
    parser = argparse.ArgumentParser(description="The time until the supervisor answers.")
    parser.add_argument("--calls", type=int, default=200, help="calls that wait at each death")
    parser.add_argument("--deaths", type=int, default=20)
    options = parser.parse_args()
    server = lib.Server("wire-do", quarantine_after=1, quarantine_time="50ms")
    times, costs = [], []
    try:
        with server.connect() as g:
            instance = g.start_instance("wire-do", '{"mode":"nothing"}')
        for _ in range(options.deaths):
            some, cost = die(server, instance, options.calls)
            times += [1000 * t for t in some]
            costs.append(1000 * cost)
    finally:
        server.stop()
        server.remove()
    print("%d deaths, %d calls waiting at each: answered after %.1f ms (median), %.1f ms (worst); "
          "the supervisor computed %.1f ms (median), %.1f ms (worst) for all" %
          (options.deaths, options.calls, statistics.median(times), max(times),
           statistics.median(costs), max(costs)))


if __name__ == "__main__":
    main()
