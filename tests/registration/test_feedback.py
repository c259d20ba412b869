"""Feedback: once for each registration, without a name, and looked through before it is shown."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.events import Envelope
from services.chassis.problems import Invalid, Problem
from services.registration.certificates import service as certificates
from services.registration.database import database
from services.registration.feedback import attended, results, service, staff
from services.registration.feedback.models import Comment, Feedback
from services.registration.feedback.questions import SurveyIn
from tests.conftest import principal
from tests.registration.aftermath import a_past_activity, came, over, survey_token
from tests.registration.ground import an_activity, at_once, edit, register

API = "/api/registration/v1"
Headers = Callable[..., dict[str, str]]
ORIGIN = {"Origin": "http://testserver"}
EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)>"


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


def give(guest: Any, *, quoted: bool = False, **answers: str) -> None:
    service.give(survey_token(guest), {"overall": "5"} | answers, may_be_quoted=quoted)


def stored() -> list[Feedback]:
    with database.transaction() as session:
        return list(session.scalars(sa.select(Feedback)))


def comments() -> list[Comment]:
    with database.transaction() as session:
        return list(session.scalars(sa.select(Comment).order_by(Comment.question)))


def refusal(guest: Any) -> str:
    with pytest.raises(Problem) as refused:
        give(guest)
    return refused.value.kind


def test_the_same_link_answers_once_and_may_change_it(
    outbox: Callable[[str], list[Envelope]],
) -> None:
    activity, (guest,) = a_past_activity()
    give(guest, comment="很好")
    give(guest, overall="3", useful="2", change="早点出发")
    (one,) = stored()
    assert (one.answers, one.version) == ({"overall": 3, "useful": 2}, 2)
    assert [(text.question, text.text) for text in comments()] == [("change", "早点出发")]
    told = [event for event in outbox("registration") if event.type == "feedback.given.v1"]
    assert [event.sequence for event in told] == [1, 2]
    assert told[1].data["numbers"] == {"overall": 3, "useful": 2}
    assert told[1].data["activity_id"] == str(activity)
    assert "早点出发" not in str(told)


def test_twenty_answers_from_one_link_at_once_are_one() -> None:
    _, (guest,) = a_past_activity()
    at_once(*(partial(give, guest, comment=f"第 {n} 次") for n in range(20)), threads=20)
    (one,) = stored()
    assert one.version == 20
    assert len(comments()) == 1


def test_without_the_mark_twenty_answers_are_twenty(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: it is the mark, unique in the table, that makes them one."""
    _, (guest,) = a_past_activity()
    monkeypatch.setattr(service, "marks", lambda _id: [uuid.uuid4().hex])
    at_once(*(partial(give, guest) for _ in range(20)), threads=20)
    assert len(stored()) == 20


def test_nothing_stored_leads_to_the_registration() -> None:
    _, (guest,) = a_past_activity()
    give(guest, comment="我是王小明")
    with database.transaction() as session:
        feedback = session.execute(sa.text("SELECT to_jsonb(f) FROM feedback f")).scalar_one()
        comment = session.execute(sa.text("SELECT to_jsonb(c) FROM feedback_comments c")).scalar()
    raw = f"{feedback}{comment}"
    assert str(guest.id) not in raw
    assert guest.id.hex not in raw
    assert "王小明" not in raw
    assert guest.ticket_code not in raw
    assert "T" not in feedback["given_on"]  # a day, no hour


@pytest.mark.parametrize(
    ("ago", "kind"),
    [(timedelta(days=-1), "survey-not-open"), (timedelta(days=30, minutes=1), "survey-closed")],
    ids=["before", "after"],
)
def test_it_is_open_from_the_end_for_thirty_days(ago: timedelta, kind: str) -> None:
    activity = an_activity()
    guest = came(activity)
    over(activity, ago)
    assert refusal(guest) == kind
    over(activity, timedelta(minutes=1))
    give(guest)
    over(activity, timedelta(days=30) - timedelta(minutes=1))
    give(guest)


def test_who_was_not_there_is_not_asked() -> None:
    activity = an_activity()
    guest = register(activity)
    over(activity)
    assert refusal(guest) == "not-attended"
    edit(activity, status="cancelled")
    assert refusal(guest) == "survey-closed"


BAD = (
    ({"overall": ""}, "answers.overall"),
    ({"overall": "6"}, "answers.overall"),
    ({"overall": "５"}, "answers.overall"),
    ({"useful": "-1"}, "answers.useful"),
    ({"useful": "1.5"}, "answers.useful"),
    ({"comment": "x" * 1001}, "answers.comment"),
    ({"comment": "a\x00b"}, "answers.comment"),
)


def test_bad_answers_are_refused_beside_their_question() -> None:
    _, (guest,) = a_past_activity()
    for answers, field in BAD:
        with pytest.raises(Invalid) as refused:
            give(guest, **answers)
        assert [error.field for error in refused.value.errors] == [field]
    assert stored() == []


