"""Taking a quiz: begin, answer, resume, hand in; by page and by call."""

from __future__ import annotations

import json
import re
import uuid
from datetime import timedelta

import limits
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis import ratelimit
from services.chassis.database import utc_now
from services.chassis.problems import Problem
from services.content.attempts import erasing, reading, service
from services.content.attempts.models import Attempt, Certificate
from services.content.database import database
from tests.content.quizzing import RIGHT, WRONG, a_quiz, begun, fill, later, paper, taken

API = "/api/content/v1"
ORIGIN = {"Origin": "http://testserver"}
KEY_WORDS = ("credit", "onsulate", "right_feedback", "Because it is so")


def stored(token: str) -> Attempt:
    with database.transaction() as session:
        return session.get_one(Attempt, service.read_token(token))


def refusal(act, *arguments, **named) -> str:
    with pytest.raises(Problem) as refused:
        act(*arguments, **named)
    return refused.value.kind


def test_by_call_from_beginning_to_certificate(web):
    quiz = a_quiz(minutes=10)
    once = {"Idempotency-Key": "first"}
    made = web.post(f"{API}/quizzes/{quiz.id}/attempts", json={}, headers=once)
    assert made.status_code == 201, made.text
    assert (
        web.post(f"{API}/quizzes/{quiz.id}/attempts", json={}, headers=once).json() == made.json()
    )
    assert not any(word in made.text for word in KEY_WORDS), made.text
    sheet = made.json()
    assert sheet["result"] is None and sheet["most"] == 6
    here = f"{API}/attempts/{sheet['token']}"
    answers = {item["id"]: RIGHT[item["kind"]] for item in sheet["items"]}
    saved = web.put(f"{here}/answers", json={"answers": answers})
    assert saved.json()["answered"] == 6
    # Something that is no answer to its item takes the earlier one away; the same again is nothing.
    first = sheet["items"][0]["id"]
    for _ in range(2):
        assert (
            web.put(f"{here}/answers", json={"answers": {first: {"x": 1}}}).json()["answered"] == 5
        )
    stranger = {str(uuid.uuid4()): "aa", first: answers[first]}
    assert web.put(f"{here}/answers", json={"answers": stranger}).json()["type"] == "no-such-item"
    assert web.get(here).json()["answers"].keys() == answers.keys() - {first}
    web.put(f"{here}/answers", json={"answers": {first: answers[first]}})
    result = web.post(f"{here}/hand-in").json()["result"]
    assert (result["percent"], result["passed"], result["ending"]) == (100, True, "handed-in")
    assert {item["mark"] for item in result["items"]} == {1}
    assert result["items"][0]["explanation"]["en"] == "Because it is so."
    assert web.post(f"{here}/hand-in").json()["result"] == result
    refused = web.put(f"{here}/answers", json={"answers": answers})
    assert (refused.status_code, refused.json()["type"]) == (409, "handed-in")
    certificate = web.post(f"{here}/certificate", json={"name": "王小明"}).json()
    again = web.post(f"{here}/certificate", json={"name": "别人"}).json()
    assert (again["name"], again["code"]) == ("王小明", certificate["code"])
    found = web.get(f"{API}/quiz-certificates/{certificate['code'].lower()}").json()
    assert (found["result"], found["name"], found["percent"]) == ("valid", "王*明", 100)
    assert web.get(f"{API}/quiz-certificates/AAAAAAAAAAAA").json()["result"] == "unknown"


