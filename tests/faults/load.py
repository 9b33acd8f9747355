"""load.py - keeps a number of HTTP requests in flight. usage: load.py PORT KEY GUARDED NEIGHBOURS

GUARDED connections ask for /guarded, each tenth time with a wrong key; NEIGHBOURS ask for /neighbour.
Each request has a nonce of its own. When standard input ends, the requests under way are waited for,
and the counts are printed as JSON: answers by status, what was not answered, the worst latency.
"""

import asyncio
import collections
import json
import os
import sys
import time

WRONG_KEY_EVERY = 10
PATIENCE = 30  # seconds for one answer


class Side:
    """What became of the requests for one path."""

    def __init__(self):
        self.sent = 0
        self.answers = collections.Counter()
        self.worst = 0.0
        self.wrong_key_passed = 0

    def report(self):
        return {"sent": self.sent, "answers": dict(self.answers), "worst": round(self.worst, 3),
                "wrong_key_passed": self.wrong_key_passed}


class Load:
    def __init__(self, port, key):
        self.port = port
        self.key = key
        self.stopping = False
        self.sides = {"guarded": Side(), "neighbour": Side()}

    async def ask(self, reader, writer, path, nonce, key):
        writer.write(("GET /%s HTTP/1.1\r\nHost: x\r\nx-nonce: %s\r\nx-key: %s\r\n\r\n" %
                      (path, nonce, key)).encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        if b"chunked" in head.lower():
            await reader.readuntil(b"0\r\n\r\n")
        await reader.readexactly(length)
        return int(head.split(b" ", 2)[1]), b"connection: close" in head.lower()

    async def one(self, streams, path, number):
        side = self.sides[path]
        wrong = path == "guarded" and side.sent % WRONG_KEY_EVERY == 0
        nonce = "%d-%d-%d" % (os.getpid(), number, side.sent)
        side.sent += 1
        begun = time.monotonic()
        status, closing = await asyncio.wait_for(
            self.ask(*streams, path, nonce, "wrong" if wrong else self.key), PATIENCE)
        side.worst = max(side.worst, time.monotonic() - begun)
        side.answers[str(status)] += 1
        side.wrong_key_passed += wrong and status == 200
        return closing

    async def client(self, path, number):
        streams, used = None, 0
        while not self.stopping:
            try:
                if streams is None:
                    streams, used = await asyncio.open_connection("127.0.0.1", self.port), 0
                closing = await self.one(streams, path, number)
                used += 1
                if closing:
                    streams[1].close()
                    streams = None
            except asyncio.TimeoutError:
                self.sides[path].answers["never"] += 1
                return
            except (OSError, asyncio.IncompleteReadError) as error:
                # A gateway that reloads may close a connection just when it is used again. Every
                # client tries a GET again then.
                again = used > 0 and not getattr(error, "partial", b"")
                self.sides[path].answers["again" if again else "broken"] += 1
                streams = None
        if streams is not None:
            streams[1].close()

    async def run(self, guarded, neighbours):
        paths = ["guarded"] * guarded + ["neighbour"] * neighbours
        clients = [asyncio.create_task(self.client(path, i)) for i, path in enumerate(paths)]
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        self.stopping = True
        await asyncio.gather(*clients)
        print(json.dumps({path: side.report() for path, side in self.sides.items()}))


if __name__ == "__main__":
    asyncio.run(Load(int(sys.argv[1]), sys.argv[2]).run(int(sys.argv[3]), int(sys.argv[4])))
