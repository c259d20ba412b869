"""A lecture that is given many times, for the tests of series."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.testclient import TestClient

from tests.registration.making import API, made

Key = Callable[..., dict[str, str]]
BERLIN = "Europe/Berlin"


def weekly(browser: TestClient, key: Key, times: int = 3, **changes: Any) -> dict[str, Any]:
    """A published lecture and as many dates after it, published too."""
    first = made(browser, key, **changes)
    answer = browser.post(
        f"{API}/series",
        json={
            "activity_id": first["id"],
            "repeat": {"every": "week", "times": times},
            "publish": True,
        },
        headers=key("city-editor"),
    )
    assert answer.status_code == 201, answer.text
    series: dict[str, Any] = answer.json()
    return series


def register(browser: TestClient, activity: dict[str, Any], number: int) -> dict[str, Any]:
    answer = browser.post(
        f"{API}/activities/{activity['id']}/registrations",
        json={"name": "王芳", "email": f"guest{number}@example.com", "consents": {}},
    )
    assert answer.status_code == 201, answer.text
    registered: dict[str, Any] = answer.json()
    return registered


def patch(
    browser: TestClient, key: Key, activity: dict[str, Any], **changes: Any
) -> dict[str, Any]:
    answer = browser.patch(
        f"{API}/activities/{activity['id']}", json=changes, headers=key("city-editor")
    )
    assert answer.status_code == 200, answer.text
    edited: dict[str, Any] = answer.json()
    return edited


def now_in(browser: TestClient, series: dict[str, Any]) -> list[dict[str, Any]]:
    occurrences: list[dict[str, Any]] = browser.get(f"{API}/series/{series['slug']}").json()[
        "occurrences"
    ]
    return occurrences


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
