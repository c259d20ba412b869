"""What tests of the content service share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.database import new_id, utc_now
from services.content.database import database

Call = Callable[..., dict[str, Any]]


def advisory(**changes: Any) -> dict[str, Any]:
    """The body of a complete advisory."""
    return {
        "country": "TH",
        "level": "yellow",
        "word": "take-care",
        "headline": {"zh-CN": "雨季涉水请小心", "en": "Rainy season: mind the sea"},
        "text": {"zh-CN": "海况多变。", "en": "The sea changes quickly."},
        "advice": {"zh-CN": "- 红旗请勿下水", "en": "- Stay out under a red flag"},
        "valid_from": (utc_now() - timedelta(hours=1)).isoformat(),
    } | changes


def material(**changes: Any) -> dict[str, Any]:
    """The body of a complete material."""
    return {
        "kind": "checklist",
        "title": {"zh-CN": "护照丢了怎么办", "en": "If you lose your passport"},
        "summary": {"zh-CN": "六个步骤", "en": "Six steps"},
        "body": {"zh-CN": "## 报警\n\n先报警。", "en": "## Police\n\nReport it first."},
        "topics": ["documents"],
        "countries": [],
        "audience": ["travellers"],
    } | changes


def activity(**changes: Any) -> dict[str, Any]:
    """An activity's state as registration tells it."""
    starts = utc_now() + timedelta(days=3)
    return {
        "id": str(new_id()),
        "version": 1,
        "slug": "a-lecture",
        "kind": "lecture",
        "status": "published",
        "title": {"zh-CN": "赴泰安全讲座", "en": "Going to Thailand safely"},
        "summary": {},
        "district": "110102",
        "venue": {"name": {}, "address": {}},
        "starts_at": starts.isoformat(),
        "ends_at": (starts + timedelta(hours=2)).isoformat(),
        "timezone": "Asia/Shanghai",
        "reminders": [],
        "topics": [],
        "countries": ["TH"],
        "url": "http://testserver/activities/a-lecture",
    } | changes


def statements(call: Callable[[], object]) -> int:
    """How many statements the database was sent by a call."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    sa.event.listen(database.engine, "before_cursor_execute", note)
    try:
        call()
    finally:
        sa.event.remove(database.engine, "before_cursor_execute", note)
    return len(seen)


@pytest.fixture
def web(client: Callable[..., TestClient]) -> TestClient:
    """A browser on the content service."""
    return client("content")


@pytest.fixture
def published_advisory(web: TestClient, key: Callable[..., dict[str, str]]) -> Call:
    """``published_advisory(country="JP")``: the advisory as the API answers it."""

    def make(**changes: Any) -> dict[str, Any]:
        editor = key("city-editor")
        made = web.post("/api/content/v1/advisories", json=advisory(**changes), headers=editor)
        assert made.status_code == 201, made.text
        # By somebody else, because orange and red take two.
        done = web.post(
            f"/api/content/v1/advisories/{made.json()['id']}/publish", headers=key("city-editor")
        )
        assert done.status_code == 200, done.text
        found: dict[str, Any] = done.json()
        return found

    return make


@pytest.fixture
def published_material(web: TestClient, key: Callable[..., dict[str, str]]) -> Call:
    """``published_material(kind="book")``: the material as the API answers it."""

    def make(**changes: Any) -> dict[str, Any]:
        editor = key("city-editor")
        made = web.post("/api/content/v1/materials", json=material(**changes), headers=editor)
        assert made.status_code == 201, made.text
        done = web.post(f"/api/content/v1/materials/{made.json()['id']}/publish", headers=editor)
        assert done.status_code == 200, done.text
        found: dict[str, Any] = done.json()
        return found

    return make
