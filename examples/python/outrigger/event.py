"""One run of a handler: a plain method's in a thread, a coroutine's as a task of the loop."""

from __future__ import annotations

import asyncio
import collections
import queue
import threading
import traceback
from typing import TYPE_CHECKING, Any, Callable, Deque, List, Optional, Tuple

from .envelope import CALL, pack
from .pdk import PDKException

if TYPE_CHECKING:
    from .link import Link

TEXT_MAX = 1 << 16  # letters of an error and of its traceback


class Cancelled(BaseException):
    """The event is over, by a call such as kong.response.exit or by a deadline. To be let through."""


def describe(error: BaseException) -> Tuple[str, str]:
    """The error, and its traceback, of which the end says most."""
    text = traceback.format_exception_only(type(error), error)[-1].strip()
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return printable(text[:TEXT_MAX]), printable(trace[-TEXT_MAX:])


def printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


class Event:
    """Calls are made one after the other: that is the protocol's rule."""

    def __init__(self, link: "Link", number: int):
        self.link, self.number, self.calls = link, number, 0
        self.is_over = False

    def next_call(self, name: str, args: List[Any]) -> bytes:
        if self.is_over:
            raise Cancelled()
        self.calls += 1
        return pack(CALL, self.number, self.calls, name, args)


class ThreadEvent(Event):
    """The handler's own threads may make calls, too, each in its turn."""

    def __init__(self, link: "Link", number: int):
        super().__init__(link, number)
        self.turn = threading.Lock()
        self.answers: "queue.SimpleQueue[Optional[list]]" = queue.SimpleQueue()

    def ask(self, name: str, args: List[Any]) -> List[Any]:
        with self.turn:
            self.link.send(self.next_call(name, args))
            self.link.wake()
            answer = self.answers.get()
        if answer is None:
            raise Cancelled()
        is_good, results = answer
        if not is_good:
            raise PDKException(results)
        return results

    def answer(self, answer: list) -> None:
        self.answers.put(answer)

    def cancel(self) -> None:
        self.is_over = True
        self.answers.put(None)

    def run(self, handler: Callable[[Any], Any]) -> None:
        error = trace = None
        try:
            if not self.is_over:
                handler(self.link.kong(self.ask))
        except Cancelled:
            pass
        except BaseException as caught:  # pylint: disable=broad-except
            error, trace = describe(caught)
        with self.turn:
            self.is_over = True
        self.link.end(self.number, error, trace)
        self.link.wake()


class TaskEvent(Event):
    """Where several calls are awaited at once, they wait for each other."""

    def __init__(self, link: "Link", number: int):
        super().__init__(link, number)
        self.asked: "Deque[Tuple[asyncio.Future, bytes]]" = collections.deque()  # the first is under way
        self.settled: Optional[asyncio.Future] = None  # when there is none any more
        self.task: Optional[asyncio.Task] = None
        self.has_begun = False  # a task that is cancelled before does not run at all, and END would be lost

    def ask(self, name: str, args: List[Any]) -> "asyncio.Future[List[Any]]":
        message = self.next_call(name, args)
        outcome = self.link.loop.create_future()
        self.asked.append((outcome, message))
        if len(self.asked) == 1:
            self.say(message)
        return outcome

    def say(self, message: bytes) -> None:
        self.link.send(message)
        self.link.look_soon()

    def answer(self, answer: list) -> None:
        outcome, _ = self.asked.popleft()
        while self.asked and self.asked[0][0].done():  # who asked has been cancelled
            self.asked.popleft()
        if self.asked:
            self.say(self.asked[0][1])
        elif self.settled is not None:
            self.settled.set_result(None)
        if outcome.done():
            return
        is_good, results = answer
        if is_good:
            outcome.set_result(results)
        else:
            outcome.set_exception(PDKException(results))

    def cancel(self) -> None:
        self.is_over = True
        if self.task is not None and self.has_begun:
            self.task.cancel()
        for outcome, _ in self.asked:
            outcome.cancel()

    async def settle(self) -> None:
        """Until nothing is asked that nobody waits for."""
        if self.asked and not self.is_over:
            self.settled = self.link.loop.create_future()
            await self.settled

    async def run(self, handler: Callable[[Any], Any]) -> None:
        error = trace = None
        self.has_begun = True
        try:
            if not self.is_over:
                await handler(self.link.async_kong(self.ask))
        except Cancelled:
            pass
        except asyncio.CancelledError as caught:
            if not self.is_over:
                error, trace = describe(caught)
        except BaseException as caught:  # pylint: disable=broad-except
            error, trace = describe(caught)
        try:
            await self.settle()
        except asyncio.CancelledError:
            pass
        self.is_over = True
        self.link.end(self.number, error, trace)
        self.link.look_soon()


class Pool:
    """Threads that run plain methods: as many as there were handlers at once."""

    def __init__(self) -> None:
        self.idle: "List[queue.SimpleQueue[Tuple[Callable, Any]]]" = []  # the latest last

    def run(self, function: Callable[[Any], None], argument: Any) -> None:
        try:
            self.idle.pop().put((function, argument))
        except IndexError:
            threading.Thread(target=self.work, args=(function, argument), daemon=True).start()

    def work(self, function: Callable[[Any], None], argument: Any) -> None:
        jobs: "queue.SimpleQueue[Tuple[Callable, Any]]" = queue.SimpleQueue()
        while True:
            function(argument)
            self.idle.append(jobs)
            function, argument = jobs.get()
