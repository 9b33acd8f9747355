"""The messages of docs/remote-protocol.md as bytes."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, List

import msgpack

VERSION = 1
KEPT = 1 << 20  # bytes of the unpacker's that are kept; it gives back none
(HELLO, WELCOME, START, CLOSE, EVENT, CALL, ANSWER, END, CANCEL, PING, PONG, LEAVE) = range(1, 13)


def pack(*envelope: Any) -> bytes:
    return msgpack.packb((VERSION,) + envelope, unicode_errors="surrogateescape")


class Reader:
    """Gives the envelopes of messages."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.unpacker = msgpack.Unpacker(unicode_errors="surrogateescape", strict_map_key=False, max_buffer_size=0)
        self.fed = 0

    def unpack(self, data: bytes) -> Iterator[list]:
        """Those of one message, one after the other."""
        self.unpacker.feed(data)
        self.fed += len(data)
        for envelope in self.unpacker:
            if envelope[0] != VERSION:
                raise ValueError("Outrigger speaks version %r of the protocol" % (envelope[0],))
            yield envelope[1:]
        if self.unpacker.tell() != self.fed:
            raise ValueError("a message of Outrigger's is cut short")
        if len(data) > KEPT:
            self.begin()


def gather(envelopes: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """Messages of as many envelopes as may go together: `limit` bytes, or one."""
    some: List[bytes] = []
    size = 0
    for data in envelopes:
        if some and size + len(data) > limit:
            yield b"".join(some)
            some, size = [], 0
        some.append(data)
        size += len(data)
    if some:
        yield b"".join(some)
