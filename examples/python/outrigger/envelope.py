"""The messages of docs/remote-protocol.md as bytes."""

from __future__ import annotations

from typing import Any

import msgpack

VERSION = 1
(HELLO, WELCOME, START, CLOSE, EVENT, CALL, ANSWER, END, CANCEL, PING, PONG, LEAVE) = range(1, 13)


def pack(*envelope: Any) -> bytes:
    return msgpack.packb((VERSION,) + envelope, unicode_errors="surrogateescape")


def unpack(data: bytes) -> list:
    envelope = msgpack.unpackb(data, unicode_errors="surrogateescape", strict_map_key=False)
    if envelope[0] != VERSION:
        raise ValueError("Outrigger speaks version %r of the protocol" % (envelope[0],))
    return envelope[1:]
