"""Contacts for staff: found, looked at with all that was sent, changed, blocked and unblocked."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook
from starlette.testclient import TestClient

from services.notifications.broadcasts import sending
from services.notifications.consents.models import Consent
from services.notifications.contacts import editing, reading, suppressing
from services.notifications.contacts.filters import Filters
from services.notifications.contacts.models import Contact, Suppression, SuppressionAct
from services.notifications.contacts.service import suppress
from services.notifications.database import database
from services.notifications.delivery import lanes
from tests.conftest import principal
from tests.notifications.broadcasting import approved, author, person
from tests.sink import SmtpSink

Client = Callable[..., TestClient]
Headers = Callable[..., dict[str, str]]
Outbox = Callable[[str], list[Any]]

CALLS = "/api/notifications/v1/contacts"
PAGES = "/staff/contacts"
ORIGIN = {"Origin": "http://testserver"}


def get(contact_id: uuid.UUID) -> Contact:
    with database.transaction() as session:
        return session.get_one(Contact, contact_id)


def test_filters_stand_in_the_address_and_districts_see_their_own(
    client: Client, key: Headers
) -> None:
    here = person("a@example.com", countries=["TH"], relays_for=40, organisation_kind="school")
    there = person("b@example.com", districts=["110105"], topics=["fraud"], on_drill_list=True)
    with database.transaction() as session:
        suppress(session, "email", "b@example.com", "bounced")
    browser, city, own = (
        client("notifications"),
        key("city-editor"),
        key("district-editor", "110102"),
    )

    def listed(query: str, headers: dict[str, str] = city) -> set[str]:
        answer = browser.get(f"{CALLS}?{query}", headers=headers)
        assert answer.status_code == 200, answer.text
        return {one["id"] for one in answer.json()["items"]}

    assert listed("") == {str(here), str(there)}
    for query, whom in (
        ("district=110105", there),
        ("country=TH&relays=yes&kind=school", here),
        ("topic=fraud", there),
        ("drill=yes", there),
        ("reach=suppressed", there),
    ):
        assert listed(query) == {str(whom)}, query
    assert listed("source=import") == set()
    assert listed("", own) == {str(here)}
    assert browser.get(f"{CALLS}/{there}", headers=own).status_code == 403
    assert browser.get(CALLS, headers=key("viewer")).status_code == 403
    pages = [browser.get(f"{CALLS}?limit=1", headers=city).json()]
    cursor = pages[0]["next_cursor"]
    pages.append(browser.get(f"{CALLS}?limit=1&cursor={cursor}", headers=city).json())
    assert [page["items"][0]["id"] for page in pages] == [str(there), str(here)]
    assert pages[1]["next_cursor"] is None


def test_everything_that_was_ever_sent_to_an_address_and_why(
    client: Client, staff: Headers, smtp: SmtpSink
) -> None:
    contact = person("wang@example.com", name="王丽", phone="+8613912345678")
    broadcast = approved(title="泰国洪水提醒")
    sending.send(author(), broadcast.id)
    lanes.run_lane("bulk", sending.look_after)
    assert len(smtp.to("wang@example.com")) == 1
    browser = client("notifications", cookies=staff("city-editor"))
    found = browser.post(
        f"{PAGES}/search", headers=ORIGIN, data={"address": "ＷＡＮＧ@example.com"}
    )
    assert found.headers["location"] == f"{PAGES}/{contact}"
    page = browser.get(found.headers["location"]).text
    assert "泰国洪水提醒" in page
    assert "已交付" in page
    out = reading.one(principal("city-editor"), contact)
    [message] = out.messages
    assert (message.kind, message.title, message.state) == ("broadcast", "泰国洪水提醒", "accepted")
    assert message.history
    assert message.history[-1].state == "accepted"
    file = browser.post(f"{PAGES}/{contact}/messages", headers=ORIGIN, data={"format": "csv"})
    assert "泰国洪水提醒,群发,电子邮件,已交付" in file.content.decode("utf-8-sig")
    with database.transaction() as session:
        session.execute(sa.delete(Contact))
    gone = browser.post(f"{PAGES}/search", headers=ORIGIN, data={"address": "wang@example.com"})
    assert gone.status_code == 200
    assert "泰国洪水提醒" in gone.text, "also when no contact has it any more"
    other = client("notifications", cookies=staff("district-admin", "110105"))
    elsewhere = other.post(f"{PAGES}/search", headers=ORIGIN, data={"address": "wang@example.com"})
    assert "泰国洪水提醒" not in elsewhere.text
    refused = browser.post(f"{PAGES}/search", headers=ORIGIN, data={"address": "wang"})
    assert refused.status_code == 422
    assert "请填写完整的邮箱地址或电话号码" in refused.text
    for path in ("", "/new", "/suppressions", "/import"):
        for language in ("zh-CN", "en"):
            assert browser.get(f"{PAGES}{path}?lang={language}").status_code == 200, path


def test_staff_change_what_is_theirs_and_nothing_that_a_person_said(
    client: Client, key: Headers
) -> None:
    browser, city, own = (
        client("notifications"),
        key("city-editor"),
        key("district-editor", "110102"),
    )
    registered = person("a@example.com", name="甲")
    place = f"{CALLS}/{registered}"
    assert browser.patch(place, headers=own, json={"on_drill_list": True}).status_code == 200
    assert get(registered).on_drill_list
    refused = browser.patch(place, headers=city, json={"name": "乙", "language": "en"})
    assert {one["field"] for one in refused.json()["errors"]} == {"name", "language"}
    assert browser.patch(place, headers=city, json={"email_verified": True}).status_code == 422
    assert browser.delete(place, headers=city).status_code == 409
    body = {"email": "li@example.com", "name": "李雷", "basis": "relay", "relays_for": 30}
    assert browser.post(CALLS, headers=own, json={"basis": "relay"}).status_code == 422
    once = own | {"Idempotency-Key": "one"}
    made = [browser.post(CALLS, headers=once, json=body) for _ in range(2)]
    assert made[0].status_code == 201, made[0].text
    assert made[0].json()["id"] == made[1].json()["id"]
    added = made[0].json()
    assert added["districts"] == ["110102"]
    assert (added["email_verified"], added["wants_broadcasts"]) == (False, True)
    assert {(one["what"], one["given"]) for one in added["consents"]} == {
        ("broadcasts", True), ("emergencies", True),
    }  # fmt: skip
    place = f"{CALLS}/{added['id']}"
    elsewhere = browser.patch(place, headers=own, json={"districts": ["110105"]})
    assert elsewhere.status_code == 422
    changed = browser.patch(
        place, headers=own, json={"organisation": "第一中学", "countries": ["JP"]}
    )
    assert (changed.json()["organisation"], changed.json()["relays_for"]) == ("第一中学", 30)
    assert browser.delete(place, headers=own).status_code == 204
    assert browser.get(place, headers=own).status_code == 404


def test_a_wrong_block_is_lifted_with_a_reason_that_is_kept(
    client: Client, staff: Headers, key: Headers, outbox: Outbox
) -> None:
    contact = person("a@example.com")
    with database.transaction() as session:
        suppress(session, "email", "a@example.com", "bounced")
    browser = client("notifications", cookies=staff("district-admin", "110102"))
    place = f"{PAGES}/suppressions"
    assert "a@example.com" in browser.get(f"{place}?reason=bounced").text
    assert "a@example.com" not in browser.get(f"{place}?until=2001-01-01").text
    address = {"address": "A@example.com"}
    assert browser.post(f"{place}/undo", headers=ORIGIN, data=address).status_code == 200
    apply = f"{place}/undo/apply"
    assert browser.post(apply, headers=ORIGIN, data=address).status_code == 422
    why = address | {"reason": "学校的邮件服务器当时在维护"}
    stranger = {"address": "a@example.com", "reason": "x"}
    other = client("notifications")
    calls = f"{CALLS}/suppressions"
    elsewhere = key("district-admin", "110105")
    assert other.post(f"{calls}/undo", headers=elsewhere, json=stranger).status_code == 403
    assert other.get(calls, headers=elsewhere).json()["items"] == []
    assert browser.post(apply, headers=ORIGIN, data=why).status_code == 303
    with database.transaction() as session:
        assert session.scalars(sa.select(Suppression)).all() == []
        [act] = session.scalars(sa.select(SuppressionAct)).all()
    assert (act.act, act.reason, act.suppressed_for) == ("undone", why["reason"], "bounced")
    assert why["reason"] in browser.get(f"{PAGES}/{contact}").text
    assert "suppression.lifted" in str(outbox("notifications"))
    assert why["reason"] not in str(outbox("notifications"))
    assert browser.post(place, headers=ORIGIN, data=why).status_code == 303
    again = browser.post(place, headers=ORIGIN, data=why)
    assert again.status_code == 409
    assert "已经停发" in again.text
    assert suppressing.listed(principal("city-admin"), suppressing.Wanted()).reasons == {"staff": 1}


def test_the_drill_list_is_changed_for_many_after_a_look(client: Client, staff: Headers) -> None:
    own = [person(f"p{number}@example.com") for number in range(3)]
    other = person("q@example.com", districts=["110105"])
    browser = client("notifications", cookies=staff("district-editor", "110102"))
    place = f"{PAGES}/drill-list"
    everyone = {"act": "on", "scope": "matching", "filters": "country=TH"}
    look = browser.post(place, headers=ORIGIN, data=everyone)
    assert "将 3 位联系人列入演练名单" in look.text
    assert not get(own[0]).on_drill_list
    late = browser.post(f"{place}/apply", headers=ORIGIN, data=everyone | {"expected": "2"})
    assert late.status_code == 409
    done = browser.post(f"{place}/apply", headers=ORIGIN, data=everyone | {"expected": "3"})
    assert done.status_code == 303
    assert [get(one).on_drill_list for one in (*own, other)] == [True] * 3 + [False]
    ticked = {"act": "off", "scope": "chosen", "ids": [str(own[0]), str(other)], "expected": "1"}
    browser.post(f"{place}/apply", headers=ORIGIN, data=ticked)
    assert [get(one).on_drill_list for one in own] == [False, True, True]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_list_as_a_file_is_harmless_and_noted(
    client: Client, staff: Headers, outbox: Outbox, form: str
) -> None:
    person("a@example.com", name="=HYPERLINK(1)", countries=["TH", "JP"])
    person("b@example.com", districts=["110105"])
    browser = client("notifications", cookies=staff("district-editor", "110102"))
    answer = browser.post(
        f"{PAGES}/export", headers=ORIGIN, data={"act": form, "filters": "country=TH"}
    )
    if form == "csv":
        text = answer.content.decode("utf-8-sig")
        assert "'=HYPERLINK(1)" in text
        assert "a@example.com" in text
        assert "b@example.com" not in text
    else:
        sheet = load_workbook(io.BytesIO(answer.content)).active
        assert sheet is not None
        assert sheet["A2"].value == "=HYPERLINK(1)"
        assert sheet["A2"].data_type == "s"
        assert sheet.max_row == 2
    assert f"1, {form}" in str(outbox("notifications"))


def test_editing_knows_every_origin_of_contacts() -> None:
    from services.notifications.contacts.filters import SOURCES

    assert editing.EDITABLE.keys() == SOURCES.keys()
    assert Filters.read({"district": "nowhere", "list": "x", "reach": "stopped"}) == Filters(
        reach="stopped"
    )


def test_what_a_removed_contact_agreed_to_is_taken_back_and_who_reads_addresses_is_noted(
    client: Client, key: Headers, outbox: Callable[[str], list[Any]]
) -> None:
    browser = client("notifications", headers=key("city-editor"))
    wanted = {"name": "Li", "email": "li@example.com", "basis": "emergency"}
    made = browser.post(CALLS, json=wanted).json()["id"]
    browser.get(CALLS)
    browser.get(f"{CALLS}/{made}")
    browser.post(f"{CALLS}/search", json={"address": "li@example.com"})
    browser.get(f"{CALLS}/suppressions")
    told = [event.data for event in outbox("notifications")]
    read = [(one["target"], one["detail"]) for one in told if one.get("action") == "contacts.read"]
    assert read == [
        ("contacts", "1"),
        (f"contact/{made}", ""),
        ("contacts", "searched, 1"),
        ("suppressions", "0"),
    ]
    assert browser.delete(f"{CALLS}/{made}").status_code == 204
    with database.transaction() as session:
        said = session.execute(sa.select(Consent.what, Consent.given).order_by(Consent.at)).all()
    assert [tuple(one) for one in said] == [("emergencies", True), ("emergencies", False)]
