"""Questions that depend on each other, and people who must not be lost between two states."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.crypto import unseal
from services.content.database import database
from services.content.questions import erasing, experts, service
from services.content.questions.models import PublicAnswer, QuestionEntry
from services.content.questions.schemas import AssignIn, ExpertIn
from tests.conftest import principal
from tests.content.test_public_answers import write
from tests.content.test_questions import API, ORIGIN, Key, ask, deliveries, path, stored


def act(web: TestClient, headers: dict[str, str], made: dict[str, Any], name: str, **body: Any):
    """One of the calls of staff; the question as it answers it."""
    done = web.post(f"{API}/questions/{made['id']}/{name}", json=body or None, headers=headers)
    assert done.is_success, done.text
    return done.json()


def test_nobody_s_answer_goes_with_the_question_of_another(
    web: TestClient, key: Key, deliver: Callable[[], int]
):
    editor = key("city-editor")
    first, waiting = (ask(web, email=f"asker{number}@example.com") for number in range(2))
    act(web, editor, waiting, "merge", into=first["id"])
    assert web.post(f"{path(first)}/erase", headers=ORIGIN).status_code == 200
    # Taken back by one, it is still a question of the other.
    assert (stored(waiting).status, stored(waiting).merged_into) == ("new", None)
    act(web, editor, waiting, "answers", text="请先报警。")
    # The same once the answer has gone out: whoever has it keeps it.
    second, told = (ask(web, email=f"asker{number}@example.com") for number in (2, 3))
    act(web, editor, told, "merge", into=second["id"])
    act(web, editor, second, "answers", text="请带好复印件。")
    assert web.post(f"{path(second)}/erase", headers=ORIGIN).status_code == 200
    assert (stored(told).status, stored(told).merged_into) == ("answered", None)
    assert "请带好复印件" in web.get(path(told)).text
    deliver()
    addresses = {one.address for one in deliveries("question-answered")}
    assert {"asker1@example.com", "asker3@example.com"} <= addresses
    with database.transaction() as session:
        left = sa.select(QuestionEntry.text).where(
            QuestionEntry.question_id == uuid.UUID(second["id"])
        )
        assert session.scalars(left).all() == [None]


def test_what_moved_along_comes_back_with_it(web: TestClient, key: Key):
    editor = key("city-editor")
    deep, followers, question, other, beside = (ask(web, text=f"问题{n}") for n in range(5))
    act(web, editor, deep, "merge", into=followers["id"])
    act(web, editor, followers, "merge", into=question["id"])
    act(web, editor, beside, "merge", into=other["id"])
    act(web, editor, question, "merge", into=other["id"])
    assert stored(deep).merged_into == stored(other).id
    act(web, editor, question, "unmerge")
    assert stored(question).status == "new"
    assert {stored(one).merged_into for one in (deep, followers)} == {stored(question).id}
    assert stored(beside).merged_into == stored(other).id
    act(web, editor, followers, "unmerge")
    assert stored(deep).merged_into == stored(followers).id


def test_distress_is_read_even_in_what_was_set_aside(web: TestClient, key: Key):
    made = ask(web, text="买一送一")
    service.set_aside(principal("city-editor"), uuid.UUID(made["id"]))
    assert web.post(path(made), data={"text": "有优惠"}, headers=ORIGIN).status_code == 303
    assert stored(made).status == "spam"
    assert web.post(path(made), data={"text": "我被警察带走了"}, headers=ORIGIN).status_code == 303
    assert (stored(made).status, stored(made).urgent) == ("new", True)
    urgent = web.get(f"{API}/questions?view=urgent", headers=key("city-editor")).json()
    assert [one["id"] for one in urgent["items"]] == [made["id"]]


def test_an_answer_to_what_was_merged_meanwhile_is_not_lost(
    web: TestClient, staff: Callable[..., dict[str, str]], key: Key
):
    made, other = ask(web), ask(web)
    act(web, key("city-editor"), made, "merge", into=other["id"])
    web.cookies.update(staff("city-editor"))
    typed = {"text": "我写了很久的答复", "version": str(stored(made).version)}
    refused = web.post(f"/staff/questions/{made['id']}/answer", data=typed, headers=ORIGIN)
    assert refused.status_code == 409
    assert "我写了很久的答复" in refused.text
    for call in ("take", "reopen", "close", "assign"):
        here = f"{API}/questions/{made['id']}/{call}"
        refused = web.post(here, json={}, headers=key("city-editor"))
        assert (refused.status_code, refused.json()["type"]) == (409, "wrong-state"), call


def test_the_name_of_an_expert_goes_with_the_expert(web: TestClient, outbox: Any):
    caller = principal("city-editor")

    def suggested(expert_id: uuid.UUID) -> dict[str, Any]:
        made = ask(web)
        service.assign(caller, uuid.UUID(made["id"]), AssignIn(expert_id=expert_id))
        told = [one for one in outbox("content") if one.type == "question.referred.v1"][-1]
        link = urlsplit(unseal(told.data["url"])).path
        assert web.post(link, data={"text": "带复印件"}, headers=ORIGIN).status_code == 303
        return made

    def by(made: dict[str, Any]) -> list[str | None]:
        with database.transaction() as session:
            wanted = sa.select(QuestionEntry.by_name).where(
                QuestionEntry.question_id == uuid.UUID(made["id"])
            )
            return list(session.scalars(wanted))

    lawyer, doctor = (
        experts.add(caller, ExpertIn(name=name, email="expert@example.com", field="合同"))
        for name in ("林律师", "周医生")
    )
    removed, erased = suggested(lawyer.id), suggested(doctor.id)
    experts.remove(caller, lawyer.id)
    assert (by(removed), by(erased)) == ([None], ["周医生"])
    with database.transaction() as session:
        erasing.erase(session, session.merge(stored(erased)))
    assert by(erased) == [None]


def test_a_public_answer_is_edited_by_call_and_reviewed_once_a_year(
    web: TestClient, key: Key, staff: Callable[..., dict[str, str]]
):
    editor, other = key("district-editor", "110107"), key("district-editor", "110112")
    made = write(web, editor)
    here = f"{API}/answers/{made['id']}"
    changed = {
        "question": made["question"],
        "answer": made["answer"],
        "topics": ["documents", "fraud"],
        "countries": ["TH", "JP"],
    }
    assert web.put(here, json=changed, headers=other).status_code == 403
    assert web.put(here, json=changed | {"version": 1}, headers=editor).json()["version"] == 2
    stale = web.put(here, json=changed | {"version": 1}, headers=editor)
    assert (stale.status_code, stale.json()["type"]) == (409, "changed-meanwhile")
    assert web.post(f"{here}/publish", json={}, headers=editor).is_success
    named = changed | {"answer": changed["answer"] | {"en": "Call Ms Emily Zhang"}}
    refused = web.put(here, json=named, headers=editor)
    assert refused.json()["type"] == "person-may-be-named"
    for tag in ("zh-CN", "en"):
        page = web.get(f"/questions?country=JP&topic=fraud&lang={tag}").text
        assert f"/questions/{made['slug']}" in page
    with database.transaction() as session:
        session.get_one(PublicAnswer, uuid.UUID(made["id"])).reviewed_on = date(2020, 1, 31)
    link = f"/staff/questions/answers/{made['id']}"
    web.cookies.update(staff("district-editor", "110112"))
    assert link not in web.get("/staff/today/content").text
    web.cookies.update(staff("district-editor", "110107"))
    assert link in web.get("/staff/today/content").text
    form = web.get(f"{link}/edit").text
    assert 'value="Thailand, Japan"' in form
    assert web.post(f"{link}/reviewed", headers=ORIGIN).status_code == 303
    assert link not in web.get("/staff/today/content").text


def test_an_answer_withdrawn_meanwhile_takes_nothing_typed_with_it(
    web: TestClient, staff: Callable[..., dict[str, str]], key: Key
):
    editor = key("city-editor")
    ready, made = write(web, editor), ask(web)
    for act_name, body in (("publish", {}), ("withdraw", {"reason": "已过时"})):
        here = f"{API}/answers/{ready['id']}/{act_name}"
        assert web.post(here, json=body, headers=editor).is_success
    web.cookies.update(staff("city-editor"))
    typed = {"text": "我写了很久的答复", "version": "1", "insert": ready["id"]}
    refused = web.post(f"/staff/questions/{made['id']}/answer", data=typed, headers=ORIGIN)
    assert refused.status_code == 410
    assert "我写了很久的答复" in refused.text