def test_by_page_without_a_script(web):
    quiz = a_quiz()
    door = web.get(f"/q/{quiz.code.lower()}")
    assert "What to know（中）" in door.text and web.get(f"/quizzes/{quiz.slug}").status_code == 200
    once = re.search(r'name="_once" value="(\w+)"', door.text)[1]
    began = web.post(f"/q/{quiz.code}", data={"_once": once}, headers=ORIGIN)
    token = began.headers["location"].split("/")[3]
    # A double tap begins once, also before the browser has kept anything.
    web.cookies.clear()
    assert (
        web.post(f"/q/{quiz.code}", data={"_once": once}, headers=ORIGIN).headers["location"]
        == began.headers["location"]
    )
    here = f"/quizzes/attempts/{token}"
    fields = {
        "single": {"choice": "aa"},
        "multiple": {"choices": ["dd", "ee"]},
        "true-false": {"choice": "true"},
        "matching": {"match.p1": "m1", "match.p2": "m2"},
        "short-answer": {"text": "Consulate"},
        "ordering": {"step.1": "s1", "step.2": "s2", "step.3": "s3"},
    }
    for place, item in enumerate(paper(token), start=1):
        page = web.get(f"{here}/{place}", params={"lang": "en"})
        assert page.status_code == 200
        assert [word for word in KEY_WORDS if word in page.text] == []
        if item.kind == "ordering":
            twice = {"step.1": "s1", "step.2": "s1", "item": str(item.id), "go": "next"}
            again = web.post(f"{here}/{place}", data=twice, headers=ORIGIN)
            assert again.status_code == 422 and again.text.count('value="s1" selected') == 2
        typed = fields[item.kind] | {"item": str(item.id), "go": "next"}
        went = web.post(f"{here}/{place}", data=typed, headers=ORIGIN)
        assert went.headers["location"] == f"{here}/{place + 1}"
        kept = web.get(f"{here}/{place}").text
        assert "checked" in kept or "selected" in kept or 'value="Consulate"' in kept, item.kind
    # Another day, the same browser: it is asked to go on, and finds everything.
    assert f"{here}/go" in web.get(f"/q/{quiz.code}").text
    assert web.get(f"{here}/go").headers["location"] == here
    assert web.get(f"{here}/7").headers["location"] == here
    web.post(f"{here}/hand-in", headers=ORIGIN)
    result = web.get(here, params={"lang": "en"})
    assert "100% reached" in result.text and "Because it is so." in result.text
    late = web.post(
        f"{here}/1", data={"item": str(paper(token)[0].id), "go": "next"}, headers=ORIGIN
    )
    assert late.headers["location"] == f"{here}?late=1"
    assert "You have handed in already" in web.get(f"{here}?late=1").text
    empty = web.post(f"{here}/certificate", data={"name": " "}, headers=ORIGIN)
    assert empty.status_code == 422
    certified = web.post(f"{here}/certificate", data={"name": "Ann Lee"}, headers=ORIGIN)
    sheet = web.get(certified.headers["location"])
    code = stored_code(token)
    assert "Ann Lee" in sheet.text and f"/quizzes/certificates/{code}" in sheet.text
    assert b"<svg" in web.get(f"{here}/certificate/qr.svg").content
    checked = web.get(f"/quizzes/certificates/{code}")
    assert "A*** L***" in checked.text and "Ann Lee" not in checked.text


def stored_code(token: str) -> str:
    with database.transaction() as session:
        return session.scalars(
            sa.select(Certificate.code).where(Certificate.attempt_id == service.read_token(token))
        ).one()


def test_the_server_keeps_the_time(web):
    quiz = a_quiz("single", minutes=5, closes_at=utc_now() + timedelta(minutes=8))
    token, left_alone = begun(quiz), begun(quiz)
    item = paper(token)[0]
    service.answer(token, item.id, "aa")
    with later(minutes=5, seconds=3):  # it was on its way in time
        service.answer(token, item.id, "bb")
    with later(minutes=5, seconds=6):
        assert refusal(service.answer, token, item.id, "aa") == "time-is-up"
        attempt = stored(token)
        assert (attempt.ending, attempt.score, attempt.finished_at) == (
            "time-up", 0, attempt.deadline
        )  # fmt: skip
        assert service.hand_in_overdue() == 1  # the one that nobody looked at
        assert stored(left_alone).ending == "time-up"
        page = web.get(f"/quizzes/attempts/{token}?late=1&lang=en").text
        assert "The last answer came after that" in page
        # Whoever begins late has until the quiz closes.
        assert reading.look(begun(quiz)).seconds_left < 3 * 60
    with later(minutes=9):
        assert refusal(service.begin, quiz.id, None) == "quiz-closed"
        assert "知识测验已经结束" in web.get(f"/q/{quiz.code}?lang=zh-CN").text
    early = a_quiz("single", opens_at=utc_now() + timedelta(days=1))
    assert refusal(service.begin, early.id, None) == "quiz-not-open"


def test_attempts_are_counted_by_what_the_browser_keeps(web):
    quiz = a_quiz("single", attempts_allowed=1)
    first = service.begin(quiz.id, None)
    assert service.begin(quiz.id, first.visitor) == first  # it goes on with the open one
    service.hand_in(first.token)
    assert refusal(service.begin, quiz.id, first.visitor) == "no-attempts-left"
    assert service.begin(quiz.id, None).visitor != first.visitor
    began = web.post(f"/q/{quiz.code}", headers=ORIGIN)
    service.hand_in(began.headers["location"].split("/")[3])
    refused = web.post(f"/q/{quiz.code}", headers=ORIGIN)
    assert refused.status_code == 409 and "次数已经用完" in refused.text
    web.cookies.clear()
    web.cookies.set(f"lingbao_quiz_{quiz.id.hex[-12:]}", "forged")
    assert web.post(f"/q/{quiz.code}", headers=ORIGIN).status_code == 303


def test_one_address_begins_so_many_and_those_go_on(web, monkeypatch):
    monkeypatch.setattr(ratelimit, "_room_begin_rate", lambda: limits.parse("2/hour"))
    room = TestClient(
        web.app, client=("127.0.0.1", 5000), headers={"X-Forwarded-For": "203.0.113.41"}
    )
    quiz = a_quiz("single")
    call = f"{API}/quizzes/{quiz.id}/attempts"
    begun = [room.post(call) for _ in range(3)]
    assert [one.status_code for one in begun] == [201, 201, 429]
    token = begun[0].json()["token"]
    done = room.post(f"{API}/attempts/{token}/hand-in")
    assert done.status_code == 200, done.text


