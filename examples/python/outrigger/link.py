"""The link to Outrigger: docs/remote-protocol.md, for one plugin.

One thread has an asyncio loop, which reads what Outrigger says and on which coroutines run; plain functions run in
threads of a pool.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
import json
import queue
import threading
import traceback
from typing import Any, Callable, Dict, Optional

import msgpack
import zmq
from zmq.utils.monitor import parse_monitor_message

from .pdk import AsyncKong, Functions, Kong, PDKException

VERSION = 1
(HELLO, WELCOME, START, CLOSE, EVENT, CALL, ANSWER, END, CANCEL, PING, PONG, LEAVE) = range(1, 13)
GONE = (zmq.EVENT_CLOSED | zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL |
        zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_AUTH)
SILENCE = 15  # heartbeats that may be missing
ANSWER_WITHIN = 10  # seconds, for Outrigger to say whether a guest may come in


class Cancelled(BaseException):
    """The event is over, by a call such as kong.response.exit or by a deadline. To be let through."""


def pack(*envelope: Any) -> bytes:
    return msgpack.packb((VERSION,) + envelope, unicode_errors="surrogateescape")


def unpack(data: bytes) -> list:
    envelope = msgpack.unpackb(data, unicode_errors="surrogateescape", strict_map_key=False)
    if envelope[0] != VERSION:
        raise ValueError("Outrigger speaks version %r of the protocol" % (envelope[0],))
    return envelope[1:]


class Event:
    """One run of a handler. Calls are made one after the other: that is the protocol's rule."""

    def __init__(self, link: "Link", number: int):
        self.link, self.number, self.calls = link, number, 0
        self.is_over = False

    def next_call(self, name: str, args: list) -> bytes:
        if self.is_over:
            raise Cancelled()
        self.calls += 1
        return pack(CALL, self.number, self.calls, name, args)

    @staticmethod
    def outcome(answer: Optional[list]) -> list:
        if answer is None:
            raise Cancelled()
        is_good, result = answer
        if not is_good:
            raise PDKException(result)
        return result


class ThreadEvent(Event):
    """On a thread of the pool."""

    def __init__(self, link: "Link", number: int):
        super().__init__(link, number)
        self.answers: "queue.SimpleQueue[Optional[list]]" = queue.SimpleQueue()

    def ask(self, name: str, args: list) -> list:
        self.link.send(self.next_call(name, args))
        return self.outcome(self.answers.get())

    def answer(self, answer: Optional[list]) -> None:
        self.answers.put(answer)

    def cancel(self) -> None:
        self.is_over = True
        self.answers.put(None)


class TaskEvent(Event):
    """A task of the loop."""

    def __init__(self, link: "Link", number: int):
        super().__init__(link, number)
        self.turn = asyncio.Lock()
        self.waiting: Optional[asyncio.Future] = None
        self.task: Optional[asyncio.Task] = None

    async def ask(self, name: str, args: list) -> list:
        async with self.turn:
            message = self.next_call(name, args)
            self.waiting = self.link.loop.create_future()
            self.link.send(message)
            # The answer comes also where who asked has been cancelled, and the next call is to wait for it.
            return self.outcome(await asyncio.shield(self.waiting))

    def answer(self, answer: Optional[list]) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(answer)

    def cancel(self) -> None:
        self.is_over = True
        if self.task is not None:
            self.task.cancel()

    async def settle(self) -> None:
        """Waits for the answer that is still due."""
        if self.waiting is not None and not self.is_over and not self.waiting.done():
            await asyncio.wait([self.waiting])


