"""The link to Outrigger: docs/remote-protocol.md, for one plugin.

One thread has an asyncio loop, which alone reads and writes, and on which coroutines run; plain methods run in threads
of their own, which leave what they have to say in the outbox and wake the loop. So what comes and goes at once does so
by few system calls, and no thread waits for another's.
"""

from __future__ import annotations

import asyncio
import collections
import inspect
import json
import traceback
from typing import Any, Deque, Dict, Iterator, List, Optional

import zmq
from zmq.utils.monitor import parse_monitor_message

from .envelope import (ANSWER, CANCEL, CLOSE, END, EVENT, HELLO, LEAVE, PING, PONG, START, WELCOME, Reader, gather,
                       pack)
from .event import Event, Pool, TaskEvent, ThreadEvent
from .pdk import AsyncKong, Kong, make_kong

GONE = (zmq.EVENT_CLOSED | zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL |
        zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_AUTH)
SILENCE = 15  # heartbeats that may be missing
ANSWER_WITHIN = 10  # seconds, for Outrigger to say whether a guest may come in


class Link:
    """One connection, from HELLO to its end."""

    def __init__(self, plugin: type, description: Dict[str, Any], lua_style: bool):
        self.plugin, self.description, self.lua_style = plugin, description, lua_style
        self.instances: Dict[int, Any] = {}
        self.events: Dict[int, Event] = {}
        self.threads = Pool()
        self.leaving = False
        self.outbox: "Deque[bytes]" = collections.deque()
        self.several = 0  # bytes up to which envelopes may be one message
        self.reader = Reader()
        self.due = False  # the loop is going to look at the outbox
        self.loop = asyncio.get_running_loop()
        self.welcomed: "asyncio.Future[bool]" = self.loop.create_future()
        self.ended: "asyncio.Future[Optional[str]]" = self.loop.create_future()  # why, if it is not as it should be
        self.silent = 0  # heartbeats that were missing
        self.closed = False

    # ---- the socket ----

    def open(self, context: zmq.Context, address: str, keys: Optional[Dict[str, Any]], is_guest: bool) -> None:
        """Connects; `welcomed` then says whether it is let in."""
        self.socket = context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 1000)
        self.socket.setsockopt(zmq.SNDHWM, 0)
        self.socket.setsockopt(zmq.IPV6, 1)
        if keys is not None:
            self.socket.curve_secretkey = keys["secret"].encode()
            self.socket.curve_publickey = keys["public"].encode()
            self.socket.curve_serverkey = keys["peers"][0].encode()
        self.monitor = self.watch() if is_guest else None
        self.socket.connect(address)
        self.loop.add_reader(self.socket.FD, self.look)
        self.send(pack(HELLO, 0, "outrigger for Python", [self.description], True))
        self.look_soon()
        if self.monitor is not None:
            self.loop.call_soon(self.look_at, self.monitor)  # the descriptor tells of changes only
            self.loop.call_later(ANSWER_WITHIN, self.give_up)

    def watch(self) -> zmq.Socket:
        """A guest that finds nobody, or loses its connection, begins anew."""
        self.socket.setsockopt(zmq.RECONNECT_IVL, -1)
        monitor = self.socket.get_monitor_socket(GONE)
        self.loop.add_reader(monitor.FD, self.look_at, monitor)
        return monitor

    def give_up(self) -> None:
        if not self.welcomed.done():
            self.close("nobody answers")

    def look_at(self, monitor: zmq.Socket) -> None:
        if self.closed:
            return
        try:
            event = parse_monitor_message(monitor.recv_multipart(zmq.NOBLOCK))["event"]
        except zmq.Again:
            return
        self.look()  # what was said before
        self.close("the connection was lost" if event == zmq.EVENT_DISCONNECTED else
                   "nobody is there" if event == zmq.EVENT_CLOSED else "the keys don't fit")

    # Credit bounds what is under way, so nobody has to wait until it has gone.

    def send(self, message: bytes) -> None:
        """From any thread: it goes when the loop looks."""
        self.outbox.append(message)

    def look_soon(self) -> None:
        """From the loop's thread."""
        if not self.due:
            self.due = True
            self.loop.call_soon(self.look)

    def wake(self) -> None:
        """From another thread."""
        if not self.due and not self.closed:
            self.due = True
            self.loop.call_soon_threadsafe(self.look)

    def take_out(self) -> Iterator[bytes]:
        while self.outbox:
            yield self.outbox.popleft()

    def write(self) -> None:
        try:
            for message in gather(self.take_out(), self.several):
                self.socket.send(message, zmq.NOBLOCK)
        except zmq.Again:  # it has gone, of which the loop is told
            self.outbox.clear()

    def read(self) -> None:
        """All there is. To be told so by an exception costs more than asking."""
        while not self.closed and self.socket.get(zmq.EVENTS) & zmq.POLLIN:
            self.take(self.socket.recv(zmq.NOBLOCK))

    def look(self) -> None:
        """The descriptor tells of changes only, and not of what a write has seen: so reading comes last."""
        self.due = True
        while self.due and not self.closed:
            self.write()
            self.read()
            self.due = False  # who speaks from now on wakes the loop; who did before, has not
            if self.outbox:
                self.due = True
        self.end_if_idle()

    def ask_to_leave(self) -> None:
        self.send(pack(LEAVE, 0))
        self.look_soon()

    def end_if_idle(self) -> None:
        if self.leaving and not self.events:
            self.close(None)

    def close(self, why: Optional[str]) -> None:
        """What runs is cancelled."""
        if self.closed:
            return
        self.closed = True
        self.loop.remove_reader(self.socket.FD)
        if self.monitor is not None:
            self.loop.remove_reader(self.monitor.FD)
            self.socket.disable_monitor()
            self.monitor.close()
        self.socket.close()
        for event in list(self.events.values()):
            event.cancel()
        if not self.welcomed.done():
            self.welcomed.set_result(False)
        self.ended.set_result(why)

    def beat(self) -> None:
        """Outrigger says something in each heartbeat."""
        self.silent += 1
        if self.silent > SILENCE:
            self.close("nobody has been heard of for %gs" % (self.heartbeat * SILENCE))
        if not self.closed:
            self.loop.call_later(self.heartbeat, self.beat)

    def welcome(self, said: Dict[str, Any]) -> None:
        self.heartbeat = said["heartbeat"]
        self.several = said.get("several", 0)
        self.kong = make_kong(Kong, said["functions"], self.lua_style)
        self.async_kong = make_kong(AsyncKong, said["functions"], self.lua_style)
        self.loop.call_later(self.heartbeat, self.beat)
        self.welcomed.set_result(True)

    def take(self, data: bytes) -> None:
        if self.closed:
            return
        self.silent = 0
        try:
            for kind, number, *body in self.reader.unpack(data):
                if self.welcomed.done():
                    self.take_welcomed(kind, number, body)
                elif kind == WELCOME:
                    self.welcome(body[0])
                else:
                    self.close("another program serves the plugin, or Outrigger's log says why this one can't")
        except Exception:  # pylint: disable=broad-except
            self.close(traceback.format_exc())

    def take_welcomed(self, kind: int, number: int, body: List[Any]) -> None:
        if kind == ANSWER:
            event = self.events.get(number)
            if event is not None:
                event.answer(body[1:3])
        elif kind == EVENT:
            self.begin(number, *body[:2])
        elif kind == CANCEL:
            event = self.events.get(number)
            if event is not None:
                event.cancel()
        elif kind == PING:
            self.send(pack(PONG, number))
        elif kind == START:
            self.start(number, body[1])
        elif kind == CLOSE:
            self.instances.pop(number, None)
        elif kind == LEAVE:
            self.leaving = True

    # ---- instances ----

    def start(self, number: int, conf: str) -> None:
        try:
            self.instances[number] = self.plugin(json.loads(conf))
        except Exception as error:  # told to whom it may concern: each of its events
            self.instances[number] = Failed(error)

    # ---- events ----

    def begin(self, number: int, instance: int, phase: str) -> None:
        live = self.instances.get(instance, NO_INSTANCE)
        handler = live.fail if isinstance(live, Failed) else getattr(live, phase)
        if inspect.iscoroutinefunction(handler):
            task = self.events[number] = TaskEvent(self, number)
            task.task = self.loop.create_task(task.run(handler))
        else:
            event = self.events[number] = ThreadEvent(self, number)
            self.threads.run(event.run, handler)

    def end(self, number: int, error: Optional[str], trace: Optional[str]) -> None:
        """From any thread, which then has the loop look."""
        self.send(pack(END, number, error, trace))
        del self.events[number]


class Failed:
    """An instance whose constructor raised."""

    def __init__(self, error: Exception):
        self.error = error

    def fail(self, kong: Any) -> None:
        raise self.error


NO_INSTANCE = Failed(LookupError("there is no such instance"))