def test_the_page_keeps_what_was_typed_and_says_thank_you(browser: TestClient) -> None:
    _, (guest,) = a_past_activity()
    place = f"/feedback/{survey_token(guest)}"
    assert browser.get("/feedback/made-up").status_code == 404
    refused = browser.post(place, data={"answers.comment": EVIL}, headers=ORIGIN)
    assert refused.status_code == 422
    assert "<script>alert" not in refused.text
    assert "&lt;script&gt;alert" in refused.text
    sent = {"answers.overall": "4", "answers.comment": EVIL, "may_be_quoted": "on"}
    done = browser.post(place, data=sent, headers=ORIGIN)
    assert done.status_code == 303
    assert "感谢您的意见" in browser.get(done.headers["location"]).text
    again = browser.get(place).text
    assert "<script>alert" not in again
    assert "<img src=x" not in again
    assert 'value="4" checked' in again
    english = browser.get(place, params={"lang": "en"}).text
    assert "How was it?" in english


def test_staff_see_no_single_answer_and_no_markup(browser: TestClient, staff: Headers) -> None:
    activity, guests = a_past_activity(4)
    place = f"/staff/activities/{activity}/feedback"
    for guest in guests[:2]:
        give(guest, comment=EVIL)
    browser.cookies = staff("city-editor")
    page = browser.get(place).text
    assert "onerror" not in page
    assert "data-chart" not in page
    give(guests[2], overall="1", comment=EVIL)
    page = browser.get(place).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert" in page
    assert "75%" in page  # three of four answered
    assert "data-chart" in page
    assert "王小明" not in page
    browser.cookies = staff("district-editor", "110105")
    assert browser.get(place).status_code == 403


def test_a_text_is_shown_or_hidden_with_a_reason(browser: TestClient, staff: Headers) -> None:
    activity, guests = a_past_activity(3)
    for guest in guests:
        give(guest, comment="讲得很清楚")
    place = f"/staff/activities/{activity}/feedback"
    first = comments()[0].id

    def decide(**sent: str) -> int:
        answer = browser.post(f"{place}/comments/{first}", data=sent, headers=ORIGIN)
        return answer.status_code

    browser.cookies = staff("viewer")
    assert "讲得很清楚" not in browser.get(place).text
    assert decide(state="shown") == 403
    browser.cookies = staff("city-editor")
    assert decide(state="hidden") == 422
    assert decide(state="published", reason="x") == 422
    assert decide(state="shown") == 303
    browser.cookies = staff("viewer")
    assert browser.get(place).text.count("讲得很清楚") == 1
    browser.cookies = staff("city-editor")
    assert decide(state="hidden", reason="提到了别人") == 303
    assert browser.get(place).text.count("提到了别人") == 1
    browser.cookies = staff("viewer")
    assert "讲得很清楚" not in browser.get(place).text
    other = an_activity()
    browser.cookies = staff("city-editor")
    elsewhere = f"/staff/activities/{other}/feedback/comments/{first}"
    assert browser.post(elsewhere, data={"state": "shown"}, headers=ORIGIN).status_code == 404


def test_a_text_that_is_changed_is_looked_at_again() -> None:
    activity, guests = a_past_activity(1)
    give(guests[0], comment="一", change="二")
    who = principal("city-editor")
    for comment in comments():
        staff.moderate(who, activity, comment.id, staff.ModerateIn(state="shown"))
    give(guests[0], comment="一", change="三")
    assert [(one.text, one.state) for one in comments()] == [("三", "new"), ("一", "shown")]
    give(guests[0], comment="一", change="三", quoted=True)
    assert {one.state for one in comments()} == {"new"}


def test_the_public_learns_an_average_of_five_and_what_may_be_quoted() -> None:
    activity, guests = a_past_activity(5)
    for number, guest in enumerate(guests[:4]):
        give(guest, overall=str(number + 1), comment="不想公开")
    with database.transaction() as session:
        assert results.public_summary(session, activity, None) is None
    give(guests[4], overall="5", quoted=True, comment="值得一听")
    with database.transaction() as session:
        found = results.public_summary(session, activity, None)
        assert found == results.Public(average=3.0, answers=5, quotes=[])
    for comment in comments():
        staff.moderate(
            principal("city-editor"), activity, comment.id, staff.ModerateIn(state="shown")
        )
    with database.transaction() as session:
        found = results.public_summary(session, activity, None)
        assert found is not None
        assert found.quotes == ["值得一听"]


