"""The staff home, and the sample staff."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from services.chassis.i18n import speaking
from services.identity import sample
from services.identity.home.pages import greeting
from tests.identity.conftest import PASSWORD, Browser


def test_one_is_greeted_by_the_citys_clock() -> None:
    hours = {
        0: "morning",
        3: "morning",
        4: "afternoon",
        10: "evening",
        19: "evening",
        21: "morning",
    }
    with speaking("en"):
        for hour, words in hours.items():  # UTC; the city's clock is eight hours ahead
            said = greeting(datetime(2026, 11, 23, hour, 30, tzinfo=UTC), "周敏 100%")
            assert said == f"Good {words}, 周敏 100%"


def test_the_home_loads_what_the_role_may_see_and_works_without_it(
    browser: Browser, staff: Callable[..., dict[str, str]]
) -> None:
    def parts(role: str) -> list[str]:
        client = browser()
        client.cookies.update(staff(role))
        text = client.get("/staff").text
        return [
            name
            for name in ("registration", "notifications", "content")
            if f'hx-get="/staff/today/{name}"' in text
        ]

    assert parts("city-admin") == ["registration", "notifications", "content"]
    assert parts("viewer") == ["registration", "notifications", "content"]
    assert parts("check-in") == ["registration"]
    client = browser()
    client.cookies.update(staff("check-in"))
    assert '<a href="/staff/activities">Open the activities</a>' in client.get("/staff").text


def test_the_sample_staff_are_added_once_and_sign_in(browser: Browser) -> None:
    added = sample.load(PASSWORD)
    assert len(added) == 7
    assert ("xicheng@lingbao.example", "district-admin", "110102") in added
    assert sample.load("another-password-9") == []
    for email, role, district in added:
        me = browser(email).get("/api/identity/v1/me").json()
        assert (me["role"], me["district"]) == (role, district)
