"""Verified contact: a code or a link before a place counts, few guesses, one outcome."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis import crypto
from services.chassis.database import new_id, utc_now
from services.chassis.events import Envelope
from services.chassis.idempotency import NOT_REPEATED
from services.chassis.problems import Invalid, LinkNotValid, Problem
from services.chassis.settings import settings
from services.registration.database import database
from services.registration.registrations import moving, upkeep
from services.registration.registrations import service as registrations
from services.registration.registrations.models import Registration
from services.registration.registrations.schemas import Registered, RegistrationIn
from services.registration.verification import confirming, service
from services.registration.verification.models import ContactCode
from tests.conftest import principal
from tests.registration.ground import (
    an_activity,
    at_once,
    person,
    register,
    seats_taken,
    stored,
    token,
)

API = "/api/registration/v1"
Outbox = Callable[[str], list[Envelope]]


@pytest.fixture
def asked(outbox: Outbox) -> Callable[[], list[dict[str, Any]]]:
    """What was sent to be verified, opened: the newest last."""

    def read() -> list[dict[str, Any]]:
        return [
            event.data | {k: crypto.unseal(event.data[k]) for k in ("code", "verify_url")}
            for event in outbox("registration")
            if event.type == "registration.unverified.v1"
        ]

    return read


Asked = Callable[[], list[dict[str, Any]]]


def pending(**changes: Any) -> tuple[uuid.UUID, Registered]:
    """An activity that wants verified contacts, and somebody who registered for it."""
    activity = an_activity(verify_contact=True, **changes)
    return activity, register(activity, 1)


def kind_of(call: Callable[[], Any]) -> str:
    """How a call ended: the status it answers, or its problem."""
    try:
        return str(call().status)
    except Problem as problem:
        return problem.kind


def other(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def age(registration_id: uuid.UUID, by: timedelta) -> None:
    """Let time pass since the last code was sent."""
    with database.transaction() as session:
        session.execute(
            sa.update(ContactCode)
            .where(ContactCode.registration_id == registration_id)
            .values(sent_at=ContactCode.sent_at - by)
        )


def run_out(registration_id: uuid.UUID) -> None:
    """Let the time to verify have passed a second ago."""
    with database.transaction() as session:
        session.execute(
            sa.update(Registration)
            .where(Registration.id == registration_id)
            .values(hold_expires_at=utc_now() - timedelta(seconds=1))
        )


def test_places_are_held_until_the_code_is_entered(asked: Asked, outbox: Outbox) -> None:
    activity, mine = pending()
    assert mine.status == "unverified"
    assert seats_taken(activity) == 1
    (sent,) = asked()
    assert (sent["channel"], re.fullmatch(r"\d{6}", sent["code"]) is not None) == ("email", True)
    assert confirming.verify(token(mine), sent["code"]).status == "confirmed"
    assert seats_taken(activity) == 1
    assert outbox("registration")[-1].type == "registration.confirmed.v1"
    assert outbox("registration")[-1].sequence == 2


def test_where_nothing_is_free_a_verified_contact_joins_the_waiting_list(asked: Asked) -> None:
    activity = an_activity(capacity=1, verify_contact=True)
    register(activity, 1)
    second = register(activity, 2)
    own = confirming.verify(token(second), asked()[-1]["code"])
    assert (own.status, own.waiting_position) == ("waiting", 1)


@pytest.mark.parametrize("typed", ["{} ", "{0[0]}{0[1]}{0[2]} {0[3]}{0[4]}{0[5]}", "wide"])
def test_codes_are_understood_as_people_type_them(asked: Asked, typed: str) -> None:
    _, mine = pending()
    code = asked()[0]["code"]
    wide = code.translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)})
    assert confirming.verify(token(mine), wide if typed == "wide" else typed.format(code)).status


def test_five_wrong_codes_lock_the_code_and_another_unlocks(asked: Asked) -> None:
    _, mine = pending()
    code = asked()[0]["code"]
    guesses = [kind_of(partial(confirming.verify, token(mine), other(code))) for _ in range(5)]
    assert guesses == ["invalid"] * 4 + ["code-locked"]
    assert kind_of(partial(confirming.verify, token(mine), code)) == "code-locked"
    age(mine.id, timedelta(minutes=1))
    confirming.resend(token(mine))
    assert kind_of(partial(confirming.verify, token(mine), asked()[1]["code"])) == "confirmed"


def test_guesses_at_the_same_moment_are_counted_one_by_one(asked: Asked) -> None:
    _, mine = pending()
    wrong = other(asked()[0]["code"])
    calls = [partial(kind_of, partial(confirming.verify, token(mine), wrong)) for _ in range(12)]
    assert Counter(at_once(*calls)) == {"invalid": 4, "code-locked": 8}


def test_the_code_before_no_longer_works(asked: Asked) -> None:
    _, mine = pending()
    age(mine.id, timedelta(minutes=1))
    confirming.resend(token(mine))
    first, second = asked()
    assert second["version"] == first["version"] + 1
    if first["code"] != second["code"]:
        with pytest.raises(Invalid):
            confirming.verify(token(mine), first["code"])


def test_three_more_codes_one_a_minute(asked: Asked) -> None:
    _, mine = pending()
    with pytest.raises(Problem) as refused:
        confirming.resend(token(mine))
    assert refused.value.kind == "code-too-soon"
    for _ in range(confirming.MOST_RESENDS):
        age(mine.id, timedelta(minutes=1))
        confirming.resend(token(mine))
    age(mine.id, timedelta(minutes=1))
    with pytest.raises(Problem) as refused:
        confirming.resend(token(mine))
    assert refused.value.kind == "no-more-codes"
    assert len(asked()) == 1 + confirming.MOST_RESENDS


def test_codes_asked_for_at_the_same_moment_are_one(asked: Asked) -> None:
    _, mine = pending()
    age(mine.id, timedelta(minutes=1))

    def once_more() -> str:
        try:
            confirming.resend(token(mine))
        except Problem as problem:
            return problem.kind
        return "sent"

    assert Counter(at_once(*[once_more] * 8)) == {"sent": 1, "code-too-soon": 7}
    assert len(asked()) == 2


def test_one_address_is_sent_few_codes_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PER_CONTACT", 2)
    for _ in range(2):
        pending()
    with pytest.raises(Problem) as refused:
        pending()
    assert (refused.value.status, refused.value.kind) == (429, "too-many-codes")


def test_after_its_time_the_code_is_of_no_use(asked: Asked) -> None:
    activity, mine = pending()
    run_out(mine.id)
    code = asked()[0]["code"]
    assert kind_of(partial(confirming.verify, token(mine), code)) == "verification-expired"
    assert confirming.pending(token(mine)).expired
    assert upkeep.expire_holds() == 1
    assert kind_of(partial(confirming.verify, token(mine), code)) == "verification-expired"
    assert seats_taken(activity) == 0
    assert register(activity, 1).status == "unverified"


@pytest.mark.parametrize("round_", range(4))
def test_code_and_expiry_race_to_one_outcome(asked: Asked, outbox: Outbox, round_: int) -> None:
    """Half of the clocks say that it is time to end it, the others that the code is in time."""
    activity, mine = pending()
    code = asked()[0]["code"]
    late = utc_now() + timedelta(minutes=16)
    verify = partial(kind_of, partial(confirming.verify, token(mine), code))
    expire = partial(upkeep.expire_holds, late)
    calls = [verify, expire] * 4 if round_ % 2 else [expire, verify] * 4
    results = at_once(*calls)
    (row,) = stored(activity)
    said = {result for result in results if isinstance(result, str)}
    if row.status == "confirmed":
        assert said == {"confirmed"}
        assert seats_taken(activity) == 1
    else:
        assert (row.status, row.cancel_cause, said) == (
            "cancelled",
            "expired",
            {"verification-expired"},
        )
        assert seats_taken(activity) == 0
    told = [event.type for event in outbox("registration")]
    assert told.count("registration.confirmed.v1") == (row.status == "confirmed")
    assert "registration.cancelled.v1" not in told  # nobody who did not answer is written to


def test_a_telephone_number_comes_before_the_mail(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    activity = an_activity(verify_contact=True)
    with pytest.raises(Invalid) as refused:
        register(activity, 1, email=None, phone="13812345678")
    assert [error.field for error in refused.value.errors] == ["email"]
    monkeypatch.setattr(settings(), "sms_provider", "inbox")
    mine = register(activity, 2, phone="13812345678")
    assert asked()[0]["channel"] == "sms"
    assert confirming.pending(token(mine)).channels == ["sms", "email"]
    age(mine.id, timedelta(minutes=1))
    confirming.resend(token(mine), "email")
    assert asked()[1]["channel"] == "email"


def test_neither_code_nor_address_is_in_the_table_in_clear(asked: Asked, outbox: Outbox) -> None:
    pending()
    (sent,) = asked()
    with database.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT c::text FROM contact_codes c")).scalars().all()
        told = connection.execute(sa.text("SELECT envelope::text FROM outbox")).scalars().all()
    assert not any(sent["code"] in row for row in rows)
    for text in (*rows, *told):
        assert "person1@example.com" not in text
        assert sent["verify_url"].rpartition("/")[2] not in text
    (event,) = (event for event in outbox("registration") if "unverified" in event.type)
    assert all(crypto.is_sealed(event.data[name]) for name in ("code", "verify_url", "email"))


def test_moving_to_another_date_is_no_way_around_code_or_queue(asked: Asked) -> None:
    series = new_id()
    activity = an_activity(verify_contact=True, series_id=series)
    open_one = an_activity(verify_contact=True, series_id=series)
    opened = utc_now() - timedelta(minutes=1)
    queued = an_activity(series_id=series, fair_queue=True, registration_opens_at=opened)
    mine = register(activity, 1)
    assert kind_of(partial(moving.move, token(mine), open_one)) == "registration-unverified"
    assert moving.other_dates(token(mine)) == []
    confirming.verify(token(mine), asked()[0]["code"])
    assert kind_of(partial(moving.move, token(mine), queued)) == "queue-first"
    assert [other.id for other in moving.other_dates(token(mine))] == [open_one]
    assert kind_of(partial(moving.move, token(mine), open_one)) == "confirmed"
    assert (seats_taken(activity), seats_taken(open_one), seats_taken(queued)) == (0, 1, 0)


def test_old_codes_are_forgotten() -> None:
    _, mine = pending()
    service.forget()
    age(mine.id, timedelta(hours=3))
    service.forget()
    with database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(ContactCode)) == 0


# --- pages and calls ----------------------------------------------------------------------------


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


def path(link: str) -> str:
    return link.removeprefix("http://testserver")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_form_leads_to_the_code_and_the_code_to_the_ticket(
    browser: TestClient, asked: Asked, language: str
) -> None:
    activity = an_activity(verify_contact=True)
    browser.cookies.set("lingbao_language", language)
    typed = {"name": "王芳", "email": "wang@example.com", "party_size": "1",
             "consents.privacy_version": "2026-11"}  # fmt: skip
    slug = f"lecture-{activity.hex[-8:]}"
    sent = browser.post(f"/activities/{slug}/register", data=typed)
    assert sent.status_code == 303, sent.text
    page = browser.get(sent.headers["location"])
    assert page.status_code == 200
    assert 'autocomplete="one-time-code"' in page.text
    assert 'inputmode="numeric"' in page.text
    assert "wang@example.com" in page.text
    wrong = browser.post(sent.headers["location"], data={"code": other(asked()[0]["code"])})
    assert wrong.status_code == 422
    right = browser.post(sent.headers["location"], data={"code": asked()[0]["code"]})
    assert right.status_code == 303
    assert browser.get(right.headers["location"]).status_code == 200
    assert browser.get(sent.headers["location"]).status_code == 303


def test_opening_the_link_of_a_mail_changes_nothing_and_its_button_confirms(
    browser: TestClient, asked: Asked
) -> None:
    _, mine = pending()
    link = path(asked()[0]["verify_url"])
    assert browser.get(link).status_code == 200
    assert registrations.look(token(mine)).status == "unverified"
    assert browser.post(link).status_code == 303
    assert registrations.look(token(mine)).status == "confirmed"
    assert browser.get(link).status_code == 303
    assert browser.post(link).status_code == 303


def test_the_link_of_a_mail_is_for_its_own_registration(asked: Asked) -> None:
    _, mine = pending()
    _, others = pending()
    proof = asked()[1]["verify_url"].rpartition("/")[2]
    for made_up in (proof, token(mine), "nonsense"):
        with pytest.raises(LinkNotValid):
            confirming.verify_by_link(token(mine), made_up)
    assert registrations.look(token(mine)).status == "unverified"
    assert registrations.look(token(others)).status == "unverified"


def test_after_its_time_the_page_says_so_and_leads_back(browser: TestClient, asked: Asked) -> None:
    _, mine = pending()
    link = path(asked()[0]["verify_url"])
    run_out(mine.id)
    assert browser.post(link).status_code == 409
    for address in (f"/registrations/{token(mine)}/verify", link):
        page = browser.get(address)
        assert "/register" in page.text
        assert 'name="code"' not in page.text


def test_the_call_verifies_and_sends_again(browser: TestClient, asked: Asked) -> None:
    _, mine = pending()
    here = f"{API}/registrations/{token(mine)}/verify"
    assert browser.post(f"{here}/resend", json={}).json()["type"] == "code-too-soon"
    age(mine.id, timedelta(minutes=1))
    assert browser.post(f"{here}/resend", json={}).status_code == 204
    refused = browser.post(here, json={"code": other(asked()[1]["code"])})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "code")
    assert browser.post(here, json={"code": asked()[1]["code"]}).json()["status"] == "confirmed"
    assert browser.post(here, json={"code": "1"}).json()["status"] == "confirmed"


def test_whom_staff_register_needs_no_code(asked: Asked) -> None:
    """What is typed in at a desk is vouched for by who types it."""
    activity = an_activity(verify_contact=True)
    wanted = RegistrationIn.model_validate(person(1))
    done = registrations.register(
        activity, wanted, NOT_REPEATED, source="staff", by=principal("city-editor")
    )
    assert (done.status, asked()) == ("confirmed", [])
