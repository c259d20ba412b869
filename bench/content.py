"""A destination's page and a search with 2,000 materials, 1,000 advisories and 10,000 answers."""

from __future__ import annotations

import random
import urllib.parse
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from rich.table import Table

from bench.timing import connected, get, p50, p95, times
from services.chassis.reference import TOPICS, countries
from services.content.advisories.models import Advisory
from services.content.database import database
from services.content.materials.models import Material
from services.content.search import reading
from services.content.search.models import SearchEntry
from services.content.search.reading import Filters
from services.content.search.service import Entry, Kind, row_of
from tests.stack import Stack

MATERIALS, ADVISORIES, ANSWERS = 2_000, 1_000, 10_000
LIMIT = 60  # milliseconds, p95 of an answer on an idle machine
BATCH = 1_000

ASKED = (
    ("a country's page", "/advisories/TH"),
    ("a country's page, English", "/advisories/JP?lang=en"),
    ("search: a word in most of them", "/search?q=护照"),
    ("search: a question", "/search?q=在泰国护照丢了怎么办"),
    ("search: in English", "/search?q=lost passports&lang=en"),
    ("search: a country", "/search?q=泰国"),
    ("search: narrowed", "/search?q=安全&kind=question&country=JP&topic=travel"),
    ("search: a misspelt country", "/search?q=泰果签证"),
    ("search: stands nowhere", "/search?q=氢气球"),
    ("call: a word in most of them", "/api/content/v1/search?q=护照"),
    ("call: a destination", "/api/content/v1/destinations/TH"),
)
_WHAT = (
    ("护照丢了怎么补办", "How to replace a lost passport"),
    ("签证过期了还能出境吗", "Leaving with a visa that has run out"),
    ("接到自称使馆的电话", "A call that claims to be from the embassy"),
    ("孩子独自留学要准备什么", "What to prepare when a child studies abroad"),
    ("自驾旅行怎样买保险", "Insurance for a journey by car"),
    ("遇到地震先做什么", "What to do first in an earthquake"),
    ("在海边游玩的安全提示", "Staying safe by the sea"),
    ("在当地看病和报销", "Seeing a doctor, and who pays"),
)
_SENTENCES = (
    ("请先向当地警方报案，取得报案证明，再联系使领馆办理旅行证。",
     "Report it to the local police first, keep the paper, then ask the embassy for a document."),
    ("出发前请把护照首页拍照，与原件分开存放，并把行程告诉家人。",
     "Before you leave, photograph the passport and keep the picture apart; tell your family."),
    ("不要轻信电话里要求转账的人，使领馆不会在电话里要您付款。",
     "Do not trust a caller who asks for money: no embassy asks for a payment on the telephone."),
    ("遇到紧急情况请拨打十二三零八热线，说明地点、姓名和情况。",
     "In an emergency call the hotline and say where you are, who you are and what happened."),
    ("请留意天气预报和当地部门的通知，远离人群聚集的地方。",
     "Watch the forecast and what the authorities say, and keep away from crowds."),
    ("保险应包含住院、救援和送返回国的费用，请出发前看清条款。",
     "Insurance should pay for hospital, rescue and the way home; read its terms beforehand."),
)  # fmt: skip


def measure(stack: Stack) -> Table:
    """Each answer as one caller gets it, beside a health check and its statements alone (ms)."""
    with connected(database, stack):
        _fill()
        bare = p50(times(lambda: reading.find(Filters(words="护照"), limit=12)))
    least = times(lambda: get(f"{stack.url}/api/content/healthz"))
    table = Table(
        *("what", "p50", "p95", f"of {LIMIT}", "health check", "of it"),
        title=f"{MATERIALS:,} materials, {ADVISORIES:,} advisories, {ANSWERS:,} answers (ms)",
    )
    for name, path in ASKED:
        url = stack.url + urllib.parse.quote(path, safe="/?=&")
        found = times(partial(get, url))
        table.add_row(
            name,
            f"{p50(found):.1f}",
            f"{p95(found):.1f}",
            f"{p95(found) / LIMIT:.2f}",
            f"{p50(least):.1f}",
            f"{p50(found) / p50(least):.1f}",
        )
    table.caption = f"The search for a word in most of them, without HTTP and page: {bare:.1f} ms."
    return table


