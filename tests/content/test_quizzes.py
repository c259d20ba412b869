"""Quizzes as staff define them: what can be drawn, who may, and what anybody may see."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.chassis.database import utc_now
from services.chassis.events import Envelope
from services.chassis.problems import NotFound
from services.content import sample
from services.content.activities_seen.models import ActivitySeen
from services.content.bookings_seen.models import BookingSeen
from services.content.database import database
from services.content.quizzes.codes import ALPHABET, normal
from services.content.quizzes.drawing import draw
from services.content.quizzes.models import Quiz
from services.content.quizzes.reading import taken_by_code
from tests.content.conftest import activity

API = "/api/content/v1"
ORIGIN = {"Origin": "http://testserver"}
Headers = dict[str, str]


@pytest.fixture
def editor(key: Callable[..., Headers]) -> Headers:
    return key("district-editor", "110102")


@pytest.fixture
def bank(web: TestClient, editor: Headers) -> str:
    """Six items: three tagged a, two of them b as well, three without a tag."""
    made = web.post(f"{API}/banks", json={"name": {"zh-CN": "题库"}}, headers=editor).json()
    for number in range(6):
        item = {
            "name": f"{number}",
            "kind": "true-false",
            "text": {"zh-CN": f"第{number}题"},
            "content": {"answer": True},
            "tags": [["a"], ["a", "b"], ["a", "b"], [], [], []][number],
        }
        web.post(f"{API}/banks/{made['id']}/items", json=item, headers=editor)
    return str(made["id"])


def quiz(bank: str, *draws: tuple[list[str], int], **more: Any) -> dict[str, Any]:
    lines = [{"bank_id": bank, "tags": tags, "count": count} for tags, count in draws]
    return {"title": {"zh-CN": "测验", "en": "Before you go"}, "draws": lines, **more}


def heard(district: str = "110102", **changes: Any) -> str:
    told = activity(district=district, **changes)
    fields = {name: told[name] for name in ("version", "kind", "status", "title", "timezone")}
    with database.transaction() as session:
        session.add(
            ActivitySeen(
                id=uuid.UUID(told["id"]),
                district=district,
                starts_at=told["starts_at"],
                ends_at=told["ends_at"],
                topics=[],
                countries=[],
                url=told["url"],
                **fields,
            )
        )
    return str(told["id"])


def test_a_quiz_is_written_published_copied_and_withdrawn(
    web: TestClient, editor: Headers, bank: str, outbox: Callable[[str], list[Envelope]]
) -> None:
    lecture = heard()
    wanted = quiz(bank, (["a"], 2), purpose="before", activity_id=lecture, show="never")
    made = web.post(f"{API}/quizzes", json=wanted, headers=editor)
    assert made.status_code == 201, made.text
    before = made.json()
    here = f"{API}/quizzes/{before['id']}"
    assert (before["slug"], before["district"], before["status"]) == (
        "before-you-go",
        "110102",
        "draft",
    )
    assert set(before["code"]) <= set(ALPHABET)
    assert web.get(here).status_code == 404
    with database.transaction() as session, pytest.raises(NotFound):
        taken_by_code(session, before["code"])
    web.post(f"{here}/publish", headers=editor)
    with database.transaction() as session:
        typed = f" {before['code'][:3].lower()}-{before['code'][3:]} "
        assert str(taken_by_code(session, typed).id) == before["id"]
    public = web.get(here).json()
    assert (public["items"], "draws" in public, "code" in public) == (2, False, False)
    assert web.get(f"{API}/quizzes").json()["items"] == []  # not for everybody

    after = web.post(f"{here}/copy", json={"purpose": "after"}, headers=editor).json()
    assert (after["copied_from"], after["activity_id"]) == (before["id"], lecture)
    assert after["title"] == {"zh-CN": "测验（活动后）", "en": "Before you go (after)"}
    assert after["code"] != before["code"]

    shown = web.patch(here, json={"purpose": "open"}, headers=editor).json()
    assert (shown["activity_id"], shown["version"]) == (None, 3)
    assert [one["id"] for one in web.get(f"{API}/quizzes").json()["items"]] == [before["id"]]
    gone = web.post(f"{here}/withdraw", json={"reason": "改版"}, headers=editor)
    assert gone.status_code == 200
    assert (web.get(here).status_code, web.get(f"{API}/quizzes").json()["items"]) == (410, [])
    told = [one for one in outbox("content") if one.type.startswith("quiz.")]
    assert [(one.type, one.sequence) for one in told] == [
        ("quiz.published.v1", 2),
        ("quiz.published.v1", 3),
        ("quiz.withdrawn.v1", 4),
    ]


def test_what_cannot_be_drawn_is_refused_beside_its_line(
    web: TestClient, key: Callable[..., Headers], editor: Headers, bank: str
) -> None:
    def fields(wanted: dict[str, Any], headers: Headers = editor) -> set[str]:
        answer = web.post(f"{API}/quizzes", json=wanted, headers=headers)
        assert answer.status_code in (201, 422), answer.text
        return {error["field"] for error in answer.json().get("errors", [])}

    assert fields(quiz(bank, (["a"], 2), (["a", "b"], 1))) == set()
    assert fields(quiz(bank, (["a"], 4))) == {"draws.0"}
    assert fields(quiz(bank, ([], 4), (["b"], 2), (["a"], 1))) == {"draws"}  # seven of six
    assert fields(quiz(str(uuid.uuid4()), ([], 1))) == {"draws.0"}
    assert fields(quiz(bank)) == {"draws"}
    assert fields(quiz(bank, ([], 61))) == {"draws.0.count"}
    assert fields(quiz(bank, ([], 1), purpose="after")) == {"activity_id"}
    other = heard("110105")
    assert fields(quiz(bank, ([], 1), purpose="after", activity_id=other)) == {"activity_id"}
    assert fields(quiz(bank, ([], 1), show="after-close")) == {"show"}
    # Another district's bank is not to draw from.
    assert fields(quiz(bank, ([], 1)), key("district-editor", "110105")) == {"draws.0"}
    # A bank that has lost items meanwhile is found at the latest when the quiz goes public.
    made = web.post(f"{API}/quizzes", json=quiz(bank, (["b"], 2)), headers=editor).json()
    items = web.get(f"{API}/banks/{bank}/items?tag=b", headers=editor).json()["items"]
    web.post(f"{API}/banks/{bank}/items/{items[0]['id']}/retire", headers=editor)
    refused = web.post(f"{API}/quizzes/{made['id']}/publish", headers=editor)
    assert refused.json()["errors"][0]["field"] == "draws.0"
    in_use = web.delete(f"{API}/banks/{bank}", headers=editor)
    assert (in_use.status_code, in_use.json()["type"]) == (409, "bank-in-use")


def test_draws_that_overlap_leave_each_other_enough(
    web: TestClient, editor: Headers, bank: str
) -> None:
    """Taken greedily, the wide line would often use up what the narrow one needs."""
    wanted = quiz(bank, ([], 4), (["b"], 2))
    made = web.post(f"{API}/quizzes", json=wanted, headers=editor).json()
    orders = Counter[str]()
    with database.transaction() as session:
        found = session.get_one(Quiz, uuid.UUID(made["id"]))
        for seed in range(40):
            names = [item.name for item in draw(session, found, seed)]
            assert sorted(names) == list("012345")
            assert names == [item.name for item in draw(session, found, seed)]
            orders["".join(names)] += 1
        found.draws = found.draws[:1]
        chosen = Counter(item.name for seed in range(90) for item in draw(session, found, seed))
        session.rollback()
    assert len(orders) > 20
    assert min(chosen.values()) > 30  # each of six is in about 60 of 90 papers of four


def test_other_districts_see_nothing_and_change_nothing(
    web: TestClient, key: Callable[..., Headers], editor: Headers, bank: str
) -> None:
    made = web.post(f"{API}/quizzes", json=quiz(bank, ([], 1)), headers=editor).json()
    here = f"{API}/quizzes/{made['id']}"
    other, viewer = key("district-editor", "110105"), key("viewer")
    assert web.get(here, headers=other).status_code == 403
    assert web.get(f"{API}/quizzes/all", headers=other).json()["items"] == []
    assert len(web.get(f"{API}/quizzes/all", headers=viewer).json()["items"]) == 1
    for caller in (other, viewer):
        assert web.post(f"{here}/publish", headers=caller).status_code == 403
        assert web.patch(here, json={"pass_mark": 1}, headers=caller).status_code == 403
    assert web.post(f"{here}/publish").status_code == 401


def test_staff_write_and_look_at_a_quiz_on_the_pages(
    web: TestClient, staff: Callable[..., Headers], editor: Headers, bank: str
) -> None:
    lecture = heard(title={"zh-CN": "陶然亭讲座", "en": "Lecture"})
    web.cookies.update(staff("district-editor", "110102"))
    assert "陶然亭讲座" in web.get("/staff/quizzes/new").text
    typed = {
        "title.zh-CN": "讲座前",
        "title.en": "Before",
        "purpose": "before",
        "activity_id": lecture,
        "draws.1.bank_id": bank,
        "draws.1.tags": "a，b",
        "draws.1.count": "９",
        "pass_mark": "６０",
        "opens_at": "2026-05-01T14:00",
        "show": "at-once",
        "_once": "1",
    }
    refused = web.post("/staff/quizzes/new", data=typed, headers=ORIGIN)
    assert refused.status_code == 422
    assert "符合条件的只有 3 道" in refused.text
    assert 'id="error-draws.0.count"' in refused.text
    done = web.post("/staff/quizzes/new", data=typed | {"draws.1.count": "3"}, headers=ORIGIN)
    assert done.status_code == 303
    here = done.headers["location"]
    view = web.get(here)
    assert "5月1日（周五）14:00" in view.text or "14:00" in view.text
    for page in ("publish", "preview", "poster", "copy", "edit"):
        for tag in ("zh-CN", "en"):
            assert web.get(f"{here}/{page}?lang={tag}").status_code == 200
    web.post(f"{here}/publish", headers=ORIGIN)
    poster = web.get(f"{here}/poster").text
    assert "testserver/quizzes" in poster
    copied = web.post(f"{here}/copy", data={"purpose": "after"}, headers=ORIGIN)
    assert "Before (after)" in web.get(copied.headers["location"] + "?lang=en").text
    stale = {name: text for name, text in typed.items() if name != "_once"}
    stale |= {"version": "1", "draws.1.count": "2"}
    assert web.post(f"{here}/edit", data=stale, headers=ORIGIN).status_code == 409
    withdrawing = web.post(f"{here}/withdraw", data={}, headers=ORIGIN)
    assert withdrawing.status_code == 422
    assert "Before" in web.get("/staff/quizzes?status=published&q=before").text


def test_a_cohort_is_chosen_from_the_bookings_heard_of(
    web: TestClient, staff: Callable[..., Headers], editor: Headers, bank: str
) -> None:
    booking = uuid.uuid4()
    with database.transaction() as session:
        session.add(
            BookingSeen(
                id=booking,
                version=1,
                kind="school_session",
                status="accepted",
                organisation_kind="school",
                district="110102",
                agreed_time=utc_now(),
                timezone="Asia/Shanghai",
                headcount=40,
                destinations=[],
                topics=[],
            )
        )
    web.cookies.update(staff("district-editor", "110102"))
    assert f'value="{booking}"' in web.get("/staff/quizzes/new").text
    wanted = quiz(bank, ([], 1), purpose="cohort", booking_id=str(booking))
    made = web.post(f"{API}/quizzes", json=wanted, headers=editor)
    assert made.json()["booking_id"] == str(booking)
    with database.transaction() as session:
        session.get_one(BookingSeen, booking).district = "110105"
    refused = web.post(f"{API}/quizzes", json=wanted, headers=editor)
    assert refused.json()["errors"][0]["field"] == "booking_id"


def test_codes_are_typed_as_people_type() -> None:
    assert normal(" k7x-m4ｒ ") == "K7XM4R"
    assert not set(ALPHABET) & set("01258BILOQSUVZ")


def test_the_samples_are_taken_once_and_can_be_drawn(web: TestClient, key: Any) -> None:
    assert sample.load() > 0
    assert sample.load() == 0
    found = web.get(f"{API}/quizzes/all?status=published", headers=key("viewer")).json()["items"]
    assert Counter(one["purpose"] for one in found) == {
        "open": 2,
        "before": 1,
        "after": 1,
        "cohort": 1,
    }
    banks = web.get(f"{API}/banks", headers=key("viewer")).json()["items"]
    assert all(one["items"] >= 12 for one in banks)
    for one in banks:
        gift = web.get(f"{API}/banks/{one['id']}/export.gift?language=en", headers=key("viewer"))
        assert gift.text.count("\n::") == one["items"]
