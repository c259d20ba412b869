"""Questions: asked, marked, triaged, answered once, merged, erased."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.crypto import unseal
from services.chassis.database import utc_now
from services.chassis.problems import Problem
from services.content.database import database
from services.content.questions import erasing, experts, holding, service
from services.content.questions.deadlines import due
from services.content.questions.models import Question, QuestionEntry
from services.content.questions.schemas import AnswerIn, ExpertIn
from services.content.questions.urgent import alarms
from services.notifications.database import database as notifications
from services.notifications.delivery.models import Delivery
from tests.conftest import principal

API = "/api/content/v1"
ORIGIN = {"Origin": "http://testserver"}
TEXT = "去埃及旅行，护照要一直带在身上吗？"
Key = Callable[..., dict[str, str]]


def ask(web: TestClient, **changes: Any) -> dict[str, Any]:
    """A question as the API answers it."""
    body = {"text": TEXT, "email": "asker@example.com", "name": "王小明", "country": "EG"}
    made = web.post(f"{API}/questions", json=body | changes)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


def path(made: dict[str, Any]) -> str:
    return urlsplit(made["manage_url"]).path


def deliveries(kind: str) -> list[Delivery]:
    with notifications.transaction() as session:
        return list(session.scalars(sa.select(Delivery).where(Delivery.kind == kind)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("我儿子在当地被警察带走了", ["detained"]),
        ("护照昨天丢了，明天的飞机", ["passport"]),
        ("妻子失联两天，她还受伤了", ["missing", "injured"]),
        ("在酒店门口遭抢", ["attacked"]),
        ("My brother was ARRESTED at the airport", ["detained"]),
        ("I have lost my passport in Cairo", ["passport"]),
        ("去埃及旅行，护照要一直带在身上吗", []),
        ("Is my passport valid for long enough?", []),
        ("The warrested parody of words", []),
    ],
)
def test_words_of_distress(text: str, found: list[str]):
    assert alarms(text) == found


def test_an_answer_is_due_after_three_working_days():
    friday = datetime(2026, 4, 17, 10, 0, tzinfo=UTC)
    assert due(friday, urgent=False).isoformat() == "2026-04-22T17:30:00+08:00"
    assert due(friday, urgent=True) == friday + timedelta(hours=1)


def test_a_question_goes_its_way(web: TestClient, key: Key, deliver: Callable[[], int], smtp: Any):
    editor = key("city-editor")
    made = ask(web, text="护照在开罗被偷了，怎么办？")
    assert made["urgent"]
    assert made["alarms"] == ["passport"]
    ask(web, text="提前问一下")
    deliver()
    (mail,) = [
        one for one in deliveries("question-asked") if one.question_id == uuid.UUID(made["id"])
    ]
    assert "12308" in (mail.context or "") or '"urgent": true' in (mail.context or "")

    # The urgent one first, whatever came later.
    listed = web.get(f"{API}/questions", headers=editor).json()["items"]
    assert [one["urgent"] for one in listed] == [True, False]
    assert "王小明" not in str(listed)
    here = f"{API}/questions/{made['id']}"
    note = web.post(f"{here}/notes", json={"text": "已致电，号码不通"}, headers=editor)
    assert note.status_code == 201
    done = web.post(f"{here}/answers", json={"text": "请先**报警**。"}, headers=editor)
    assert (done.status_code, done.json()["status"], done.json()["urgent"]) == (
        201,
        "answered",
        False,
    )
    deliver()
    (told,) = deliveries("question-answered")
    assert told.address == "asker@example.com"

    own = web.get(path(made)).text
    assert "<strong>报警</strong>" in own
    # Neither the note nor who answered leaves the office.
    assert "号码不通" not in own
    assert "测试员" not in own
    added = web.post(path(made), data={"text": "还是不明白"}, headers=ORIGIN)
    assert added.status_code == 303
    assert web.get(here, headers=editor).json()["status"] == "assigned"
    assert web.get(path(made)[:-3] + "AAA").status_code == 404


def test_who_asks_by_form_sees_what_is_alike_first_and_loses_nothing(web: TestClient, key: Key):
    answer = {
        "question": {"zh-CN": "护照要一直带在身上吗？", "en": "Do I carry my passport?"},
        "answer": {"zh-CN": "带复印件。", "en": "Carry a copy."},
    }
    editor = key("city-editor")
    draft = web.post(f"{API}/answers", json=answer, headers=editor).json()
    assert web.post(f"{API}/answers/{draft['id']}/publish", json={}, headers=editor).is_success
    form = {
        "text": TEXT,
        "email": "ask＠example",
        "phone": "12",
        "language": "zh-CN",
        "consents.privacy_version": "2026-11",
    }
    refused = web.post("/questions/ask", data=form, headers=ORIGIN)
    assert refused.status_code == 422
    assert TEXT in refused.text
    assert "请检查电话号码" in refused.text
    nothing = web.post("/questions/ask", data={"text": TEXT}, headers=ORIGIN).text
    assert "请填写电子邮箱或手机号码" in nothing
    assert "请同意我们使用这些信息答复您" in nothing
    form |= {"email": "asker@example.com", "phone": ""}
    before = web.post("/questions/ask", data=form, headers=ORIGIN)
    assert before.status_code == 200
    assert f"/questions/{draft['slug']}" in before.text
    assert "asker@example.com" in before.text
    back = web.post("/questions/ask", data=form | {"back": "1"}, headers=ORIGIN)
    assert TEXT in back.text
    sent = web.post("/questions/ask", data=form | {"seen": "1", "_once": "a"}, headers=ORIGIN)
    assert sent.headers["location"].startswith("/questions/asked/")
    # The same form again is the same question; words of distress are held up by nothing.
    again = web.post("/questions/ask", data=form | {"seen": "1", "_once": "a"}, headers=ORIGIN)
    assert again.headers["location"] == sent.headers["location"]
    urgent = form | {"text": "护照丢了，护照要一直带在身上吗"}
    sent = web.post("/questions/ask", data=urgent, headers=ORIGIN)
    assert "+86 10 12308" in web.get(sent.headers["location"]).text
    part = web.post("/questions/similar", data={"text": urgent["text"]}, headers=ORIGIN).text
    assert "tel:+861012308" in part
    assert f"/questions/{draft['slug']}" in part


@pytest.mark.parametrize(
    "changes",
    [
        {"text": ""},
        {"text": "x" * 5000},
        {"email": None},
        {"country": "ZZ9"},
        {"phone": "not a number"},
        {"text": "a\u202eb"},
    ],
)
def test_what_cannot_be_taken_is_refused_with_a_sentence(web: TestClient, changes: dict[str, Any]):
    body = {"text": TEXT, "email": "asker@example.com"} | changes
    refused = web.post(f"{API}/questions", json=body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["message"]


def test_a_program_that_fills_in_everything_is_stopped(web: TestClient):
    form = {"text": TEXT, "email": "a@example.com", "website": "http://spam.example", "seen": "1"}
    refused = web.post("/questions/ask", data=form, headers=ORIGIN)
    assert refused.status_code == 422
    assert TEXT in refused.text
    form = {"text": "<script>alert(1)</script>", "email": "a@example.com", "seen": "1"}
    form |= {"consents.privacy_version": "2026-11"}
    sent = web.post("/questions/ask", data=form, headers=ORIGIN)
    assert "<script>alert" not in web.get(sent.headers["location"]).text


def test_a_district_sees_what_it_has_and_what_it_wrote_down(web: TestClient, key: Key):
    own, other, city = (
        key("district-editor", "110107"),
        key("district-editor", "110112"),
        key("city-editor"),
    )
    asked = ask(web)
    heard = web.post(f"{API}/questions/heard", json={"text": "老人问签证"}, headers=own).json()
    assert [one["id"] for one in web.get(f"{API}/questions", headers=own).json()["items"]] == [
        heard["id"]
    ]
    assert web.get(f"{API}/questions/{asked['id']}", headers=own).status_code == 403
    assign = {"district": "110112"}
    for one in (asked, heard):
        done = web.post(f"{API}/questions/{one['id']}/assign", json=assign, headers=city)
        assert done.status_code == 204
    assert len(web.get(f"{API}/questions", headers=other).json()["items"]) == 2
    # Given away, and still seen by those who wrote it down.
    assert web.get(f"{API}/questions/{heard['id']}", headers=own).status_code == 200
    viewer = key("viewer")
    refused = web.post(
        f"{API}/questions/{asked['id']}/answers", json={"text": "好"}, headers=viewer
    )
    assert refused.status_code == 403


def test_one_answer_goes_to_everybody_who_asked(
    web: TestClient, key: Key, deliver: Callable[[], int]
):
    editor = key("city-editor")
    first, second, third = (ask(web, email=f"asker{number}@example.com") for number in range(3))
    url = f"{API}/questions/{{}}"

    def merge(one: dict[str, Any], into: dict[str, Any]) -> int:
        body = {"into": into["id"]}
        return web.post(url.format(one["id"]) + "/merge", json=body, headers=editor).status_code

    assert merge(first, first) == 422
    # What was merged into the second moves along with it.
    assert merge(third, second) == 200
    assert merge(second, first) == 200
    assert merge(first, third) == 422
    undone = web.post(url.format(third["id"]) + "/unmerge", headers=editor)
    assert undone.json()["status"] == "new"
    assert merge(third, first) == 200
    answer = {"text": "一起答复"}
    assert web.post(url.format(first["id"]) + "/answers", json=answer, headers=editor).is_success
    late = ask(web, email="late@example.com")
    assert merge(late, first) == 200
    deliver()
    told = {one.address for one in deliveries("question-answered")}
    assert told == {*(f"asker{number}@example.com" for number in range(3)), "late@example.com"}
    assert "一起答复" in web.get(path(third)).text
    refused = web.post(url.format(third["id"]) + "/unmerge", headers=editor)
    assert refused.json()["type"] == "too-late-to-undo"


def both_answer(question: Question) -> list[object]:
    """Two members of staff answer the same state of a question at the same moment."""
    ready = threading.Barrier(2)

    def one(number: int) -> object:
        ready.wait()
        wanted = AnswerIn(text=f"答复{number}", version=question.version)
        try:
            return service.answer(principal("city-editor"), question.id, wanted)
        except Problem as problem:
            return problem.kind

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, range(2)))


def stored(made: dict[str, Any]) -> Question:
    with database.transaction() as session:
        return session.get_one(Question, uuid.UUID(made["id"]))


def test_of_two_who_answer_at_once_the_second_is_told(web: TestClient, deliver: Callable[[], int]):
    question = stored(ask(web))
    assert sorted(map(str, both_answer(question))) == ["None", "changed-meanwhile"]
    deliver()
    assert len(deliveries("question-answered")) == 1


def test_without_the_lock_both_would_be_sent(
    web: TestClient, monkeypatch: pytest.MonkeyPatch, outbox: Callable[[str], list[Any]]
):
    """The negative control of the test above."""
    question = stored(ask(web))
    seen = threading.Barrier(2)

    def unlocked(session: Any, question_id: uuid.UUID) -> Question | None:
        found: Question | None = session.get(Question, question_id)
        seen.wait()
        return found

    monkeypatch.setattr(holding, "held", unlocked)
    assert both_answer(question) == [None, None]
    told = [one for one in outbox("content") if one.type == "question.answered.v1"]
    assert len(told) == 2


def test_the_second_answer_s_text_stays_on_the_page(
    web: TestClient, staff: Callable[..., dict[str, str]], key: Key
):
    made = ask(web)
    web.cookies.update(staff("city-editor"))
    here = f"/staff/questions/{made['id']}"
    assert TEXT in web.get(here).text
    api = f"{API}/questions/{made['id']}/answers"
    assert web.post(api, json={"text": "第一份"}, headers=key("city-editor")).is_success
    mine = {"text": "我写了很久的答复", "version": "1"}
    refused = web.post(f"{here}/answer", data=mine, headers=ORIGIN)
    assert refused.status_code == 409
    assert "我写了很久的答复" in refused.text
    assert "第一份" in refused.text


def test_an_expert_sees_the_question_without_the_person(
    web: TestClient, key: Key, deliver: Callable[[], int], outbox: Any
):
    editor = key("city-editor")
    caller = principal("city-editor")
    wanted = ExpertIn(name="林律师", email="lawyer@example.com", field="合同")
    expert = experts.add(caller, wanted)
    made = ask(web)
    body = {"expert_id": str(expert.id)}
    assert web.post(f"{API}/questions/{made['id']}/assign", json=body, headers=editor).is_success
    deliver()
    (mail,) = deliveries("question-referred")
    assert mail.address == "lawyer@example.com"
    assert "asker@example.com" not in (mail.context or "")
    (told,) = [one for one in outbox("content") if one.type == "question.referred.v1"]
    link = urlsplit(unseal(told.data["url"])).path
    shown = web.get(link).text
    assert TEXT in shown
    assert "王小明" not in shown
    assert web.post(link, data={"text": "建议带复印件"}, headers=ORIGIN).status_code == 303
    entries = web.get(f"{API}/questions/{made['id']}", headers=editor).json()["entries"]
    assert [(one["kind"], one["text"]) for one in entries] == [("suggestion", "建议带复印件")]
    assert "建议带复印件" not in web.get(path(made)).text
    experts.remove(caller, expert.id)
    assert web.get(link).status_code == 404


def test_erasing_leaves_nothing_of_the_person(
    web: TestClient, key: Key, deliver: Callable[[], int], outbox: Any
):
    editor = key("city-editor")
    gone, kept, waiting = (ask(web) for _ in range(3))
    for one in (gone, kept):
        answer = {"text": "好的"}
        here = f"{API}/questions/{one['id']}"
        assert web.post(f"{here}/answers", json=answer, headers=editor).is_success
    deliver()
    with database.transaction() as session:
        long_ago = utc_now() - timedelta(days=181)
        session.execute(
            sa.update(Question)
            .where(Question.id == uuid.UUID(gone["id"]))
            .values(finished_at=long_ago)
        )
    assert erasing.erase_old() == 1
    assert erasing.erase_old() == 0
    deliver()
    question = stored(gone)
    assert (question.name, question.email, question.text) == (None, None, None)
    with database.transaction() as session:
        entries = session.scalars(
            sa.select(QuestionEntry.text).where(QuestionEntry.question_id == question.id)
        )
        assert set(entries) == {None}
    addresses = {
        one.address
        for kind in ("question-asked", "question-answered")
        for one in deliveries(kind)
        if one.question_id == question.id
    }
    assert addresses == {""}
    assert web.get(path(gone)).status_code == 410
    assert web.get(path(kept)).status_code == 200
    assert web.post(f"{path(waiting)}/erase", headers=ORIGIN).status_code == 200
    assert stored(waiting).status == "withdrawn"
    # Nothing that leads to a person stands in an event in the clear.
    said = "".join(one.model_dump_json() for one in outbox("content"))
    assert "asker@example.com" not in said
    assert "王小明" not in said
    assert "埃及" not in said
