"""A distributor that says yes to everything after a while, and remembers when.

`python -m bench.latency PORT MILLISECONDS`. GET tells the seconds at which calls were answered.
"""

import asyncio
import json
import sys
import time

SUCCESS = b'{"message":"success"}'


class Latency:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.answered: list[float] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = head.partition(b"content-length:")[2].split(b"\r\n")[0]
            await reader.readexactly(int(length or 0))
            writer.write(answer(await self.told() if head.startswith(b"get") else await self.yes()))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # Whoever looks whether the port answers says nothing.
        finally:
            writer.close()

    async def yes(self) -> bytes:
        await asyncio.sleep(self.seconds)
        self.answered.append(time.time())
        return SUCCESS

    async def told(self) -> bytes:
        return json.dumps(self.answered).encode()


def answer(body: bytes) -> bytes:
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def main(port: int, seconds: float) -> None:
    server = await asyncio.start_server(Latency(seconds).serve, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]) / 1000))
