"""The link to Outrigger: docs/remote-protocol.md, for one plugin.

One thread has the socket, and an asyncio loop on which coroutines run; plain functions run in threads of a pool.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
import json
import os
import queue
import sys
import traceback
from typing import Any, Callable, Dict, Optional

import msgpack
import zmq
import zmq.asyncio

from .pdk import AsyncKong, Function, Kong, PDKException

VERSION = 1
(HELLO, WELCOME, START, CLOSE, EVENT, CALL, ANSWER, END, CANCEL, PING, PONG, LEAVE) = range(1, 13)
PHASES = ("certificate", "rewrite", "preread", "access", "response", "log")
SILENCE = 15  # heartbeats that may be missing


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
        message = self.next_call(name, args)
        self.link.loop.call_soon_threadsafe(self.link.send, message)
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
    def __init__(self, name: str, plugin: type, description: Dict[str, Any], lua_style: bool):
        self.name, self.plugin, self.description, self.lua_style = name, plugin, description, lua_style
        self.instances: Dict[int, Any] = {}
        self.events: Dict[int, Event] = {}
        self.functions: Dict[str, Function] = {}
        self.leaving = False

    # ---- the socket ----

    def send(self, message: bytes) -> None:
        # Credit bounds what is under way, so nobody has to wait until it has gone.
        self.socket.send(message)

    async def serve(self, address: str) -> None:
        self.loop = asyncio.get_running_loop()
        context = zmq.asyncio.Context()
        self.socket = context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 1000)
        self.socket.setsockopt(zmq.SNDHWM, 0)
        self.socket.connect(address)
        self.send(pack(HELLO, 0, "outrigger for Python", [self.description]))
        self.welcome(unpack(await self.socket.recv()))
        while not (self.leaving and not self.events):
            try:
                data = await asyncio.wait_for(self.socket.recv(), self.silence)
            except asyncio.TimeoutError:
                sys.exit("outrigger: nobody has been heard of for %gs" % self.silence)
            self.take(unpack(data))
        self.socket.close()
        context.term()

    def welcome(self, envelope: list) -> None:
        kind, _, said = envelope[:3]
        if kind != WELCOME:
            raise ValueError("Outrigger does not begin with WELCOME")
        self.silence = said["heartbeat"] * SILENCE
        self.functions = {row["name"]: Function(row) for row in said["functions"]}
        self.threads = concurrent.futures.ThreadPoolExecutor(said["credit"], "event")

    def take(self, envelope: list) -> None:
        kind, number = envelope[:2]
        if kind == PING:
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
        self.loop.call_soon_threadsafe(self.end, event, error, trace)

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
        del self.events[event.number]
        self.send(pack(END, event.number, error, trace))


class Failed:
    """An instance whose constructor raised."""

    def __init__(self, error: Exception):
        self.error = error

    def fail(self, kong: Any) -> None:
        raise self.error


def describe(error: BaseException) -> tuple:
    text = traceback.format_exception_only(type(error), error)[-1].strip()
    return text, "".join(traceback.format_exception(type(error), error, error.__traceback__))


def describe_schema(name: str, schema: Any) -> str:
    """A whole schema, or the fields of `config` alone, as kong-python-pdk has them."""
    if not isinstance(schema, dict):
        schema = {"name": name, "fields": [{"config": {"type": "record", "fields": list(schema)}}]}
    return json.dumps(schema)


def run(name: str, plugin: type, version: str = "0.1.0", priority: int = 0, schema: Any = (),
        lua_style: bool = False) -> None:
    """Serves the plugin until Outrigger says that it is enough. With lua_style a call returns (result, error) and
    raises nothing."""
    address = os.environ.get("OUTRIGGER_REMOTE")
    if not address:
        sys.exit("%s is started by Outrigger: plugin_NAME_exec = python3 %s" % (name, sys.argv[0]))
    description = {
        "name": name, "version": version, "priority": priority, "schema": describe_schema(name, schema),
        "phases": [phase for phase in PHASES if callable(getattr(plugin, phase, None))],
    }
    asyncio.run(Link(name, plugin, description, lua_style).serve(address))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # not waiting for threads of the plugin's own


def start_dedicated_server(name: str, plugin: type, version: Optional[str] = None, priority: int = 0,
                           schema: Any = (), lua_style: bool = True) -> None:
    """As kong-python-pdk has it."""
    run(name, plugin, version or "0.1.0", priority, schema, lua_style)
