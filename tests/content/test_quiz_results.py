"""What attempts come to: figures, the live picture, files, certificates, and what is told."""

from __future__ import annotations

import asyncio
import io
import random
import time
import uuid

import openpyxl
import pytest
import sqlalchemy as sa

from services.content.attempts import service
from services.content.database import database
from services.content.results import item_analysis, live, pictures, telling
from tests.content.quizzing import RIGHT, a_bank, a_quiz, begun, later, paper, taken

API = "/api/content/v1"
ORIGIN = {"Origin": "http://testserver"}


def test_difficulty_and_discrimination_against_figures_reckoned_by_hand():
    """Ten papers of three items; r = covariance / spreads: 4 / √20 for the first, 0.6 the second.

    The first agrees with the mean of the other two: deviations ±0.5 against 0.5, 0, −0.5 by halves.
    """
    one, two, three = uuid.UUID(int=1), uuid.UUID(int=2), uuid.UUID(int=3)
    marks = {
        one: [1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
        two: [1, 1, 1, 1, 0, 1, 0, 0, 0, 0],
        three: [1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
    }
    papers = [
        {str(item): float(values[place]) for item, values in marks.items()} for place in range(10)
    ]
    figures = item_analysis.of_item(one, papers)
    assert (figures.answered, figures.difficulty) == (10, 0.5)
    assert figures.discrimination == pytest.approx(4 / 20**0.5)
    assert item_analysis.of_item(two, papers).discrimination == pytest.approx(0.6)
    assert item_analysis.of_item(one, papers[:9]).discrimination is None
    assert item_analysis.of_item(one, papers[:9]).remark == "few"
    # A key the wrong way round shows at once; a constant has no correlation.
    wrong = [paper | {str(two): 1 - paper[str(two)]} for paper in papers]
    assert item_analysis.of_item(two, wrong).remark == "negative"
    known = [paper | {str(two): 1.0} for paper in papers]
    assert item_analysis.of_item(two, known).discrimination is None
    assert item_analysis.of_item(two, known).remark == "easy"


def test_the_live_picture_counts_without_names():
    quiz = a_quiz()
    assert pictures.picture_of(quiz.id).taking == 0
    taken(quiz)
    taken(quiz, right=0)
    token = begun(quiz)
    for item in paper(token):
        service.answer(token, item.id, RIGHT[item.kind])
    now = pictures.picture_of(quiz.id)
    assert (now.taking, now.finished, now.mean, now.over) == (1, 2, 50, False)
    assert [(one.answered, [bar.count for bar in one.bars]) for one in now.items] == [
        (3, [2, 1, 0]),  # single
        (3, [2, 2, 1]),  # multiple
        (3, [2, 1]),  # true or false
        (3, [2, 0, 1]), (3, [2, 0, 1]), (3, [2, 0, 1]),  # all right, partly, not
    ]  # fmt: skip
    with later(minutes=11):
        assert pictures.picture_of(quiz.id).taking == 0  # the telephone was put away
    with later(hours=7):
        assert pictures.picture_of(quiz.id).items == []


def test_one_look_serves_all_who_watch(monkeypatch):
    looks = []
    look = live.look

    def counted(*arguments):
        looks.append(arguments)
        return look(*arguments)

    monkeypatch.setattr(live, "look", counted)
    quiz = a_quiz("single")

    async def one(pictures_seen: list[int]) -> None:
        async for picture in live.watch(quiz.id):
            pictures_seen.append(picture.finished)
            if picture.finished:
                return

    async def many() -> list[list[int]]:
        seen: list[list[int]] = [[] for _ in range(20)]
        watching = [asyncio.create_task(one(mine)) for mine in seen]
        while not all(seen):
            await asyncio.sleep(0.01)
        await asyncio.to_thread(taken, quiz)
        await asyncio.gather(*watching)
        return seen

    began = time.monotonic()
    seen = asyncio.run(many())
    assert all(mine[0] == 0 and mine[-1] == 1 for mine in seen)
    assert len(looks) <= 2 + (time.monotonic() - began) / live.EVERY  # not one for each of twenty
    assert live._rooms == {}


def test_a_closed_quiz_ends_the_stream_quietly(web, staff):
    quiz = a_quiz("single")
    taken(quiz)
    web.cookies = staff("city-editor")
    with database.transaction() as session:
        session.execute(sa.text("UPDATE quizzes SET status = 'withdrawn'"))
    here = f"/staff/quizzes/{quiz.id}/live"
    with web.stream("GET", f"{here}/events?key=1&lang=en") as stream:
        said = stream.read().decode()
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert "event: picture" in said and said.rstrip().endswith("data: end")
    assert "have handed in" in said and 'class="live-right"' in said
    page = web.get(here)
    assert page.status_code == 200 and 'class="live-right"' not in page.text
    assert b"<svg" in web.get(f"{here}/qr.svg").content


def test_results_pages_files_and_districts(web, staff, key):
    bank = a_bank()
    before = a_quiz(bank=bank, purpose="before", district="110102")
    after = a_quiz(bank=bank, purpose="after", district="110102", copied_from=before.id)
    draw = random.Random(5)
    web.cookies = staff("district-editor", "110102")
    assert "还没有人交卷" in web.get(f"/staff/quizzes/{after.id}/results").text
    for _ in range(6):
        taken(before, right=draw.choice((1, 2, 3)))
    for _ in range(10):
        taken(after, right=draw.choice((3, 5, 6)))
    for language in ("zh-CN", "en"):
        page = web.get(f"/staff/quizzes/{after.id}/results", params={"lang": language})
        assert page.status_code == 200 and "data-chart" in page.text
    assert "percentage points" in page.text and "Question 0, single?" in page.text
    found = web.get(f"{API}/quizzes/{after.id}/results", headers=key("viewer")).json()
    assert (found["finished"], sum(found["counts"]), len(found["items"])) == (10, 10, 6)
    assert found["gain"] > 0 and all(0 <= one["difficulty"] <= 1 for one in found["items"])
    csv = web.get(f"/staff/quizzes/{after.id}/results.csv").text
    assert csv.count("\n") == 7 and "Difficulty" in csv
    xlsx = web.get(f"/staff/quizzes/{after.id}/results.xlsx").content
    rows = list(openpyxl.load_workbook(io.BytesIO(xlsx)).active.iter_rows(values_only=True))
    assert len(rows) == 7 and isinstance(rows[1][5], float)
    web.cookies = staff("district-editor", "110105")
    for path in ("live", "live/events", "live/qr.svg", "results", "results.csv", "certificates"):
        assert web.get(f"/staff/quizzes/{after.id}/{path}").status_code == 403, path
    web.cookies = staff("check-in")
    assert web.get(f"/staff/quizzes/{after.id}/results").status_code == 403


def test_staff_withdraw_a_certificate(web, staff, key):
    quiz = a_quiz("single")
    token = taken(quiz)
    made = web.post(f"{API}/attempts/{token}/certificate", json={"name": "王小明"}).json()
    listed = web.get(f"{API}/quizzes/{quiz.id}/certificates", headers=key("viewer")).json()
    assert [one["code"] for one in listed] == [made["code"]] and "王" not in str(listed)
    here = f"/staff/quizzes/{quiz.id}/certificates"
    web.cookies = staff("viewer")
    assert f"{here}/{listed[0]['id']}/withdraw" not in web.get(here).text
    assert web.post(f"{here}/{listed[0]['id']}/withdraw", headers=ORIGIN).status_code == 403
    web.cookies = staff("city-editor")
    asked = f"{here}/{listed[0]['id']}/withdraw"
    assert web.get(asked).status_code == 200
    assert web.post(asked, data={"reason": " "}, headers=ORIGIN).status_code == 422
    assert web.post(asked, data={"reason": "代答"}, headers=ORIGIN).status_code == 303
    assert "代答" in web.get(here).text
    assert "已经失效" in web.get(f"/quizzes/certificates/{made['code']}").text
    assert "已经失效" in web.get(f"/quizzes/attempts/{token}/certificate").text


def test_results_are_told_once_for_all_and_kept_beside_the_feedback(outbox, deliver, client, staff):
    from tests.registration.aftermath import a_past_activity

    activity, _ = a_past_activity(people=0)
    bank = a_bank()
    before = a_quiz(bank=bank, purpose="before", activity_id=activity)
    after = a_quiz(bank=bank, purpose="after", activity_id=activity)
    for quiz, right in ((before, 3), (before, 3), (after, 6)):
        taken(quiz, right=right)
    assert telling.tell_results() == 2
    assert telling.tell_results() == 0
    taken(after, right=3)
    assert telling.tell_results() == 1
    told = [one.data for one in outbox("content") if one.type == "quiz.results.v1"]
    assert [(one["attempts"], one["mean_percent"], one["version"]) for one in told[-1:]] == [
        (2, 75, 2)
    ]
    assert sum(told[-1]["counts"]) == 2 and "王" not in str(told)
    deliver()
    browser = client("registration")
    browser.cookies = staff("city-editor")
    page = browser.get(f"/staff/activities/{activity}/feedback", params={"lang": "en"}).text
    assert "the mean result rose by 25 percentage points" in page
    assert f"/staff/quizzes/{after.id}/results" in page
