"""A room of 200 takes one quiz at once, as telephones do: pages through the front, nothing else.

Everybody opens the door within seconds, reads each question for a while, has the answer kept by
the script as it is chosen, goes on to the next page, and all hand in at the same moment. Meanwhile
a lecturer's screen follows by server-sent events. What is looked at: that no attempt and no answer
is lost, how long each kind of request takes, and how long after a handing in the screen counts it.

The callers share the processors with the house.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
import urllib.parse
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx2
from rich.table import Table

from bench.load import Measured
from tests.stack import Stack, eventually

PEOPLE = 200
ARRIVE = 10.0  # seconds in which all of them open the door
THINK = (4.0, 8.0)  # seconds over each question
LIMIT = 1.0  # seconds until the screen follows
FOLLOW = 20.0  # seconds after the last handing in that the screen is watched on
_HANDED_IN = re.compile(r'data-figure="finished">(\d+)<')


@dataclass
class Room:
    """What was seen. ``handed_in``: when each was answered; ``screen``: when it counted what."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    handed_in: list[float] = field(default_factory=list)
    screen: list[tuple[float, int]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    answered: int = 0

    def lags(self) -> list[float]:
        """Of each handing in, the seconds until the screen had counted so many."""
        before = self.screen[0][1]
        found = []
        for count, at in enumerate(sorted(self.handed_in), start=1):
            seen = next((when for when, shown in self.screen if shown - before >= count), None)
            assert seen is not None, f"the screen never counted {count}"
            found.append(max(0.0, seen - at))
        return sorted(found)


class Telephone:
    """One connection that keeps the browser's cookies; as little work for the machine as can be."""

    def __init__(self, stack: Stack, room: Room) -> None:
        self._host = urllib.parse.urlsplit(stack.url).netloc
        self._room = room
        self._cookies: dict[str, str] = {}

    async def open(self) -> None:
        """Connect to the front."""
        host, port = self._host.split(":")
        self._reader, self._writer = await asyncio.open_connection(host, int(port))

    async def ask(
        self, what: str, method: str, path: str, fields: dict[str, str] | None = None
    ) -> tuple[int, str, str]:
        """The status, where it leads and the body; its time is noted as ``what``."""
        body = urllib.parse.urlencode(fields or {}).encode()
        cookies = "; ".join(f"{name}={text}" for name, text in self._cookies.items())
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\nSec-Fetch-Site: same-origin\r\n"
            f"Cookie: {cookies}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        sent = time.perf_counter()
        self._writer.write(head.encode() + body)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        lines = answer.split("\r\n")
        headers = [line.partition(": ")[::2] for line in lines[1:] if line]
        length = next((int(text) for name, text in headers if name.lower() == "content-length"), 0)
        text = (await self._reader.readexactly(length)).decode()
        self._room.times[what].append(time.perf_counter() - sent)
        for name, value in headers:
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self._cookies[key] = rest.partition(";")[0]
        way = next((text for name, text in headers if name.lower() == "location"), "")
        return int(lines[0].split()[1]), way, text


def measure(stack: Stack) -> Table:
    """Have the room take an open quiz of the samples."""
    _, listed = stack.call("GET", "/api/content/v1/quizzes")
    quiz = next(one for one in listed["items"] if not one.get("minutes") or one["minutes"] >= 5)
    key = stack.key("city-admin")
    before = stack.call("GET", f"/api/content/v1/quizzes/{quiz['id']}/results", key=key)[1]
    room = asyncio.run(_take(stack, quiz))
    found = eventually(
        lambda: stack.call("GET", f"/api/content/v1/quizzes/{quiz['id']}/results", key=key)[1]
    )
    finished = found["finished"] - before["finished"]
    kept = sum(
        len(stack.call("GET", f"/api/content/v1/attempts/{token}")[1]["answers"])
        for token in room.tokens
    )
    assert finished == PEOPLE, f"{finished} of {PEOPLE} were handed in"
    assert kept == room.answered, f"{kept} of {room.answered} answers were kept"
    table = Table("what", "times", "p50 ms", "p95 ms", "p99 ms", title="A quiz in a room of 200")
    for name, times in room.times.items():
        measured = Measured(sorted(times), 1)
        shares = (f"{1000 * measured.at(share):.0f}" for share in (0.5, 0.95, 0.99))
        table.add_row(name, str(len(times)), *shares)
    lags = Measured(room.lags(), 1)
    shares = (f"{1000 * lags.at(share):.0f}" for share in (0.5, 0.95, 0.99))
    table.add_row("handed in → on the screen", str(len(lags.times)), *shares)
    table.caption = (
        f"{finished} of {PEOPLE} attempts and {kept} of {room.answered} answers were counted; "
        f"the screen followed {lags.at(0.95) / LIMIT:.2f} of its limit at p95."
    )
    return table


async def _take(stack: Stack, quiz: dict[str, str]) -> Room:
    room = Room()
    begun = asyncio.Barrier(PEOPLE)
    watching = asyncio.create_task(_watch(stack, quiz["id"], room))
    while not room.screen:
        assert not watching.done(), watching.result()
        await asyncio.sleep(0.05)
    draw = random.Random(200)
    code = quiz["url"].rpartition("/")[2]
    people = [
        _person(stack, room, code, begun, random.Random(draw.random())) for _ in range(PEOPLE)
    ]
    await asyncio.gather(*people)
    until = time.perf_counter() + FOLLOW
    while room.screen[-1][1] - room.screen[0][1] < PEOPLE and time.perf_counter() < until:
        await asyncio.sleep(0.05)
    watching.cancel()
    return room


async def _person(
    stack: Stack, room: Room, code: str, begun: asyncio.Barrier, draw: random.Random
) -> None:
    await asyncio.sleep(draw.uniform(0, ARRIVE))
    telephone = Telephone(stack, room)
    await telephone.open()
    await telephone.ask("the door", "GET", f"/q/{code}")
    status, way, text = await telephone.ask("begin", "POST", f"/q/{code}", {"_once": _once(draw)})
    assert status == 303, text
    token = way.split("/")[3]
    room.tokens.append(token)
    here, place = f"/quizzes/attempts/{token}", 1
    while True:
        status, way, page = await telephone.ask("a question", "GET", f"{here}/{place}")
        if status == 303:
            break  # there is no such question: it was the last one
        await asyncio.sleep(draw.uniform(*THINK))
        fields = dict(_chosen(page, draw))
        status, _, text = await telephone.ask(
            "keep an answer", "POST", f"{here}/{place}", fields | {"go": "stay"}
        )
        assert status == 204, text
        room.answered += 1
        status, way, text = await telephone.ask(
            "next", "POST", f"{here}/{place}", fields | {"go": "next"}
        )
        assert status == 303, text
        place += 1
    await begun.wait()  # "please hand in now"
    status, _, text = await telephone.ask("hand in", "POST", f"{here}/hand-in")
    assert status == 303, text
    room.handed_in.append(time.perf_counter())
    status, _, text = await telephone.ask("the result", "GET", here)
    assert status == 200, text


def _once(draw: random.Random) -> str:
    return f"{draw.getrandbits(128):032x}"


def _chosen(page: str, draw: random.Random) -> Iterator[tuple[str, str]]:
    """Any answer to the question on a page."""
    yield "item", re.findall(r'name="item" value="([^"]+)"', page)[0]
    options = re.findall(r'name="(choices?)" value="([^"]+)"', page)
    if options:
        yield draw.choice(options)
    for place, (name, inside) in enumerate(
        re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL)
    ):
        values = re.findall(r'<option value="([^"]+)"', inside)
        yield name, values[place % len(values)]
    if 'name="text"' in page:
        yield "text", "12308"


async def _watch(stack: Stack, quiz_id: str, room: Room) -> None:
    """The lecturer's screen."""
    key = await asyncio.to_thread(stack.key, "city-admin")
    way = f"{stack.url}/staff/quizzes/{quiz_id}/live/events"
    client = httpx2.AsyncClient(trust_env=False, timeout=None)
    async with (
        client,
        client.stream("GET", way, headers={"Authorization": f"Bearer {key}"}) as stream,
    ):
        assert stream.status_code == 200, stream.status_code
        async for line in stream.aiter_lines():
            if found := _HANDED_IN.search(line):
                room.screen.append((time.perf_counter(), int(found[1])))