@pytest.mark.parametrize(
    ("show", "closes", "shown"),
    [("at-once", False, True), ("never", True, False), ("after-close", True, True),
     ("after-close", False, False)],
)  # fmt: skip
def test_right_answers_are_shown_when_the_quiz_says(web, show, closes, shown):
    closes_at = utc_now() + timedelta(hours=1)
    token = taken(a_quiz("short-answer", show=show, closes_at=closes_at), right=0)
    with later(hours=2 if closes else 0):
        page = web.get(f"/quizzes/attempts/{token}").text
        result = web.get(f"{API}/attempts/{token}").json()["result"]
    assert (("Because it is so." in page), ("consulate" in page)) == (shown, shown)
    assert (result["items"] is not None) is shown and result["percent"] == 0


def test_only_who_passes_gets_a_certificate_and_not_before_the_lecture(web):
    failed = taken(a_quiz(), right=2)
    before = taken(a_quiz(purpose="before"))
    for token in (failed, before):
        refused = web.post(f"{API}/attempts/{token}/certificate", json={"name": "王"})
        assert refused.json()["type"] == "not-passed"
        assert 'name="name"' not in web.get(f"/quizzes/attempts/{token}").text


def test_what_is_not_open_or_not_there(web):
    for_a_room = a_quiz("single", purpose="after")
    draft = a_quiz("single", status="draft")
    assert web.get(f"/q/{for_a_room.code}").status_code == 200
    for path in (f"/quizzes/{for_a_room.slug}", f"/q/{draft.code}", f"/quizzes/{draft.slug}"):
        assert web.get(path).status_code == 404, path
    assert web.post(f"{API}/quizzes/{draft.id}/attempts").status_code == 404
    assert web.get("/quizzes/attempts/" + "x" * 43).status_code == 404
    assert web.get("/quizzes?code=k7x+m4r").headers["location"] == "/q/K7XM4R"
    assert web.get("/quizzes?code=").status_code == 422
    listed = web.get("/quizzes").text
    assert for_a_room.slug not in listed and "目前没有公开的测验" in listed
    empty = a_quiz("single")
    with database.transaction() as session:
        session.execute(sa.text("UPDATE bank_items SET retired = true"))
    assert refusal(service.begin, empty.id, None) == "quiz-empty"


def test_codes_cannot_be_guessed_but_a_room_is_let_in(web, monkeypatch):
    quiz = a_quiz("single")
    monkeypatch.setattr(ratelimit, "_rate", lambda: limits.parse("3/minute"))
    for _ in range(5):  # a whole room, from one address
        assert web.get(f"/q/{quiz.code}").status_code == 200
    assert "We do not know this code." in web.get("/q/AAAAAA", params={"lang": "en"}).text
    tried = [web.get(f"/q/AAAA{one}").status_code for one in range(3)]
    assert tried == [404, 404, 429]
    # Were the right one let through now, one would simply guess on.
    assert web.get(f"/q/{quiz.code}").status_code == 429
    assert web.get("/quizzes/%00").status_code == 404


def test_erasing_at_once_and_on_schedule(web):
    quiz = a_quiz()
    token, unfinished = taken(quiz), begun(quiz)
    fill(unfinished)
    code = web.post(f"{API}/attempts/{token}/certificate", json={"name": "王小明"}).json()["code"]
    assert web.get(f"/quizzes/attempts/{token}/erase").status_code == 200
    assert web.post(f"/quizzes/attempts/{token}/erase", headers=ORIGIN).status_code == 200
    attempt = stored(token)
    assert (attempt.name, attempt.visitor, attempt.paper, attempt.responses) == (None, None, [], {})
    assert attempt.score == 6 and attempt.marks and attempt.erased_at
    assert web.get(f"/quizzes/attempts/{token}").status_code == 410
    assert web.post(f"{API}/attempts/{token}/hand-in").json()["type"] == "attempt-erased"
    found = web.get(f"{API}/quiz-certificates/{code}").json()
    assert (found["result"], found["name"]) == ("valid", None)
    assert web.delete(f"{API}/attempts/{unfinished}").status_code == 204
    assert web.get(f"{API}/attempts/{unfinished}").status_code == 404
    old, abandoned = taken(quiz), begun(quiz)
    with later(days=179):
        fresh = begun(quiz)
        assert erasing.erase_old() == 0
    with later(days=181):
        assert erasing.erase_old() == 2
        assert erasing.erase_old() == 0
    assert stored(old).erased_at and stored(fresh).erased_at is None
    with database.transaction() as session:
        assert session.get(Attempt, service.read_token(abandoned)) is None


def test_the_paper_is_frozen(web):
    quiz = a_quiz("single", "true-false")
    token = begun(quiz)
    with database.transaction() as session:
        session.execute(sa.text("UPDATE bank_items SET content = '{}', text = '{}'"))
    fill(token)
    service.hand_in(token)
    assert stored(token).score == 2
    assert json.dumps(WRONG)  # the fixtures are JSON, as a program would send them
