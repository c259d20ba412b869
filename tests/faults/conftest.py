"""Faults: parts are stopped, emptied and killed while the house is in use."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.chassis.stack import valkey
from tests import prepared
from tests.stack import Stack, running

DISTRICT = "110102"


@dataclass
class Queue:
    """A Redis-protocol server that a test can stop and start again in its place."""

    folder: Path
    server: valkey.EmbeddedValkey

    @property
    def url(self) -> str:
        return self.server.url

    def stop(self) -> None:
        self.server.stop()

    def start(self) -> None:
        assert threading.current_thread() is threading.main_thread()
        self.server = valkey.start(self.folder)


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queue]:
    """The queue of the house below, in the hands of the test."""
    folder = tmp_path_factory.mktemp("queue")
    found = Queue(folder, valkey.start(folder))
    yield found
    found.stop()


@pytest.fixture(scope="module")
def stack(queue: Queue, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A house on that queue."""
    data = prepared.copy(tmp_path_factory, tmp_path_factory.mktemp("faults") / "data")
    with running(data, LINGBAO_REDIS_URL=queue.url) as found:
        yield found


@pytest.fixture(scope="module")
def editor(stack: Stack) -> str:
    """An editor's API key."""
    return stack.key("city-editor")


def lecture(stack: Stack, key: str, **changes: Any) -> dict[str, Any]:
    """A published lecture in a week."""
    begins = datetime.now(UTC).replace(microsecond=0) + timedelta(days=7)
    body = {
        "kind": "lecture",
        "title": {"zh-CN": "领保讲座", "en": "A lecture"},
        "summary": {"zh-CN": "出行前的准备。", "en": "Before you go."},
        "district": DISTRICT,
        "venue": {"name": {"zh-CN": "社区中心"}, "address": {"zh-CN": "和平路 1 号"}},
        "starts_at": begins.isoformat(),
        "ends_at": (begins + timedelta(hours=2)).isoformat(),
        "timezone": "Asia/Shanghai",
        "capacity": 500,
        "waiting_list": True,
        "max_party_size": 4,
        "reminders": ["P1D", "PT1H"],
        "topics": [],
        "countries": ["TH"],
        "questions": [],
        "verify_contact": False,
    }
    status, made = stack.call("POST", "/api/registration/v1/activities", body | changes, key)
    assert status == 201, made
    status, published = stack.call(
        "POST", f"/api/registration/v1/activities/{made['id']}/publish", {}, key
    )
    assert status == 200, published
    return dict(published)


def register(stack: Stack, activity_id: str, email: str, **changes: Any) -> tuple[int, Any]:
    """Register somebody by the public call."""
    body = {
        "name": "王芳",
        "email": email,
        "party_size": 1,
        "language": "zh-CN",
        "answers": {},
        "consents": {"reminders": True, "advisories": True, "privacy_version": "2026-11"},
    }
    return stack.call(
        "POST", f"/api/registration/v1/activities/{activity_id}/registrations", body | changes
    )
