"""“I am safe” and “I need help”: by link and by SMS, for oneself and for a group."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis import auth
from services.chassis.auth import Principal
from services.chassis.crypto import sign_id
from services.chassis.database import utc_now
from services.notifications.answers import erasing, reading, service
from services.notifications.answers.models import Answer, Coverage
from services.notifications.answers.words import Numbers, kind_of, numbers_of
from services.notifications.broadcasts import sending, trial
from services.notifications.broadcasts.schemas import BroadcastOut, TestIn
from services.notifications.database import database
from services.notifications.delivery import lanes, unknown
from services.notifications.delivery.models import Delivery
from tests.conftest import principal
from tests.notifications.broadcasting import approved, author, people, person

HERE = {"Sec-Fetch-Site": "same-origin"}
PHONE = "+8613800138000"


@pytest.fixture
def resident(client: Callable[..., TestClient]) -> TestClient:
    return client("notifications", headers=HERE | {"Accept-Language": "en"})


@pytest.fixture
def visit(client: Callable[..., TestClient]) -> Callable[[Principal], TestClient]:
    """A browser in which somebody is signed in."""

    def make(who: Principal) -> TestClient:
        found = client("notifications", headers=HERE | {"Accept-Language": "en"})
        found.cookies.set(auth.SESSION_COOKIE, auth.credential_for(who))
        return found

    return make


def asked(**changes: Any) -> BroadcastOut:
    """A broadcast that asks, taken by the servers for everybody there is."""
    broadcast = approved(**({"urgency": "emergency", "asks": True} | changes))
    sending.send(author(), broadcast.id)
    lanes.run_lane("urgent", sending.look_after)
    put(broadcast, "accepted")
    return broadcast


def put(broadcast: BroadcastOut, state: str, *where: sa.ColumnElement[bool]) -> None:
    """Let messages of a broadcast be in a state, whatever came before."""
    with database.transaction() as session:
        session.execute(
            sa.update(Delivery)
            .where(Delivery.broadcast_id == broadcast.id, *where)
            .values(state=state)
            .execution_options(synchronize_session=False)
        )


def messages(broadcast: BroadcastOut) -> dict[str, Delivery]:
    with database.transaction() as session:
        found = session.scalars(sa.select(Delivery).where(Delivery.broadcast_id == broadcast.id))
        return {delivery.address: delivery for delivery in found}


def path(delivery: Delivery) -> str:
    return service.answer_url(delivery.id).removeprefix("http://testserver")


def given() -> list[Answer]:
    with database.transaction() as session:
        return list(session.scalars(sa.select(Answer).order_by(Answer.answered_at, Answer.id)))


def sms(text: str, phone: str = PHONE, **later: float) -> bool:
    with database.transaction() as session:
        return service.from_sms(session, phone, text, utc_now() + timedelta(**later))


def counts(broadcast: BroadcastOut) -> dict[str, int]:
    found = reading.count(author(), broadcast.id).model_dump(exclude={"coverage"})
    return {group: number for group, number in found.items() if number}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1", "safe"),
        ("１", "safe"),
        ("【1】", "safe"),
        ("1 我们都好", "safe"),
        ("平安", "safe"),
        ("I'm safe, thank you", "safe"),
        ("OK", "safe"),
        ("平安，不需要帮助", "safe"),
        ("I do not need help", "safe"),
        ("2", "help"),
        ("2。", "help"),
        ("求助！被困在酒店", "help"),
        ("我不平安", "help"),
        ("not safe", "help"),
        ("We aren't safe here", "help"),
        ("safe but my friend is injured", "help"),
        ("12", "unclear"),
        ("去机场的路通吗", "unclear"),
        ("who is this", "unclear"),
    ],
)
def test_what_an_sms_says(text: str, kind: str) -> None:
    assert kind_of(text) == kind


def test_the_numbers_of_a_group() -> None:
    assert numbers_of("38人，平安36，求助2") == Numbers(38, 36, 2)
    assert numbers_of("40 40") == Numbers(40, 40, 0)
    assert numbers_of("1") is None
    assert numbers_of("10 20 5") is None, "more safe than reached"


def test_answering_by_link(resident: TestClient) -> None:
    people(1)
    broadcast = asked()
    [delivery] = messages(broadcast).values()
    for _ in range(2):
        page = resident.get(path(delivery))
        assert page.status_code == 200
    assert "Floods in southern Thailand" in page.text
    assert "12308" in page.text
    assert "style=" not in page.text
    assert "<script" not in page.text.replace('<script src="/static/', "")
    assert given() == [], "a scanner that opens every link has said nothing"

    form = {"answer": "help", "note": " 二楼，  +855 12 ", "_once": "a"}
    assert resident.post(path(delivery), data=form).status_code == 303
    assert resident.post(path(delivery), data=form).status_code == 303
    assert [(one.answer, one.note) for one in given()] == [("help", "二楼，  +855 12")]
    assert "You told us that you need help" in resident.get(path(delivery)).text
    assert "二楼" not in resident.get(path(delivery)).text, "a forwarded link tells nothing"

    resident.post(path(delivery), data={"answer": "safe", "_once": "b"})
    assert counts(broadcast) == {"safe": 1}, "the last one counts"
    assert "You told us that you are safe" in resident.get(path(delivery)).text

    wrong = resident.post(path(delivery), data={"answer": "safe", "note": "x" * 501})
    assert wrong.status_code == 422
    assert "x" * 501 in wrong.text, "nothing is lost"
    with database.transaction() as session:
        stored = session.execute(sa.text("SELECT note FROM answers WHERE note IS NOT NULL"))
        assert "二楼" not in stored.scalar_one(), "sealed in the table"


def test_the_page_of_a_link_names_nobody(resident: TestClient) -> None:
    person("ann@example.com", name="王小明", countries=["TH"])
    subject = "{{ name }}, are you safe in {{ countries }}?"
    english = {"subject": subject, "body": "B", "sms": "S"}
    broadcast = asked(drill=False, message={"en": english})
    [delivery] = messages(broadcast).values()
    page = resident.get(path(delivery)).text
    assert "Sir or Madam, are you safe in your destination?" in page
    assert "{{" not in page


def test_links_that_answer_nothing(resident: TestClient) -> None:
    people(1)
    silent = approved()
    sending.send(author(), silent.id)
    [delivery] = messages(silent).values()
    trial.send_trial(author(), silent.id, TestIn(to=["staff@example.com"]))
    with database.transaction() as session:
        tried = session.scalars(sa.select(Delivery).where(Delivery.kind == trial.KIND)).first()
    assert tried is not None
    assert resident.get(path(delivery)).status_code == 404, "it asked nothing"
    for token in ("x", sign_id("unsubscribe", delivery.id), sign_id("answer", uuid.uuid4())):
        assert resident.get(f"/answer/{token}").status_code == 404
        sent = resident.post(f"/answer/{token}", data={"answer": "safe"})
        assert sent.status_code == 404
    assert "trial message" in resident.get(path(tried)).text
    assert resident.post(path(tried), data={"answer": "help"}).status_code == 303
    assert given() == []


def test_one_who_receives_for_a_group(resident: TestClient) -> None:
    person("teacher@example.com", relays_for=40, organisation="第三中学")
    person("manager@example.com", relays_for=25)
    broadcast = asked()
    found = messages(broadcast)
    teacher, manager = found["teacher@example.com"], found["manager@example.com"]
    assert "How is your group?" in resident.get(path(teacher)).text

    wrong = {"reached": "10", "safe": "9", "need_help": "2", "note": "N"}
    refused = resident.post(path(teacher), data=wrong)
    assert refused.status_code == 422
    assert 'href="#field-reached"' in refused.text
    assert 'value="9"' in refused.text
    missing = resident.post(path(teacher), data={"reached": "10"})
    assert missing.status_code == 422

    report = {"reached": "38", "safe": "３６", "need_help": "0", "_once": "a"}
    assert resident.post(path(teacher), data=report).status_code == 303
    assert 'value="36"' in resident.get(path(teacher)).text, "only what changed is typed again"
    assert counts(broadcast) == {"partly": 1, "none": 1}
    resident.post(path(manager), data={"reached": "25", "safe": "25", "need_help": "0"})
    assert counts(broadcast) == {"partly": 1, "safe": 1}
    resident.post(path(teacher), data={"reached": "40", "safe": "39", "need_help": "1"})
    coverage = reading.count(author(), broadcast.id).coverage
    assert coverage is not None
    assert coverage.model_dump() == {
        "groups": 2,
        "reported": 2,
        "group_size": 65,
        "reached": 65,
        "safe": 64,
        "need_help": 1,
    }
    assert counts(broadcast) == {"help": 1, "safe": 1}


def test_answers_by_sms() -> None:
    person("li@example.com", phone=PHONE)
    assert not sms("1"), "nobody asked this number"
    older = asked(channels=["sms"], title="Older")
    newer = asked(channels=["email", "sms"], title="Newer")
    assert not sms("1", phone="+8613900139000"), "a number that was not asked"
    assert not sms("  ")
    assert not sms("1", days=8), "by then it is about something else"
    put(newer, "bounced", Delivery.channel == "sms")
    assert sms("2 二楼")
    assert [one.broadcast_id for one in given()] == [older.id], "the newer one did not arrive"
    put(newer, "accepted")
    assert sms("什么情况")
    assert counts(newer) == {"unclear": 1}, "one person, though asked twice"
    assert sms("１")
    assert counts(newer) == {"safe": 1}
    assert counts(older) == {"help": 1}


def test_an_sms_answers_a_message_that_waits_to_go_once_more() -> None:
    person(None, phone=PHONE)
    broadcast = asked(channels=["sms"])
    put(broadcast, "unknown")
    unknown.resolve(utc_now())
    assert unknown.resolve(utc_now() + unknown.WAIT_SMS) == 1
    assert sms("2 被困")
    assert counts(broadcast)["help"] == 1


def test_a_group_by_sms() -> None:
    person(None, phone=PHONE, relays_for=40)
    broadcast = asked(channels=["sms"])
    assert sms("38 36 2")
    assert counts(broadcast) == {"help": 1}
    assert sms("1")
    assert counts(broadcast) == {"safe": 1}
    with database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Coverage)) == 1


def test_staff_see_who_needs_help_first(visit: Callable[[Principal], TestClient]) -> None:
    person("help@example.com", name="王丽")
    person("safe@example.com", name="李强")
    person("quiet@example.com", name="张敏")
    person("gone@example.com", name="陈静")
    broadcast = asked()
    found = messages(broadcast)
    with database.transaction() as session:
        service.note(session, found["safe@example.com"], "safe", via="link")
        service.note(session, found["help@example.com"], "help", via="sms", note="<b>二楼</b>")
    put(broadcast, "bounced", Delivery.id == found["gone@example.com"].id)
    url = f"/staff/broadcasts/{broadcast.id}/answers"
    duty = visit(author())
    page = duty.get(url)
    assert page.status_code == 200
    places = [page.text.index(name) for name in ("王丽", "张敏", "李强", "陈静")]
    assert places == sorted(places), "help, no answer, safe, not reached"
    assert "&lt;b&gt;二楼&lt;/b&gt;" in page.text
    assert "help@example.com" not in page.text
    assert "help@example.com" in duty.post(url).text
    assert "王丽" not in duty.get(f"{url}?group=safe").text
    file = duty.post(f"{url}/export", data={"format": "csv", "group": "none"})
    assert "张敏" in file.text
    assert "quiet@example.com" in file.text
    assert "help@example.com" not in file.text
    file = duty.post(f"{url}/export", data={"format": "csv"})
    order = [file.text.index(name) for name in ("王丽", "张敏", "李强", "陈静")]
    assert order == sorted(order), "who needs help is telephoned first"
    summary = duty.get(f"/staff/broadcasts/{broadcast.id}").text
    assert "1 person needs help" in summary
    assert summary.index("Are they safe?") < summary.index("How it goes")

    viewer = visit(principal("viewer"))
    seen = viewer.get(url).text
    assert "王丽" not in seen
    assert "二楼" not in seen
    assert viewer.post(url).status_code == 403
    assert viewer.post(f"{url}/export").status_code == 403
    assert visit(author("110105")).get(url).status_code == 403


def test_the_calls(client: Callable[..., TestClient], key: Callable[..., dict[str, str]]) -> None:
    people(3)
    broadcast = asked()
    with database.transaction() as session:
        for delivery in list(messages(broadcast).values())[:2]:
            service.note(session, delivery, "help", via="link", note="二楼")
    api, url = client("notifications"), f"/api/notifications/v1/broadcasts/{broadcast.id}/answers"
    headers = key("city-editor")
    totals = api.get(url, headers=headers).json()
    assert (totals["help"], totals["none"], totals["safe"]) == (2, 1, 0)
    first = api.get(f"{url}/help?limit=1", headers=headers).json()
    rest = api.get(f"{url}/help?limit=1&cursor={first['next_cursor']}", headers=headers).json()
    lines = first["items"] + rest["items"]
    assert {line["address"] for line in lines} <= {f"person{n}@example.com" for n in range(3)}
    assert len({line["delivery_id"] for line in lines}) == 2
    assert rest["next_cursor"] is None
    masked = api.get(f"{url}/none", headers=key("viewer")).json()["items"][0]
    assert masked["address"] == "p***@example.com"
    assert api.get(url, headers=key("district-editor", "110105")).status_code == 403
    assert api.get(f"{url}/what", headers=headers).status_code == 422


def test_what_was_written_is_forgotten() -> None:
    person("li@example.com")
    broadcast = asked()
    [delivery] = messages(broadcast).values()
    with database.transaction() as session:
        service.note(session, delivery, "help", via="link", note="二楼")
    erasing.forget_old(utc_now() + timedelta(days=179))
    assert given()[0].note == "二楼"
    erasing.forget_old(utc_now() + timedelta(days=181))
    assert given()[0].note is None
    with database.transaction() as session:
        erasing.forget(session, Delivery.id == delivery.id)
    [left] = given()
    assert left.address_hash == f"erased/{delivery.id}"
    assert left.contact_id is None
    assert reading.count(author(), broadcast.id).help == 1, "it still counts"
