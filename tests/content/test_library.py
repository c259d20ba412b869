"""The library: versions and what readers are told, reviews that are due, filters, the best fit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import time_machine
from starlette.testclient import TestClient

from services.content.database import database
from services.content.materials.reading import chosen, today
from tests.content.conftest import material

API = "/api/content/v1/materials"
SAME_SITE = {"Origin": "http://testserver"}


@pytest.fixture
def editor(client: Callable[..., TestClient], staff: Callable[..., dict[str, str]]) -> TestClient:
    """A browser in which a city editor is signed in."""
    return client("content", cookies=staff("city-editor"), headers=SAME_SITE)


def test_every_version_is_kept_compared_and_brought_back(web, key, editor, published_material):
    made = published_material()
    here, by_key = f"{API}/{made['id']}", key("city-editor")
    body = {"zh-CN": "## 报警\n\n先报警，再打12308。", "en": made["body"]["en"]}
    told = {"zh-CN": "补充了热线", "en": "The hotline added"}
    web.patch(here, json={"body": body, "topics": ["travel"], "changes": told}, headers=by_key)
    web.patch(here, json={"summary": {"en": "Five steps"}}, headers=by_key)

    kept = web.get(f"{here}/versions", headers=by_key).json()["items"]
    assert [(one["number"], one["act"]) for one in kept] == [
        (4, "changed"),
        (3, "changed"),
        (2, "published"),
        (1, "written"),
    ]
    assert kept[1]["changes"] == told
    assert web.get(f"{here}/versions/1", headers=by_key).json()["content"]["body"] == made["body"]
    assert web.get(f"{here}/versions").status_code == 401
    assert web.get(f"{here}/versions", headers=key("district-editor", "110102")).status_code == 403

    page = editor.get(f"/staff/materials/{made['id']}/versions/3").text
    assert "<ins>，再打12308</ins>" in page
    assert "出行" in page or "旅" in page  # the topic that took the place of another
    assert editor.get(f"/staff/materials/{made['id']}/versions/99").status_code == 404

    public = web.get(f"/library/{made['slug']}").text
    assert "补充了热线" in public
    assert "更新于" in public
    english = web.get(f"/library/{made['slug']}", params={"lang": "en"}).text
    assert "The hotline added" in english

    asked = editor.get(f"/staff/materials/{made['id']}/versions/2/restore")
    assert "第2版" in asked.text
    done = editor.post(f"/staff/materials/{made['id']}/versions/2/restore")
    assert done.status_code == 303
    now = web.get(here).json()
    assert (now["body"], now["summary"], now["version"]) == (made["body"], made["summary"], 5)
    assert now["changes"]["zh-CN"] == "内容恢复为第2版"
    assert now["changes"]["en"] == "The text of version 2 again"


def test_a_small_correction_is_not_told_to_readers(web, key, published_material):
    made = published_material()
    web.patch(f"{API}/{made['id']}", json={"kind": "book"}, headers=key("city-editor"))
    assert "更新于" not in web.get(f"/library/{made['slug']}").text


def test_a_review_that_is_due_is_said_to_staff_and_readers(web, key, editor, staff, client):
    reviewed = today() - timedelta(days=300)
    by_key = key("city-editor")
    made = web.post(
        API,
        json=material(reviewed_on=reviewed.isoformat(), author={"zh-CN": "市外办"}),
        headers=by_key,
    ).json()
    assert made["review_by"] == (reviewed + timedelta(days=365)).isoformat()
    web.post(f"{API}/{made['id']}/publish", headers=by_key)
    page = web.get(f"/library/{made['slug']}").text
    assert "市外办" in page
    assert f"{reviewed.year}年{reviewed.month}月{reviewed.day}日" in page

    refused = web.patch(
        f"{API}/{made['id']}", json={"review_by": reviewed.isoformat()}, headers=by_key
    )
    assert [error["field"] for error in refused.json()["errors"]] == ["review_by"]

    listed = "/staff/materials?lack=review"
    assert "护照丢了怎么办" not in editor.get(listed).text
    with time_machine.travel(today() + timedelta(days=66), tick=True):
        late = client("content", cookies=staff("city-editor"))
        assert "护照丢了怎么办" in late.get(listed).text
        assert "逾期未核对" in late.get(f"/staff/materials/{made['id']}").text
        assert "护照丢了怎么办" in late.get("/staff/today/content").text
        again = {"reviewed_on": today().isoformat(), "review_by": None}
        web.patch(f"{API}/{made['id']}", json=again, headers=key("city-editor"))
        assert "护照丢了怎么办" not in late.get(listed).text


def test_what_lacks_a_language_and_what_is_for_whom(web, editor, published_material):
    published_material(title={"zh-CN": "只有中文"}, body={"zh-CN": "文"}, audience=["students"])
    published_material(title={"en": "All"}, body={"en": "Text"}, audience=["residents"])
    published_material(title={"zh-CN": "公司", "en": "Companies"}, audience=["enterprises"])
    assert "只有中文" in editor.get("/staff/materials?lack=en").text
    assert "公司" not in editor.get("/staff/materials?lack=en").text.split("<tbody>")[1]
    found = web.get(API, params={"audience": "students"}).json()["items"]
    assert [one["title"] for one in found] == [{"en": "All"}, {"zh-CN": "只有中文"}]
    page = web.get("/library", params={"audience": "students", "q": "nothing"}).text
    assert "请减少关键词" in page


def test_the_best_fit_comes_first(published_material):
    for title, changes in {
        "general": {},
        "topic": {"topics": ["fraud"]},
        "audience": {"audience": ["students"]},
        "both": {"audience": ["students"], "topics": ["fraud"]},
        "country": {"countries": ["TH"]},
        "elsewhere": {"countries": ["JP"], "audience": ["students"], "topics": ["fraud"]},
    }.items():
        published_material(title={"en": title}, **changes)
    with database.transaction() as session:
        found = chosen(
            session, countries=["TH", "VN"], audience=["students"], topics=["fraud"], limit=9
        )
        assert [one.title["en"] for one in found] == [
            "country",
            "both",
            "audience",
            "topic",
            "general",
        ]
        assert chosen(session, limit=1)[0].title["en"] != "elsewhere"


def test_the_form_shows_what_is_written_as_it_will_be_read(editor):
    page = editor.post(
        "/staff/materials/preview",
        data={"title.zh-CN": "标题", "body.zh-CN": "## 小节\n\n<script>alert(1)</script>"},
    ).text
    assert "<h3>小节</h3>" in page
    assert "<script>alert" not in page


def test_the_form_keeps_what_was_typed_and_says_what_changed(editor, published_material, web):
    made = published_material()
    typed = {
        "version": "2",
        "kind": "checklist",
        "title.zh-CN": "护照丢了",
        "body.zh-CN": "新的正文",
        "author.zh-CN": "领保处",
        "reviewed_on": "2026-01-02",
        "review_by": "2026-01-01",
        "changes.zh-CN": "改写",
    }
    refused = editor.post(f"/staff/materials/{made['id']}/edit", data=typed)
    assert refused.status_code == 422
    for text in ("应晚于上次核对日期", "新的正文", "领保处", "改写"):
        assert text in refused.text
    typed["review_by"] = "2027-01-01"
    assert editor.post(f"/staff/materials/{made['id']}/edit", data=typed).status_code == 303
    now = web.get(f"{API}/{made['id']}").json()
    assert (now["author"], now["changes"]) == ({"zh-CN": "领保处"}, {"zh-CN": "改写"})
    assert date.fromisoformat(now["review_by"]) == date(2027, 1, 1)
    # What was said of the last change is not said of the next one by itself.
    assert "改写" not in editor.get(f"/staff/materials/{made['id']}/edit").text
