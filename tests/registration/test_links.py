"""Asking for one's links: sent to the address alone; nobody learns whether it is known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.crypto import unseal
from services.chassis.database import utc_now
from services.chassis.events import Envelope
from services.registration.database import database
from services.registration.links import service as links
from services.registration.links.models import LinksAsked
from services.registration.registrations import service
from tests.registration.ground import an_activity, edit, register, token

Outbox = Callable[[str], list[Envelope]]


def _asked(outbox: Outbox) -> list[Envelope]:
    return [event for event in outbox("registration") if event.type == "link.asked.v1"]


def test_every_link_of_an_address_is_sent_once(
    client: Callable[[str], TestClient], outbox: Outbox
) -> None:
    browser = client("registration")
    first, second, over = an_activity(), an_activity(), an_activity()
    mine = [register(activity, 7) for activity in (first, second, over)]
    register(first, 8)
    edit(over, starts_at=utc_now() - timedelta(hours=3), ends_at=utc_now() - timedelta(hours=1))
    service.cancel(token(mine[1]))

    answers = [
        browser.post("/registrations", data={"email": address}, follow_redirects=True)
        for address in ("PERSON7@example.com", "person7@example.com", "nobody@example.com")
    ]
    assert {answer.status_code for answer in answers} == {200}
    # Known, asked a moment ago and unknown: not a letter differs but what every page has anew.
    assert len({answer.text.partition("<main")[2] for answer in answers}) == 1

    [event] = _asked(outbox)
    assert event.data["phone"] is None
    assert unseal(event.data["email"]) == "person7@example.com"
    [item] = event.data["items"]
    assert unseal(item["manage_url"]) == mine[0].manage_url
    assert "person7" not in str(event.data)


def test_after_the_pause_they_are_sent_again_and_nothing_is_kept(outbox: Outbox) -> None:
    register(an_activity(), 7)
    wanted = links.LinksWanted(email="person7@example.com")
    links.ask(wanted)
    links.ask(wanted)
    assert len(_asked(outbox)) == 1
    with database.transaction() as session:
        session.execute(sa.update(LinksAsked).values(asked_at=utc_now() - links.PAUSE))
    links.ask(wanted)
    assert len(_asked(outbox)) == 2
    links.forget(utc_now() + links.PAUSE)
    with database.transaction() as session:
        assert session.scalars(sa.select(LinksAsked)).all() == []


def test_bad_input_is_said_beside_its_field(client: Callable[[str], TestClient]) -> None:
    browser = client("registration")
    assert browser.get("/registrations").status_code == 200
    empty = browser.post("/registrations", data={})
    assert empty.status_code == 422
    assert "请填写邮箱或手机号中的一项" in empty.text
    both = browser.post("/registrations", data={"email": "a@example.com", "phone": "13800138000"})
    assert both.status_code == 422
    assert 'value="13800138000"' in both.text
    call = browser.post(
        "/api/registration/v1/registrations/links", json={"phone": "１３８００１３８０００"}
    )
    assert (call.status_code, call.json()) == (202, {"status": "accepted"})
