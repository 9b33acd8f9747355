"""programs.py - the fault suite's guards in other languages, and what is done to their programs."""

import os
import signal

import remote_plugins

GUARDS = {"python": "fault-guard-py", "javascript": "fault-guard-js"}
FAULTS = {"python": ("raise", "exit"), "javascript": ("raise", "reject", "exit")}


def options(language):
    """Those by which Outrigger starts the guard of a language; none where it has no program."""
    if language not in GUARDS:
        return ()
    return remote_plugins.program(language, GUARDS[language])


def kill_program_or_worker(wait_worker, children, pause, share):
    """Now the one, now the other, at random, each of them again and again."""
    def act(stand, given, chance):
        killed = set()
        for _ in range(given.kills // share):
            worker = wait_worker(stand, killed)
            programs = children(worker)
            pause(chance, 0.5)
            os.kill(chance.choice([worker, *programs]), signal.SIGKILL)
            killed.add(worker)
        return len(killed)
    return act