class Link:
    """One connection, from HELLO to its end."""

    def __init__(self, plugin: type, description: Dict[str, Any], lua_style: bool):
        self.plugin, self.description, self.lua_style = plugin, description, lua_style
        self.instances: Dict[int, Any] = {}
        self.events: Dict[int, Event] = {}
        self.functions = Functions([])
        self.leaving = False
        self.lock = threading.Lock()  # of the socket: threads send by themselves
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
        self.send(pack(HELLO, 0, "outrigger for Python", [self.description]))
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

    def send(self, message: bytes) -> None:
        """From any thread. Credit bounds what is under way, so nobody has to wait until it has gone."""
        with self.lock:
            if self.closed:
                return
            try:
                self.socket.send(message, zmq.NOBLOCK)
            except zmq.Again:  # it has gone, of which the loop is told
                return
            has_more = self.socket.EVENTS & zmq.POLLIN
        if has_more:  # of which the loop may not be told any more
            self.loop.call_soon_threadsafe(self.look)

    def receive(self) -> Optional[bytes]:
        with self.lock:
            if self.closed:
                return None
            try:
                return self.socket.recv(zmq.NOBLOCK)
            except zmq.Again:
                return None

    def look(self) -> None:
        while True:
            data = self.receive()
            if data is None:
                break
            self.silent = 0
            try:
                self.take(unpack(data))
            except Exception:  # pylint: disable=broad-except
                self.close(traceback.format_exc())
        self.end_if_idle()

    def ask_to_leave(self) -> None:
        self.send(pack(LEAVE, 0))

    def end_if_idle(self) -> None:
        if self.leaving and not self.events:
            self.close(None)

    def close(self, why: Optional[str]) -> None:
        """What runs is cancelled."""
        if self.closed:
            return
        with self.lock:
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
        self.functions = Functions(said["functions"])
        self.threads = concurrent.futures.ThreadPoolExecutor(said["credit"], "event")
        self.loop.call_later(self.heartbeat, self.beat)
        self.welcomed.set_result(True)

    def take(self, envelope: list) -> None:
        kind, number = envelope[:2]
        if not self.welcomed.done():
            if kind == WELCOME:
                self.welcome(envelope[2])
            else:  # another program is there
                self.close("another program serves the plugin")
        elif kind == PING:
            self.send(pack(PONG, number))
        elif kind == START:
            self.start(number, envelope[3])
        elif kind == CLOSE:
            self.instances.pop(number, None)
        elif kind == EVENT:
            self.begin(number, envelope[2], envelope[3])
        elif kind == ANSWER and number in self.events:
            self.events[number].answer(envelope[3:5])
        elif kind == CANCEL and number in self.events:
            self.events[number].cancel()
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
        live = self.instances.get(instance)
        handler = getattr(live, phase, None) if not isinstance(live, Failed) else live.fail
        if inspect.iscoroutinefunction(handler):
            event = TaskEvent(self, number)
            event.task = self.loop.create_task(self.run_task(event, handler))
            self.events[number] = event
        else:
            self.events[number] = thread = ThreadEvent(self, number)
            self.threads.submit(self.run_thread, thread, handler)

    def run_thread(self, event: ThreadEvent, handler: Optional[Callable]) -> None:
        error = trace = None
        try:
            if handler is not None and not event.is_over:
                handler(Kong(self.functions, event.ask, self.lua_style))
        except Cancelled:
            pass
        except BaseException as caught:
            error, trace = describe(caught)
        self.end(event, error, trace)

    async def run_task(self, event: TaskEvent, handler: Callable) -> None:
        error = trace = None
        try:
            await handler(AsyncKong(self.functions, event.ask, self.lua_style))
        except Cancelled:
            pass
        except asyncio.CancelledError as caught:
            if not event.is_over:
                error, trace = describe(caught)
        except BaseException as caught:
            error, trace = describe(caught)
        try:
            await event.settle()
        except asyncio.CancelledError:
            pass
        self.end(event, error, trace)

    def end(self, event: Event, error: Optional[str], trace: Optional[str]) -> None:
        """From any thread."""
        del self.events[event.number]
        self.send(pack(END, event.number, error, trace))
        if self.leaving:
            self.loop.call_soon_threadsafe(self.end_if_idle)


class Failed:
    """An instance whose constructor raised."""

    def __init__(self, error: Exception):
        self.error = error

    def fail(self, kong: Any) -> None:
        raise self.error


def describe(error: BaseException) -> tuple:
    text = traceback.format_exception_only(type(error), error)[-1].strip()
    return text, "".join(traceback.format_exception(type(error), error, error.__traceback__))
