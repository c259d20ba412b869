"""A quiz of the content service is offered to those it is for, as long as it is open."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.chassis.database import new_id, utc_now
from services.chassis.events import Envelope, consume
from services.content.quizzes.events import QuizPublished, QuizWithdrawn
from services.registration.bookings.models import manage_token
from services.registration.database import database
from services.registration.events import HANDLERS
from tests.registration.aftermath import came, over, survey_token
from tests.registration.ground import an_activity, edit, register, token
from tests.registration.test_bookings import SOON, requested

URL = "http://testserver/q/ABC234"
ORIGIN = {"Origin": "http://testserver"}


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


def hear(quiz: uuid.UUID, version: int = 1, *, withdrawn: bool = False, **changes: Any) -> None:
    """What content says of a quiz, in its own words."""
    said: dict[str, Any] = {
        "subject_id": quiz,
        "version": version,
        "title": {"zh-CN": "行前小测验", "en": "A quiz before the journey"},
        "summary": {},
        "purpose": "before",
        "activity_id": None,
        "booking_id": None,
        "items": 1,
        "minutes": None,
        "opens_at": None,
        "closes_at": None,
        "url": URL,
        "withdrawn": withdrawn,
    }
    event = (QuizWithdrawn if withdrawn else QuizPublished).model_validate(said | changes)
    envelope = Envelope(
        id=new_id(),
        source="/services/content",
        type=event.type,
        subject=f"quiz/{quiz}",
        time=utc_now(),
        sequence=version,
        data=event.model_dump(mode="json"),
    )
    consume(database, HANDLERS, envelope)


def shown(browser: TestClient, address: str, language: str = "en") -> str:
    """The panel with the quizzes on a page, or nothing."""
    page = browser.get(f"{address}{'&' if '?' in address else '?'}lang={language}")
    assert page.status_code == 200, address
    panel = page.text.partition('aria-labelledby="quizzes"')[2]
    return panel.partition("</section>")[0]


def test_before_and_after_an_activity(browser: TestClient) -> None:
    activity = an_activity(slug="lecture", capacity=1)
    guest, waiting = came(activity), register(activity, 1)
    page, ticket = "/activities/lecture", f"/registrations/{token(guest)}"
    assert shown(browser, page) == ""
    hear(uuid.uuid4(), activity_id=activity, minutes=5)
    after: dict[str, Any] = {
        "purpose": "after",
        "items": 8,
        "url": f"{URL}5",
        "title": {"en": "Afterwards"},
    }
    hear(uuid.uuid4(), activity_id=activity, **after)
    for address in (page, ticket):
        panel = shown(browser, address)
        assert f'href="{URL}"' in panel
        assert "See before the activity what you know already." in panel
        assert "1 question · At most 5 minutes · Nobody is asked for a name" in panel
        assert "Afterwards" not in panel, "it is open once the activity has ended"
    assert shown(browser, f"/registrations/{token(waiting)}") == "", "without a place, no quiz"
    assert "活动前先测一测" in shown(browser, page, "zh-CN")

    over(activity)
    for address in (page, ticket):
        panel = shown(browser, address)
        assert f'href="{URL}5"' in panel
        assert "8 questions · Nobody" in panel
        assert "A quiz before the journey" not in panel, "it closed when the activity began"
    feedback = f"/feedback/{survey_token(guest)}"
    answers = {"answers.overall": "5", "answers.useful": "5"}
    assert browser.post(feedback, data=answers, headers=ORIGIN).status_code == 303
    assert f'href="{URL}5"' in shown(browser, f"{feedback}?done=1")

    edit(activity, status="cancelled")
    assert shown(browser, page) == ""


def test_opening_times_versions_and_withdrawal(browser: TestClient) -> None:
    activity, quiz, now, page = (
        an_activity(slug="lecture"),
        uuid.uuid4(),
        utc_now(),
        "/activities/lecture",
    )
    hour = timedelta(hours=1)
    closed: dict[str, Any] = {"activity_id": activity, "closes_at": now - hour}
    hear(quiz, 1, **closed)
    assert shown(browser, page) == ""
    hear(quiz, 2, activity_id=activity, opens_at=now + hour)
    assert shown(browser, page) == ""
    # Staff open the one after while people are still in the room.
    hear(quiz, 4, activity_id=activity, purpose="after", opens_at=now - hour)
    assert f'href="{URL}"' in shown(browser, page)
    hear(quiz, 3, **closed)
    assert f'href="{URL}"' in shown(browser, page), "an older version is passed over"
    hear(quiz, 5, withdrawn=True, activity_id=activity)
    assert shown(browser, page) == ""
    hear(quiz, 6, activity_id=activity)
    assert shown(browser, page) != ""
    hear(quiz, 7, purpose="open")
    assert shown(browser, page) == "", "it is for everybody now"


def test_a_group_s_quiz_stands_on_the_page_of_its_booking(
    browser: TestClient, key: Callable[..., dict[str, str]]
) -> None:
    booking = requested(browser)["id"]
    page = f"/bookings/{manage_token(uuid.UUID(booking))}"
    hear(uuid.uuid4(), purpose="cohort", booking_id=booking)
    assert shown(browser, page) == "", "no time is agreed yet"
    answer = browser.post(
        f"/api/registration/v1/bookings/{booking}/accept",
        json={"agreed_time": SOON.isoformat()},
        headers=key("city-editor"),
    )
    assert answer.status_code == 200, answer.text
    panel = shown(browser, page)
    assert f'href="{URL}"' in panel
    assert f'data-copy="{URL}"' in panel
    assert "贵单位" in shown(browser, page, "zh-CN")
