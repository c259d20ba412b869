"""Stopping broadcasts: by the page, by the mail program, and back."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.crypto import sign_id
from services.notifications.broadcasts import reading, sending, trial
from services.notifications.broadcasts.schemas import TestIn
from services.notifications.contacts.models import Unsubscribe
from services.notifications.database import database
from services.notifications.delivery import lanes
from services.notifications.delivery.models import Delivery
from services.notifications.unsubscribing.service import unsubscribe_token
from tests.notifications.broadcasting import approved, author, draft, person
from tests.sink import SmtpSink


@pytest.fixture
def site(client: Callable[..., TestClient]) -> TestClient:
    return client("notifications")


def stopped() -> int:
    with database.transaction() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Unsubscribe)) or 0


def link_of(address: str, smtp: SmtpSink) -> str:
    """The path of the link in the mail that the address got."""
    header: str = smtp.to(address)[-1].message["List-Unsubscribe"]
    return header.strip("<>").removeprefix("http://testserver")


@pytest.fixture
def link(smtp: SmtpSink) -> str:
    person("li@example.com")
    broadcast = approved()
    sending.send(author(), broadcast.id)
    lanes.run_lane("bulk", sending.look_after)
    return link_of("li@example.com", smtp)


def test_a_get_changes_nothing_and_a_post_stops(site: TestClient, link: str) -> None:
    asked = site.get(link)
    assert asked.status_code == 200
    assert "l***@example.com" in asked.text
    assert "li@example.com" not in asked.text
    assert stopped() == 0
    for _ in range(2):
        assert site.post(link).headers["location"] == link
        assert stopped() == 1
    assert f'action="{link}/undo"' in site.get(link).text
    back = site.post(f"{link}/undo").headers["location"]
    assert stopped() == 0
    assert '<div class="done">' in site.get(back).text, "who has just come back is not asked again"


def test_one_click_of_a_mail_program(site: TestClient, link: str) -> None:
    answer = site.post(link, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert "location" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert stopped() == 1


def test_the_next_broadcast_leaves_them_out(site: TestClient, link: str, smtp: SmtpSink) -> None:
    person("wang@example.com")
    site.post(link)
    broadcast = approved(urgency="emergency")
    assert broadcast.counts.total == 1
    sending.send(author(), broadcast.id)
    lanes.run_lane("urgent", sending.look_after)
    assert len(smtp.to("li@example.com")) == 1
    assert len(smtp.to("wang@example.com")) == 1


def test_what_waits_for_its_turn_is_held_back(site: TestClient, link: str) -> None:
    waiting = approved(title="The next one")
    site.post(link)
    counts = reading.read(author(), waiting.id).counts
    assert (counts.total, counts.suppressed) == (1, 1)


def test_a_trial_stops_nothing(site: TestClient, smtp: SmtpSink) -> None:
    made = draft()
    trial.send_trial(author(), made.id, TestIn(to=["duty@example.com"]))
    lanes.run_lane("transactional")
    path = link_of("duty@example.com", smtp)
    assert site.get(path).status_code == 200
    site.post(path)
    assert stopped() == 0


def test_forged_links_say_nothing(site: TestClient, link: str) -> None:
    with database.transaction() as session:
        delivery = session.scalars(sa.select(Delivery)).first()
        assert delivery is not None
    wrong_purpose = sign_id("manage", delivery.id)
    of_nobody = unsubscribe_token(uuid.uuid4())
    for token in ("x", "%00", "é" * 20, wrong_purpose, of_nobody, link.rsplit("/", 1)[1][:-1]):
        assert site.get(f"/unsubscribe/{token}").status_code == 404
        assert site.post(f"/unsubscribe/{token}").status_code == 404
    assert stopped() == 0
