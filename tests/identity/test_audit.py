"""The audit trail: kept once, shown by district, found by person, act and day."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.events.envelope import Envelope
from services.chassis.events.inbox import consume
from services.chassis.i18n import speaking, words_of
from services.identity.audit.models import AuditEntry
from services.identity.audit.words import action_words, target_link
from services.identity.database import database
from services.identity.events import HANDLERS
from tests.identity.conftest import Browser, Person

EDITOR = Principal("staff", new_id(), new_id(), "陈思远", "city-editor", None)
PROGRAM = Principal("key", new_id(), new_id(), "排课系统", "district-editor", "110112")


def told(
    principal: Principal,
    action: str,
    district: str | None,
    *,
    at: datetime | None = None,
    detail: str = "",
) -> Envelope:
    """Another service tells of an act, and identity hears it."""
    event = audit.AuditRecorded(
        subject_id=new_id(),
        version=1,
        actor_kind=principal.kind,
        actor_id=principal.id,
        actor_name=principal.name,
        actor_role=principal.role,
        district=district,
        action=action,
        target=f"activity/{new_id()}",
        detail=detail,
        at=at or utc_now(),
    )
    envelope = Envelope.wrap(event, service="registration", at=utc_now(), request_id=None)
    consume(database, HANDLERS, Envelope.model_validate(envelope.model_dump(mode="json")))
    return envelope


def test_an_act_is_kept_once_and_its_actor_sealed() -> None:
    envelope = told(EDITOR, "activity.published", "110102")
    assert consume(database, HANDLERS, envelope) is False
    with database.engine.connect() as connection:
        row = connection.execute(sa.text("TABLE audit_entries")).one()
    assert EDITOR.name not in str(row)
    with database.transaction() as session:
        entry = session.scalars(sa.select(AuditEntry)).one()
        assert (entry.service, entry.actor_name) == ("registration", EDITOR.name)


def test_the_trail_is_found_by_person_act_and_day(person: Person, browser: Browser) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    told(EDITOR, "activity.published", "110102", at=datetime(2026, 3, 1, 0, 0, tzinfo=zone))
    told(PROGRAM, "booking.accepted", "110112", at=datetime(2026, 3, 2, 23, 59, tzinfo=zone))
    told(EDITOR, "activity.cancelled", None, at=datetime(2026, 3, 3, 12, 0, tzinfo=zone))
    admin = browser(person("city-admin").email)

    def shown(query: str) -> list[str]:
        text = admin.get(f"/staff/audit{query}").text
        table = text.partition("<tbody>")[2].partition("</tbody>")[0]
        names = ("Activity: published", "Booking: accepted", "Activity: cancelled")
        found = {name: table.find(name) for name in names}
        return sorted((name for name in names if found[name] >= 0), key=found.__getitem__)

    published, accepted, cancelled = (
        "Activity: published",
        "Booking: accepted",
        "Activity: cancelled",
    )
    assert shown("") == [cancelled, accepted, published]
    assert shown(f"?actor={EDITOR.id}") == [cancelled, published]
    assert shown("?action=booking.accepted") == [accepted]
    assert shown("?since=2026-03-02") == [cancelled, accepted]
    assert shown("?until=2026-03-02") == [accepted, published]
    assert shown("?since=2026-03-01&until=2026-03-01") == [published]
    assert shown("?since=2026-03-04") == []
    assert "排课系统 (program)" in admin.get("/staff/audit").text


def test_a_filter_that_makes_no_sense_is_said_so(person: Person, browser: Browser) -> None:
    admin = browser(person("city-admin").email)
    for query in ("since=2026-02-30", "since=x", "actor=x", "action=a%0Ab", "until=9999-12-31x"):
        answer = admin.get(f"/staff/audit?{query}")
        assert answer.status_code == 422, query
        assert "field-error" in answer.text


def test_the_ends_of_time_are_days_like_others(person: Person, browser: Browser) -> None:
    admin = browser(person("city-admin").email)
    for query in ("until=9999-12-31", "since=0001-01-01", "since=9999-12-31"):
        assert admin.get(f"/staff/audit?{query}").status_code == 200, query


def test_a_district_sees_its_own_part_alone(person: Person, browser: Browser) -> None:
    told(EDITOR, "activity.published", "110102")
    told(PROGRAM, "booking.accepted", "110112")
    told(EDITOR, "material.published", None)
    text = browser(person("district-admin", "110102").email).get("/staff/audit").text
    assert "Activity: published" in text
    assert "booking.accepted" not in text
    assert "Booking: accepted" not in text
    assert PROGRAM.name not in text
    assert "Material: published" not in text


def test_the_trail_goes_on_over_pages_without_losing_a_line(
    person: Person, browser: Browser
) -> None:
    now = utc_now()
    for number in range(120):  # several at the same moment, over the page's edge
        told(EDITOR, "activity.edited", None, at=now - timedelta(minutes=number // 30),
             detail=f"line-{number:03}")  # fmt: skip
    admin = browser(person("city-admin").email)
    seen: list[str] = []
    address: str | None = "/staff/audit?action=activity.edited"
    while address is not None:
        text = admin.get(address).text
        seen += [f"line-{n:03}" for n in range(120) if f"line-{n:03}" in text]
        _, found, rest = text.partition('rel="next" href="')
        address = rest.partition('"')[0].replace("&amp;", "&") if found else None
    assert sorted(seen) == [f"line-{n:03}" for n in range(120)]


def test_acts_of_identity_itself_come_back_to_it(person: Person, browser: Browser) -> None:
    staff = person("city-admin")
    client = browser(staff.email)
    from services.chassis.events.relay import claim

    for row in claim(database):
        assert row.unconfirmed == ["identity"]
        consume(database, HANDLERS, Envelope.model_validate(row.envelope))
    text = client.get("/staff/audit").text
    assert "Command line" in text
    assert "Added a person" in text
    assert "City administrator" in text
    assert "Signed in" in text


def test_an_act_without_words_is_shown_as_it_is_called() -> None:
    with speaking("en"):
        assert action_words("booking.accepted") == "Booking: accepted"
    with words_of("identity"):
        assert action_words("booking.accepted") == "预约：同意"
        for odd in ("roster.sealed", "booking.sung", "booking", ""):
            assert action_words(odd) == odd


def test_a_target_leads_to_its_page_when_it_has_one() -> None:
    identifier = new_id()
    assert target_link(f"activity/{identifier}") == f"/staff/activities/{identifier}"
    for odd in ("", "activity", "activity/../../evil", "apikey/x", f"unknown/{identifier}"):
        assert target_link(odd) is None
