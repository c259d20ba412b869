"""The home page, what it hears of advisories and materials, privacy, the staff's day, samples."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.chassis.database import new_id, utc_now
from services.chassis.events import Envelope, consume
from services.registration import sample
from services.registration.database import database
from services.registration.events import HANDLERS
from services.registration.notices.service import advisories_in_force, materials_about
from tests.registration.making import in_days, made

Key = Callable[..., dict[str, str]]
Staff = Callable[..., dict[str, str]]


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


def hear(kind: str, subject: uuid.UUID, version: int, data: dict[str, Any]) -> bool:
    """What the worker does with an event of the content service."""
    return consume(
        database,
        HANDLERS,
        Envelope(
            id=new_id(),
            source="/services/content",
            type=kind,
            subject=f"{kind.split('.', maxsplit=1)[0]}/{subject}",
            time=utc_now(),
            sequence=version,
            data={"subject_id": str(subject), "version": version} | data,
        ),
    )


def advisory(**changes: Any) -> dict[str, Any]:
    return {
        "country": "TH",
        "region": {"zh-CN": "南部边境", "en": "Southern border"},
        "level": "orange",
        "word": "travel-with-caution",
        "headline": {"zh-CN": "近期多发冲突", "en": "Clashes of late"},
        "advice": {"zh-CN": "请避免前往", "en": "Avoid the area"},
        "valid_from": in_days(-1),
        "valid_until": None,
        "url": "http://testserver/advisories/TH",
        "withdrawn": False,
        "something_new": "ignored",
    } | changes


def material(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "brochure",
        "title": {"zh-CN": "旅行安全手册", "en": "Travel safely"},
        "summary": {},
        "topics": ["travel"],
        "countries": [],
        "url": "http://testserver/library/travel-safely",
        "withdrawn": False,
    } | changes


def in_force(countries: list[str] | None = None) -> list[str]:
    with database.transaction() as session:
        return [note.level for note in advisories_in_force(session, countries)]


def test_advisories_are_shown_at_home_and_with_their_activities(
    browser: TestClient, key: Key
) -> None:
    activity = made(browser, key)
    hear("advisory.published.v1", uuid.uuid4(), 1, advisory())
    for address in ("/", f"/activities/{activity['slug']}"):
        page = browser.get(address, params={"lang": "en"}).text
        assert "Orange, high risk" in page
        assert "Southern border" in page
        assert "Travel with caution" in page
    elsewhere = made(browser, key, countries=["KE"], title={"en": "Elsewhere"})
    assert "Southern border" not in browser.get(f"/activities/{elsewhere['slug']}?lang=en").text


def test_the_newest_of_an_advisory_counts_and_a_withdrawn_one_goes() -> None:
    subject = uuid.uuid4()
    assert hear("advisory.published.v1", subject, 1, advisory())
    assert hear("advisory.published.v1", subject, 3, advisory(level="red"))
    assert not hear("advisory.published.v1", subject, 2, advisory(level="blue"))
    assert in_force() == ["red"]
    hear("advisory.withdrawn.v1", subject, 4, advisory(withdrawn=True))
    assert in_force() == []


def test_only_what_holds_now_is_in_force_the_most_serious_first() -> None:
    hear("advisory.published.v1", uuid.uuid4(), 1, advisory(level="blue", country="JP"))
    hear("advisory.published.v1", uuid.uuid4(), 1, advisory(level="red", country="KE"))
    hear("advisory.published.v1", uuid.uuid4(), 1, advisory(level="yellow", country="FR"))
    hear("advisory.published.v1", uuid.uuid4(), 1, advisory(valid_from=in_days(1)))
    hear("advisory.published.v1", uuid.uuid4(), 1, advisory(valid_until=in_days(-0.1)))
    assert in_force() == ["red", "yellow", "blue"]
    assert in_force(["JP", "FR"]) == ["yellow", "blue"]
    assert in_force([]) == []


def test_materials_about_a_country_come_before_those_about_a_topic() -> None:
    hear("material.published.v1", uuid.uuid4(), 1, material())
    hear(
        "material.published.v1",
        uuid.uuid4(),
        1,
        material(title={"en": "Thailand"}, topics=[], countries=["TH"]),
    )
    gone = uuid.uuid4()
    hear("material.published.v1", gone, 1, material(title={"en": "Old"}))
    hear("material.withdrawn.v1", gone, 2, material(title={"en": "Old"}, withdrawn=True))
    with database.transaction() as session:
        both = materials_about(session, ["travel"], ["TH"])
        assert [note.title["en"] for note in both] == ["Thailand", "Travel safely"]
        assert materials_about(session, ["health"], ["KE"]) == []
        assert materials_about(session, [], []) == []


def test_what_content_really_says_is_understood(
    client: Callable[..., TestClient], key: Key, deliver: Callable[[], int]
) -> None:
    """The other side of the wire, as it is: not a payload that this test made up."""
    answer = client("content").post(
        "/api/content/v1/advisories",
        json={
            "country": "TH",
            "level": "yellow",
            "word": "take-care",
            "headline": {"zh-CN": "雨季", "en": "Rainy season"},
            "advice": {"zh-CN": "注意天气", "en": "Watch the weather"},
        },
        headers=key("city-editor"),
    )
    assert answer.status_code == 201, answer.text
    published = client("content").post(
        f"/api/content/v1/advisories/{answer.json()['id']}/publish", headers=key("city-editor")
    )
    assert published.status_code == 200, published.text
    deliver()
    assert in_force() == ["yellow"]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("address", ["/", "/privacy"])
def test_home_and_privacy_speak_both_languages(
    browser: TestClient, address: str, language: str
) -> None:
    page = browser.get(address, params={"lang": language})
    assert page.status_code == 200
    assert f'<html lang="{language}">' in page.text
    assert "12308" in page.text


def test_home_shows_the_next_activities(browser: TestClient, key: Key) -> None:
    assert "目前没有安排活动" in browser.get("/").text
    activity = made(browser, key)
    assert f'href="/activities/{activity["slug"]}"' in browser.get("/").text


def test_today_shows_what_starts_today_for_the_persons_district(
    browser: TestClient, client: Callable[..., TestClient], key: Key, staff: Staff
) -> None:
    now = utc_now()
    # Noon of the city's day, so that the test holds at every hour.
    noon = (now + timedelta(hours=8)).replace(hour=4, minute=0, second=0, microsecond=0)
    made(
        browser,
        key,
        starts_at=noon.isoformat(),
        ends_at=(noon + timedelta(days=1)).isoformat(),
    )
    made(browser, key, title={"zh-CN": "改日的讲座"})
    own = client("registration", cookies=staff("district-editor", "110102"))
    fragment = own.get("/staff/today/registration").text
    assert "出国前的安全课" in fragment
    assert "改日的讲座" not in fragment
    assert "<html" not in fragment
    other = client("registration", cookies=staff("district-editor", "110112"))
    assert "出国前的安全课" not in other.get("/staff/today/registration").text
    door = client("registration", cookies=staff("check-in"))
    assert "草稿" not in door.get("/staff/today/registration").text


def test_samples_are_loaded_once(browser: TestClient) -> None:
    count = sample.load()
    assert count >= 8
    assert sample.load() == 0
    page = browser.get("/activities").text
    assert "陶然亭" in page
    assert "任教说明会" not in page, "the draft is shown"
