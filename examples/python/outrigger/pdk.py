"""The `kong` that a handler is given: the functions that Outrigger named when the program began, and no others."""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Dict, Sequence


class PDKException(Exception):
    """A call that the gateway or Outrigger refused; its text says why."""


class Function:
    """One function of the PDK, as WELCOME describes it."""

    def __init__(self, row: Dict[str, Any]):
        self.name: str = row["name"]
        self.args = row["args"]
        self.returns: str = row["returns"]
        self.ends: bool = row["ends"]
        self.doc: str = row["doc"]

    def arguments(self, given: Sequence[Any], named: Dict[str, Any]) -> list:
        """Arguments in the order of the function. Absent ones at the end are left out."""
        found = list(given)
        names = [arg["name"] for arg in self.args]
        for name, value in named.items():
            if name not in names:
                raise TypeError("%s has no argument '%s'" % (self.name, name))
            place = names.index(name)
            if place < len(given):
                raise TypeError("%s has two values for '%s'" % (self.name, name))
            found.extend([None] * (place + 1 - len(found)))
            found[place] = value
        while found and found[-1] is None:
            found.pop()
        return found

    @staticmethod
    def result(results: list) -> Any:
        """The first result; nil and a text behind it are an error, as everywhere in the PDK."""
        if len(results) > 1 and results[0] is None and isinstance(results[1], str):
            raise PDKException(results[1])
        return results[0] if results else None


class Functions(Dict[str, Function]):
    """By name; and the names of all namespaces."""

    def __init__(self, rows: Sequence[Dict[str, Any]]):
        super().__init__((row["name"], Function(row)) for row in rows)
        self.namespaces = {name[:at] for name in self for at, letter in enumerate(name) if letter == "."}


class Namespace:
    """kong, kong.request and so on: attributes are functions or further namespaces."""

    def __init__(self, functions: Functions, prefix: str, make: Callable[[Function], Any]):
        self._functions, self._prefix, self._make = functions, prefix, make

    def __getattr__(self, name: str) -> Any:
        path = "%s.%s" % (self._prefix, name)
        function = self._functions.get(path)
        found: Any = None if function is None else self._make(function)
        if path in self._functions.namespaces:
            call, found = found, Namespace(self._functions, path, self._make)
            found.__dict__["_call"] = call  # kong.log(...) and kong.log.info(...)
        if found is None:
            raise AttributeError("the PDK has no %s" % path)
        self.__dict__[name] = found
        return found

    def __call__(self, *args: Any, **named: Any) -> Any:
        call = self.__dict__.get("_call")
        if call is None:
            raise TypeError("%s is no function" % self._prefix)
        return call(*args, **named)

    def __dir__(self):
        start = self._prefix + "."
        return sorted({name[len(start):].split(".")[0] for name in self._functions
                       if name.startswith(start)})


def named(call: Callable[..., Any], function: Function) -> Callable[..., Any]:
    call.__name__ = function.name.rsplit(".", 1)[1]
    call.__qualname__ = function.name
    call.__doc__ = function.doc
    return call


class Kong(Namespace):
    """For plain functions: a call returns when the answer is there, and raises PDKException."""

    def __init__(self, functions: Functions, ask: Callable[[str, list], list],
                 lua_style: bool = False):
        def make(function: Function) -> Callable[..., Any]:
            def call(*args: Any, **more: Any) -> Any:
                return function.result(ask(function.name, function.arguments(args, more)))

            def call_lua_style(*args: Any, **more: Any) -> Any:
                try:
                    return call(*args, **more), None
                except PDKException as error:
                    return None, str(error)

            return named(call_lua_style if lua_style else call, function)

        super().__init__(functions, "kong", make)


class AsyncKong(Namespace):
    """For coroutines: calls are awaited."""

    def __init__(self, functions: Functions, ask: Callable[[str, list], Awaitable[list]],
                 lua_style: bool = False):
        def make(function: Function) -> Callable[..., Any]:
            async def call(*args: Any, **more: Any) -> Any:
                return function.result(await ask(function.name, function.arguments(args, more)))

            async def call_lua_style(*args: Any, **more: Any) -> Any:
                try:
                    return await call(*args, **more), None
                except PDKException as error:
                    return None, str(error)

            return named(call_lua_style if lua_style else call, function)

        super().__init__(functions, "kong", make)
