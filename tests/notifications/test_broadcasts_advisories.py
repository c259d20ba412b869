"""An advisory that is news becomes a draft, for two people to read."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.problems import Problem
from services.notifications.broadcasts import reading, writing
from services.notifications.broadcasts.schemas import BroadcastChange, BroadcastLine
from tests.notifications.broadcasting import author, person
from tests.notifications.told import hear

Visit = Callable[[Principal], TestClient]


def advisory(identifier: uuid.UUID, version: int, level: str, **changes: Any) -> None:
    hear(
        f"advisory.{'withdrawn' if changes.get('withdrawn') else 'published'}.v1",
        f"advisory/{identifier}",
        version,
        {
            "subject_id": str(identifier),
            "version": version,
            "country": "TH",
            "level": level,
            "word": "take-care",
            "headline": {"zh-CN": "南部洪水", "en": "Floods in the south"},
            "advice": {"zh-CN": "请远离河岸。", "en": "Stay away from rivers."},
            "valid_from": utc_now().isoformat(),
            "url": "http://testserver/advisories/x",
        }
        | changes,
    )


def drafted() -> list[tuple[str, str]]:
    lines: list[BroadcastLine] = list(reading.listed(author(), limit=100).items)
    return [(line.urgency, line.status) for line in reversed(lines)]


def test_an_advisory_becomes_a_draft_for_two_people(visit: Visit) -> None:
    person("li@example.com")
    identifier = uuid.uuid4()
    advisory(identifier, 1, "red")
    advisory(identifier, 1, "red")
    assert drafted() == [("emergency", "draft")]
    [line] = reading.listed(author()).items
    assert line.origin == f"advisory/{identifier}/1"
    found = reading.read(author(), line.id)
    assert found.audience.countries == ["TH"]
    assert found.message.english.subject == "Thailand: Floods in the south"
    assert "http://testserver/advisories/x" in found.message.chinese.sms
    editor = author()
    assert "waits for you to read it" in visit(editor).get("/staff/today/notifications").text
    assert "Drafted from an advisory" in visit(editor).get(f"/staff/broadcasts/{line.id}").text
    writing.submit(editor, line.id)
    with pytest.raises(Problem) as refused:
        writing.approve(editor, line.id)
    assert refused.value.kind == "own-broadcast"
    assert writing.approve(author(), line.id).status == "approved"


def test_only_news_is_drafted() -> None:
    identifier = uuid.uuid4()
    advisory(identifier, 1, "yellow")
    advisory(identifier, 2, "yellow", headline={"zh-CN": "洪水加剧"})
    assert drafted() == [("routine", "cancelled"), ("routine", "draft")], "it follows its advisory"
    [newest, _] = reading.listed(author()).items
    writing.edit(author(), newest.id, BroadcastChange(title="Read by a person"))
    advisory(identifier, 3, "yellow")
    assert len(drafted()) == 2, "nothing new, and a person's work is left alone"
    advisory(identifier, 4, "orange")
    assert drafted()[1:] == [("routine", "draft"), ("important", "draft")]
    advisory(identifier, 5, "blue")
    assert drafted()[2:] == [("important", "cancelled"), ("routine", "draft")]
    advisory(identifier, 6, "blue", withdrawn=True)
    assert drafted()[3:] == [("routine", "cancelled")]
    over = (utc_now() - timedelta(days=1)).isoformat()
    advisory(uuid.uuid4(), 1, "red", valid_until=over)
    assert len(drafted()) == 4, "it is over already"
