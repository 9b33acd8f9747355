"""started.py - what the benchmark has started; nothing of it stays behind: no process, no folder.

Whatever ends the program, a signal too, the end of `ending` stops what is still there. While something is being started
(`held`) a signal waits, so that nothing can have begun that is not noted down.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile

SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
END_SECONDS = 60


def say(text):
    """What goes on, to who watches."""
    print("bench: " + text, file=sys.stderr, flush=True)


class Held:
    """While it is entered, signals that end the program wait."""

    def __init__(self):
        self.depth, self.came = 0, None

    def __enter__(self):
        self.depth += 1

    def __exit__(self, *_):
        self.depth -= 1
        if self.came and not self.depth:
            self._end()

    def on_signal(self, number, _):
        """Their handler."""
        self.came = number
        if not self.depth:
            self._end()

    def _end(self):
        # The next one would interrupt the stopping.
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise SystemExit(128 + self.came)


held = Held()
_running = []


def heed_signals():
    """They end the program as an error does. What the caller has it ignore (nohup) stays so."""
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, held.on_signal)


@contextlib.contextmanager
def ending():
    """What is started in here, and is still there behind it, is stopped."""
    before = len(_running)
    try:
        yield
    finally:
        with held:
            while len(_running) > before:
                _running[-1].stop()


def run(words, **more):
    """As subprocess.run; what it runs is ended where the program is."""
    process = None
    try:
        with held:
            process = subprocess.Popen(words, text=True, **more)
        out, err = process.communicate()
        return subprocess.CompletedProcess(words, process.returncode, out, err)
    finally:
        if process:
            process.kill()
            process.wait()


class Started:
    """A process with a folder of its own, which has its stderr."""

    def __init__(self, name):
        self.name, self.process = name, None
        with held:
            self.folder = tempfile.mkdtemp(prefix="outrigger-bench-")
            _running.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def path(self, name):
        """Of a file in its folder."""
        return os.path.join(self.folder, name)

    def start(self, words):
        """Runs it."""
        try:
            with open(self.path("stderr"), "wb") as log, held:
                self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL,
                                                stdout=subprocess.DEVNULL, stderr=log)
        except OSError as error:
            raise SystemExit("bench: %s did not start: %s" % (self.name, error)) from None

    def has_ended(self):
        """By itself."""
        return self.process.poll() is not None

    def log(self):
        """What it has said."""
        with open(self.path("stderr"), encoding="utf-8", errors="replace") as log:
            return log.read()

    def end(self):
        """Ends it, and waits for that."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def stop(self):
        """Ends it, and its folder."""
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self in _running:
            _running.remove(self)