def test_staff_settle_own_questions_until_the_end(browser: TestClient, staff: Headers) -> None:
    activity = an_activity()
    guest = came(activity)
    place = f"/staff/activities/{activity}/feedback/survey"
    form = {
        "asked": "on",
        "version": "0",
        "own.1.kind": "choice",
        "own.1.text.zh-CN": "您从哪里得知活动？",
        "own.1.choices.zh-CN": "社区\n  \n网上",
        "own.1.choices.en": "Community",
        "own.3.kind": "text",
        "own.3.text.en": "What else?",
    }
    browser.cookies = staff("viewer")
    assert browser.post(place, data=form, headers=ORIGIN).status_code == 403
    browser.cookies = staff("district-editor", "110102")
    refused = browser.post(place, data=form, headers=ORIGIN)
    assert refused.status_code == 422
    assert "field-own.1.choices" in refused.text
    assert "您从哪里得知活动？" in refused.text
    form["own.1.choices.en"] = "Community\nOn the web"
    assert browser.post(place, data=form, headers=ORIGIN).status_code == 303
    assert "社区\n网上" in browser.get(place).text
    # Somebody with the page as it was before does not write over it.
    assert browser.post(place, data=form, headers=ORIGIN).status_code == 409

    over(activity)
    asked = browser.get(f"/feedback/{survey_token(guest)}").text
    assert "您从哪里得知活动？" in asked
    assert "网上" in asked
    give(guest, own2="1", own4="没有")
    assert stored()[0].answers == {"overall": 5, "own2": 1}
    form["version"] = "1"
    assert browser.post(place, data=form, headers=ORIGIN).status_code == 409


def test_a_survey_that_is_switched_off_asks_nobody() -> None:
    activity = an_activity()
    guest = came(activity)
    staff.settle(principal("city-editor"), activity, SurveyIn(asked=False))
    over(activity)
    assert refusal(guest) == "survey-closed"
    assert attended.thank() == 0


def test_the_api_tells_staff_how_often_each_answer_was_given(
    browser: TestClient, key: Headers
) -> None:
    activity, guests = a_past_activity(3)
    for guest, rating in zip(guests, ("5", "5", "2"), strict=True):
        give(guest, overall=rating)
    place = f"{API}/activities/{activity}/feedback"
    assert browser.get(place).status_code == 401
    assert browser.get(place, headers=key("district-editor", "110105")).status_code == 403
    found = browser.get(place, headers=key("viewer")).json()
    overall = found["tallies"][0]
    assert (found["asked"], found["given"]) == (3, 3)
    assert (overall["counts"], overall["average"]) == ([2, 0, 0, 1, 0], 4.0)
    assert browser.get(f"{API}/activities/{uuid.uuid4()}/feedback", headers=key("viewer"))


def test_the_file_for_a_spreadsheet_runs_no_formula(browser: TestClient, staff: Headers) -> None:
    activity, guests = a_past_activity(3)
    for guest in guests:
        give(guest, comment="=HYPERLINK(1)")
    place = f"/staff/activities/{activity}/feedback/results.csv"
    browser.cookies = staff("district-editor", "110105")
    assert browser.get(place).status_code == 403
    browser.cookies = staff("city-editor")
    lines = browser.get(place).content.decode("utf-8-sig").splitlines()
    assert lines[1].endswith("5 分，很好,3,")
    assert sum("'=HYPERLINK(1)" in line for line in lines) == 3
    assert not any(",=HYPERLINK" in line for line in lines)


def test_everyone_who_came_is_thanked_once(outbox: Callable[[str], list[Envelope]]) -> None:
    activity, guests = a_past_activity(3, certificates=True)
    register_only = an_activity()
    register(register_only, 9)
    over(register_only)
    certificates.issue_due()
    assert sum(at_once(*(attended.thank for _ in range(5)))) == 3
    assert attended.thank() == 0
    told = [event for event in outbox("registration") if event.type.endswith("attended.v1")]
    assert {event.data["subject_id"] for event in told} == {str(one.id) for one in guests}
    assert {event.sequence for event in told} == {2}  # later than the confirmation
    links = told[0].model_dump_json()
    assert "/feedback/" not in links  # sealed
    assert all(event.data["certificate_url"].startswith("s1.") for event in told)
    assert activity


@pytest.mark.parametrize(
    ("ago", "thanked"),
    [
        (attended.SETTLE - timedelta(minutes=1), 0),
        (attended.SETTLE + timedelta(minutes=1), 1),
        (attended.STALE - timedelta(minutes=1), 1),
        (attended.STALE + timedelta(minutes=1), 0),
    ],
    ids=["settling", "settled", "late", "stale"],
)
def test_thanks_come_neither_too_early_nor_too_late(ago: timedelta, thanked: int) -> None:
    activity = an_activity()
    came(activity)
    over(activity, ago)
    assert attended.thank(datetime.now(UTC)) == thanked


def test_an_activity_without_certificate_still_links_its_survey(
    outbox: Callable[[str], list[Envelope]],
) -> None:
    _, _ = a_past_activity()
    attended.thank()
    (told,) = [event for event in outbox("registration") if event.type.endswith("attended.v1")]
    assert told.data["certificate_url"] is None
    assert told.data["feedback_url"].startswith("s1.")
