"""Activities as the tests need them, made through the API as staff would."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.testclient import TestClient

API = "/api/registration/v1"
Key = Callable[..., dict[str, str]]


def body(**changes: Any) -> dict[str, Any]:
    """A lecture in Xicheng in ten days, with eighty places."""
    starts = (datetime.now(UTC) + timedelta(days=10)).replace(microsecond=0)
    return {
        "kind": "lecture",
        "title": {"zh-CN": "出国前的安全课", "en": "A safety lesson before you leave"},
        "summary": {"zh-CN": "讲解常见风险。", "en": "Common risks explained."},
        "district": "110102",
        "venue": {
            "name": {"zh-CN": "陶然亭街道文化中心", "en": "Taoranting Cultural Centre"},
            "address": {"zh-CN": "太平街", "en": "Taiping Street"},
        },
        "starts_at": starts.isoformat(),
        "ends_at": (starts + timedelta(hours=2)).isoformat(),
        "timezone": "Asia/Shanghai",
        "capacity": 80,
        "waiting_list": True,
        "max_party_size": 4,
        "reminders": ["P7D", "P1D", "PT1H"],
        "topics": ["travel"],
        "countries": ["TH"],
    } | changes


def made(browser: TestClient, key: Key, *, publish: bool = True, **changes: Any) -> dict[str, Any]:
    """An activity as it was answered, published unless told otherwise."""
    headers = key("city-editor")
    answer = browser.post(f"{API}/activities", json=body(**changes), headers=headers)
    assert answer.status_code == 201, answer.text
    activity: dict[str, Any] = answer.json()
    if publish:
        answer = browser.post(f"{API}/activities/{activity['id']}/publish", headers=headers)
        assert answer.status_code == 200, answer.text
        activity = answer.json()
    return activity


def in_days(days: float) -> str:
    """A moment so many days from now, RFC 3339."""
    return (datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0).isoformat()
