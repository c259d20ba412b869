"""Whom a broadcast reaches: holders, pauses, drills, trips, the cap. What is counted is planned."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.crypto import fingerprint
from services.chassis.database import utc_now
from services.chassis.settings import settings
from services.notifications.answers.models import Answer
from services.notifications.broadcasts import audience, sending
from services.notifications.broadcasts.models import Broadcast
from services.notifications.broadcasts.schemas import AudienceOut
from services.notifications.contacts.models import Contact, Trip
from services.notifications.contacts.service import suppress, unsubscribe
from services.notifications.database import database
from services.notifications.delivery.models import Delivery
from tests.notifications import told
from tests.notifications.broadcasting import approved, author, draft, person


def reach(**changes: Any) -> tuple[AudienceOut, set[str]]:
    """What the rules amount to, and the addresses that are planned: the same, always."""
    drill = changes.pop("drill", False)
    broadcast = draft(**changes)
    with database.transaction() as session:
        stored = session.get_one(Broadcast, broadcast.id)
        stored.drill = drill
        counted = audience.count(session, audience.Rules.of(stored))
        planned = audience.freeze(session, stored, utc_now())
        assert planned == counted
        rows = session.scalars(sa.select(Delivery).where(Delivery.broadcast_id == stored.id)).all()
        assert len(rows) == planned.total
        found = {row.address for row in rows}
        session.rollback()
    return counted, found


def trip(contact_id: uuid.UUID, country: str, departs: int, returns: int | None) -> None:
    today = datetime.now(told.BEIJING).date()
    with database.transaction() as session:
        session.add(
            Trip(
                contact_id=contact_id,
                country=country,
                departs_on=today + timedelta(days=departs),
                returns_on=None if returns is None else today + timedelta(days=returns),
            )
        )


def test_what_the_holder_says_counts_alone() -> None:
    """Others typed the address: their countries choose nothing, their registrations still do."""
    state = told.activity(told.soon(days=3))
    told.registration(
        "confirmed", state, email=None, phone=None, consents={"reminders": True, "advisories": True}
    )
    [registered] = told.contacts()
    with database.transaction() as session:
        stored = session.get_one(Contact, registered.id)
        stored.email, stored.email_hash = "li@example.com", fingerprint("li@example.com")
        stored.wants_broadcasts = True
    assert reach()[1] == {"li@example.com"}
    person(
        "li@example.com",
        holder="email",
        countries=["JP"],
        language="en",
        updated_at=utc_now() - timedelta(days=9),
    )
    assert reach(audience={"countries": ["TH"]})[1] == set()
    counted, found = reach(audience={"countries": ["JP"]})
    assert found == {"li@example.com"}
    assert counted.by_language == {"zh-CN": 0, "en": 1}, "the holder's language, though older"
    assert reach(audience={"countries": ["TH"]}, urgency="emergency")[1] == {"li@example.com"}
    assert reach(audience={"activity_id": state["id"]})[1] == {"li@example.com"}
    assert reach(audience={"activity_id": str(uuid.uuid4())})[1] == set()


def test_who_asked_for_silence_gets_it_but_for_an_emergency() -> None:
    person("rests@example.com", paused_until=utc_now() + timedelta(days=1))
    person("back@example.com", paused_until=utc_now() - timedelta(days=1))
    person("gone@example.com")
    person("dead@example.com")
    person(None)
    with database.transaction() as session:
        unsubscribe(session, "email", "gone@example.com")
        suppress(session, "email", "dead@example.com", "bounced")
    counted, found = reach(urgency="important")
    assert found == {"back@example.com"}
    assert counted.excluded.model_dump() == {
        "unsubscribed": 1,
        "suppressed": 1,
        "no_address": 1,
        "paused": 1,
        "capped": 0,
    }
    assert reach(urgency="emergency")[1] == {"back@example.com", "rests@example.com"}


@pytest.mark.parametrize("urgency", ["routine", "emergency"])
def test_a_drill_reaches_the_drill_list_and_nobody_else(urgency: str) -> None:
    person("li@example.com")
    person("duty@example.com", on_drill_list=True, wants_broadcasts=False, reachable=False)
    assert reach(urgency=urgency, drill=True)[1] == {"duty@example.com"}


def test_a_country_matters_from_a_month_before_the_departure_until_the_return() -> None:
    stays = {
        "soon": (30, 40),
        "late": (31, 40),
        "there": (-3, None),
        "last": (-9, 0),
        "was": (-9, -1),
    }
    for name, (departs, returns) in stays.items():
        trip(person(f"{name}@example.com", countries=[]), "JP", departs, returns)
    assert reach(audience={"countries": ["JP"]})[1] == {
        "soon@example.com",
        "there@example.com",
        "last@example.com",
    }
    assert reach(audience={"countries": ["KR"]})[1] == set()
    today = datetime.now(told.BEIJING).date()
    span = {
        "travelling_on": str(today + timedelta(days=35)),
        "travelling_until": str(today + timedelta(days=36)),
    }
    assert reach(audience=span)[1] == {"soon@example.com", "late@example.com", "there@example.com"}


def test_following_up_reaches_who_was_missed_and_nobody_twice() -> None:
    person("got@example.com", phone="+8613800138001")
    person("missed@example.com", phone="+8613800138002")
    person("answered@example.com")
    first = approved(urgency="emergency", channels=["email"], asks=True)
    sending.send(author(), first.id)
    ids = {row.address: row.id for row in told.deliveries(broadcast_id=first.id)}
    with database.transaction() as session:
        for address, state in (
            ("got@example.com", "accepted"),
            ("missed@example.com", "failed"),
            ("answered@example.com", "delivered"),
        ):
            session.execute(
                sa.update(Delivery).where(Delivery.id == ids[address]).values(state=state)
            )
        session.add(
            Answer(
                broadcast_id=first.id,
                delivery_id=ids["answered@example.com"],
                channel="email",
                address_hash=fingerprint("answered@example.com"),
                answer="safe",
                via="link",
            )
        )
    both = {"urgency": "emergency", "channels": ["email", "sms"]}
    failed = {"of_broadcast": str(first.id), "whose": "failed"}
    assert reach(audience=failed, **both)[1] == {"missed@example.com", "+8613800138002"}
    unanswered = {"of_broadcast": str(first.id), "whose": "unanswered"}
    assert reach(audience=unanswered, **both)[1] == {"got@example.com", "+8613800138001"}


def test_the_cap_leaves_out_who_has_had_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "routine_cap", 2)
    person("li@example.com")
    for _ in range(2):
        sending.send(author(), approved().id)
    person("new@example.com")
    counted, found = reach()
    assert (found, counted.excluded.capped) == ({"new@example.com"}, 1)
    assert "li@example.com" in reach(urgency="important")[1]
    with database.transaction() as session:
        session.execute(sa.update(Broadcast).values(approved_at=utc_now() - timedelta(days=8)))
    assert "li@example.com" in reach()[1]