def _fill() -> None:
    """Everything by bulk insert: the words as the use cases make them, and no events."""
    chance = random.Random(20261123)
    with database.transaction() as session:
        _insert(session, Material, [_material(chance, number) for number in range(MATERIALS)])
        _insert(session, Advisory, [_advisory(chance) for _ in range(ADVISORIES)])
        kinds: list[tuple[Kind, int]] = [
            ("material", MATERIALS),
            ("advisory", ADVISORIES),
            ("question", ANSWERS),
        ]
        for kind, count in kinds:
            _insert(session, SearchEntry, [_entry(chance, kind) for _ in range(count)])
    with database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(
            sa.text("VACUUM (ANALYZE) search_entries, materials, advisories")
        )


def _insert(session: sa.orm.Session, table: type[Any], rows: list[dict[str, Any]]) -> None:
    for begin in range(0, len(rows), BATCH):
        session.execute(sa.insert(table), rows[begin : begin + BATCH])


def _texts(chance: random.Random) -> tuple[dict[str, str], dict[str, str]]:
    what = chance.choice(_WHAT)
    said = [chance.choice(_SENTENCES) for _ in range(8)]
    number = chance.randrange(10_000)
    title = {"zh-CN": f"{what[0]}（{number}）", "en": f"{what[1]} ({number})"}
    return title, {tag: " ".join(one[at] for one in said) for at, tag in enumerate(title)}


def _where(chance: random.Random) -> list[str]:
    if chance.random() < 0.2:
        return []
    often = ["TH", "JP", "GB", "US", "AU"]
    return [chance.choice(often if chance.random() < 0.5 else sorted(countries()))]


def _written() -> dict[str, Any]:
    return {
        "id": uuid.uuid4(),
        "version": 1,
        "status": "published",
        "author_kind": "key",
        "author_id": uuid.uuid4(),
        "author_name": "x",
        "published_at": datetime.now(UTC),
    }


def _material(chance: random.Random, number: int) -> dict[str, Any]:
    title, text = _texts(chance)
    return _written() | {
        "slug": f"bench-{number}",
        "author": {},
        "kind": chance.choice(["brochure", "book", "case-study", "checklist"]),
        "title": title,
        "summary": {tag: one[:60] for tag, one in text.items()},
        "body": text,
        "topics": [chance.choice(sorted(TOPICS))],
        "countries": _where(chance),
        "audience": ["travellers"],
    }


def _advisory(chance: random.Random) -> dict[str, Any]:
    title, text = _texts(chance)
    begun = datetime.now(UTC) - timedelta(days=chance.randrange(1, 300))
    # Most are over, as they are after some years.
    over = chance.random() < 0.8
    return _written() | {
        "country": chance.choice(sorted(countries())),
        "region": {},
        "level": chance.choice(["blue", "yellow"]),
        "word": "take-care",
        "headline": title,
        "text": text,
        "advice": text,
        "valid_from": begun,
        "valid_until": begun + timedelta(days=1 if over else 600),
    }


def _entry(chance: random.Random, kind: Kind) -> dict[str, Any]:
    title, text = _texts(chance)
    return row_of(
        Entry(
            kind=kind,
            id=uuid.uuid4(),
            title=title,
            text=text,
            url="/library/bench-1",
            countries=_where(chance),
            topics=[chance.choice(sorted(TOPICS))],
            audience=["travellers"],
            at=datetime.now(UTC) - timedelta(minutes=chance.randrange(1_000_000)),
        )
    )
