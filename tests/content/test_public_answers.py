"""Public answers: without the person, found by search, and whether they help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.content.database import database
from services.content.questions import sample
from services.content.questions.answers_reading import counted
from services.content.questions.persons import traces
from services.content.search.rebuild import rebuild
from tests.conftest import principal

API = "/api/content/v1"
ORIGIN = {"Origin": "http://testserver"}
Key = Callable[..., dict[str, str]]
ANSWER = {
    "question": {"zh-CN": "护照在国外丢了怎么办？", "en": "I lost my passport. What now?"},
    "answer": {"zh-CN": "先报警，再找使馆。", "en": "Go to the police, then the embassy."},
    "topics": ["documents"],
}


def write(web: TestClient, headers: dict[str, str], **changes: Any) -> dict[str, Any]:
    made = web.post(f"{API}/answers", json=ANSWER | changes, headers=headers)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("请联系王女士", {"name"}),
        ("我叫李建国，电话13812345678", {"name", "telephone"}),
        ("Please write to Ms Emily Zhang at emily@mail.example", {"name", "email"}),
        ("身份证11010119900307123X", {"document"}),
        ("护照E12345678于2026年3月2日遗失", {"document", "date"}),
        ("住在建国路88号", {"address"}),
        ("on 2 March 2026 in Flat 12", {"date", "address"}),
        ("请拨打12308，境外+86 10 12308", set()),
        ("带好护照复印件和两张照片", set()),
        ("Ask the school’s office first", set()),
    ],
)
def test_traces_of_a_person(text: str, kinds: set[str]):
    assert {trace.kind for trace in traces([{"zh-CN": text}])} == kinds


def test_the_person_is_taken_out_before_it_becomes_public(web: TestClient, key: Key):
    editor = key("city-editor")
    question = {"text": "护照丢了", "name": "欧阳小明", "email": "ou@example.com"}
    asked = web.post(f"{API}/questions", json=question).json()
    told = {"zh-CN": "欧阳小明，请致电13812345678。", "en": "Call the embassy."}
    made = web.post(
        f"{API}/questions/{asked['id']}/public-answer",
        json=ANSWER | {"answer": told},
        headers=editor,
    ).json()
    here = f"{API}/answers/{made['id']}"
    refused = web.post(f"{here}/publish", json={}, headers=editor)
    assert refused.status_code == 422
    found = {trace["text"]: trace["key"] for trace in refused.json()["traces"]}
    assert set(found) == {"欧阳小明", "13812345678"}
    one = {"checked": [found["欧阳小明"]]}
    assert web.post(f"{here}/publish", json=one, headers=editor).status_code == 422
    assert web.get(f"/questions/{made['slug']}").status_code == 404
    both = {"checked": list(found.values())}
    assert web.post(f"{here}/publish", json=both, headers=editor).json()["status"] == "published"
    only_chinese = write(web, editor, answer={"zh-CN": "只有中文"})
    refused = web.post(f"{API}/answers/{only_chinese['id']}/publish", json={}, headers=editor)
    assert [error["field"] for error in refused.json()["errors"]] == ["answer.en"]


def test_an_answer_is_found_read_and_judged_once_by_each(web: TestClient, key: Key):
    editor = key("city-editor")
    made = write(web, editor, answer={"zh-CN": "**先报警**<script>x</script>", "en": "Police"})
    assert web.post(f"{API}/answers/{made['id']}/publish", json={}, headers=editor).is_success
    assert made["slug"] in web.get("/search?q=护照丢失&kind=question").text
    listed = web.get("/questions?q=护照不见了怎么办").text
    assert f"/questions/{made['slug']}" in listed
    assert "+86 10 12308" in listed
    page = web.get(f"/questions/{made['slug']}").text
    assert "<strong>先报警</strong>" in page
    assert "<script>x" not in page
    here = f"/questions/{made['slug']}/helpful"
    for said in ("yes", "no", "no"):
        answer = web.post(here, data={"helpful": said, "words": "很好"}, headers=ORIGIN)
        assert answer.status_code == 303
    web.cookies.clear()
    assert web.post(here, data={"helpful": "yes"}, headers=ORIGIN).status_code == 303
    assert web.post(here, data={"helpful": "perhaps"}, headers=ORIGIN).status_code == 422
    with database.transaction() as session:
        assert counted(session, made["id"]) == (1, 1)
    reason = {"reason": "办法已变更"}
    assert web.post(f"{API}/answers/{made['id']}/withdraw", json=reason, headers=editor).is_success
    gone = web.get(f"/questions/{made['slug']}")
    assert gone.status_code == 410
    assert "办法已变更" in gone.text
    assert made["slug"] not in web.get("/search?q=护照丢失&kind=question").text


def test_a_district_keeps_its_own_answers(web: TestClient, key: Key):
    own, other = key("district-editor", "110107"), key("district-editor", "110112")
    made = write(web, own)
    assert made["district"] == "110107"
    assert (
        web.post(f"{API}/answers/{made['id']}/publish", json={}, headers=other).status_code == 403
    )


def test_samples_load_once_and_every_page_shows_them(
    web: TestClient, staff: Callable[..., dict[str, str]]
):
    loader = principal("city-admin", kind="key")
    assert sample.load(loader) == 21
    assert sample.load(loader) == 0
    rebuild()
    assert len(web.get(f"{API}/answers?limit=50").json()["items"]) == 12
    web.cookies.update(staff("city-editor"))
    for language in ("zh-CN", "en"):
        for path in (
            "/questions",
            "/questions?topic=fraud",
            "/questions?country=TH",
            "/questions?q=zzzz",
            "/questions/ask",
            "/staff/questions",
            "/staff/questions?view=merged",
            "/staff/questions?district=city",
            "/staff/questions/new",
            "/staff/questions/figures",
            "/staff/questions/experts",
            "/staff/questions/answers",
            "/staff/questions/answers/new",
            "/staff/today/content",
        ):
            page = web.get(path, params={"lang": language} if "?" not in path else None)
            assert page.status_code == 200, path
        for question in web.get("/staff/questions?view=answered").text.split("/staff/questions/")[
            1:
        ]:
            identifier = question[:36]
            if identifier.count("-") == 4:
                for part in ("", "/merge", "/public"):
                    assert web.get(f"/staff/questions/{identifier}{part}").status_code == 200
    table = web.get("/staff/questions/export.csv").text
    assert "联系不上" not in table
    assert "13800138021" not in table
    assert table.count("\n") == 8
