"""The pages: what a resident reads, and what an editor does with forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.chassis.database import new_id, utc_now
from services.chassis.events import Envelope, consume
from services.content.database import database
from services.content.events import HANDLERS
from tests.content.conftest import activity

SAME_SITE = {"Origin": "http://testserver"}
FORM = {
    "country": "TH",
    "level": "orange",
    "word": "travel-with-caution",
    "headline.zh-CN": "请谨慎前往",
    "headline.en": "Travel with caution",
    "advice.zh-CN": "- 远离人群",
    "valid_from": "2026-01-01T08:00",
    "valid_until": "2099-12-31T23:59",
}


@pytest.fixture
def editor(client: Callable[..., TestClient], staff: Callable[..., dict[str, str]]) -> TestClient:
    """A browser in which a city editor is signed in."""
    return client("content", cookies=staff("city-editor"), headers=SAME_SITE)


def hear(state: dict[str, Any], kind: str = "activity.published.v1") -> bool:
    """What the worker does when registration tells of an activity."""
    return consume(
        database,
        HANDLERS,
        Envelope(
            id=new_id(),
            source="/services/registration",
            type=kind,
            subject=f"activity/{state['id']}",
            time=utc_now(),
            sequence=state["version"],
            data={"subject_id": state["id"], "version": state["version"], "activity": state},
        ),
    )


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_country_has_a_page(web, language):
    for code in ("TH", "JP"):
        page = web.get(f"/advisories/{code}", params={"lang": language})
        assert page.status_code == 200
        assert "12308" in page.text
    for code in ("ZZ", "CN", "atlantis", "%00"):
        missing = web.get(f"/advisories/{code}")
        assert missing.status_code == 404


def test_a_country_page_gathers_all_about_it(web, published_advisory, published_material):
    published_advisory(level="blue", headline={"zh-CN": "全国提醒"})
    published_advisory(level="red", word="do-not-travel", headline={"zh-CN": "南部提醒"})
    published_advisory(country="JP", headline={"zh-CN": "日本提醒"})
    published_material(title={"zh-CN": "去泰国之前", "en": "Thai"}, countries=["TH"])
    published_material(title={"zh-CN": "去日本之前", "en": "Japan"}, countries=["JP"])
    hear(activity())
    page = web.get("/advisories/TH").text
    assert page.index("南部提醒") < page.index("全国提醒")
    assert "日本提醒" not in page
    assert "暂勿前往" in page
    assert "去泰国之前" in page
    assert "去日本之前" not in page
    assert "赴泰安全讲座" in page


def test_activities_come_and_go_with_what_is_heard(web):
    state = activity()
    assert hear(state)
    assert "赴泰安全讲座" in web.get("/advisories/TH").text
    cancelled = state | {"version": 3, "status": "cancelled"}
    assert hear(cancelled, "activity.cancelled.v1")
    assert "赴泰安全讲座" not in web.get("/advisories/TH").text
    # What was said earlier arrives later, and is left.
    assert not hear(state | {"version": 2}, "activity.changed.v1")
    assert "赴泰安全讲座" not in web.get("/advisories/TH").text


def test_the_list_of_countries(web, published_advisory):
    published_advisory(country="JP", level="blue", word="take-care")
    published_advisory(country="TH", level="red", word="do-not-travel")
    page = web.get("/advisories").text
    table = page[page.index("<tbody>") :]
    assert table.index("泰国") < table.index("日本")
    only = web.get("/advisories", params={"level": "blue"}).text
    assert "泰国" not in only[only.index("<tbody>") :]
    chosen = web.get("/advisories", params={"country": "th"})
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/advisories/TH")
    assert web.get("/advisories", params={"level": "pink"}).status_code == 200


def test_the_library_page(web, published_material):
    assert "资料正在整理" in web.get("/library").text
    for number in range(13):
        published_material(title={"zh-CN": f"第{number}份", "en": f"Number {number}"})
    first = web.get("/library", params={"topic": "documents"}).text
    assert first.count("<article") == 12
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following is not None
    second = web.get(following[1].replace("&amp;", "&")).text
    assert second.count("<article") == 1
    assert "第0份" in second
    assert "没有找到" in web.get("/library", params={"q": "zzz"}).text


def test_a_text_in_one_language_is_shown_and_named(web, published_material):
    made = published_material(title={"zh-CN": "只有中文"}, body={"zh-CN": "正文"}, summary={})
    page = web.get(f"/library/{made['slug']}", params={"lang": "en"}).text
    assert "not yet available in English" in page
    assert '<h1 lang="zh-CN">只有中文</h1>' in page


def test_an_editor_writes_and_publishes_an_advisory(editor, web):
    page = editor.get("/staff/advisories/new")
    assert page.status_code == 200
    once = re.search(r'name="_once" value="([^"]+)"', page.text)
    assert once is not None
    sent = FORM | {"_once": once[1], "level": "yellow"}
    done = editor.post("/staff/advisories/new", data=sent)
    assert done.status_code == 303
    here = done.headers["location"]
    # The same form pressed twice writes one draft.
    assert editor.post("/staff/advisories/new", data=sent).headers["location"] == here
    assert "草稿" in editor.get(here).text
    asking = editor.get(f"{here}/publish").text
    assert "立即发布" in asking
    assert "请谨慎前往" not in web.get("/advisories").text
    shown = re.search(r'name="version" value="(\d+)"', asking)
    assert shown is not None
    assert editor.post(f"{here}/publish", data={"version": shown[1]}).status_code == 303
    assert "请谨慎前往" in web.get("/advisories").text
    # Times without a zone are the city's.
    stored = web.get("/api/content/v1/advisories").json()["items"][0]
    assert stored["valid_from"] == "2026-01-01T00:00:00Z"


def test_a_refused_form_keeps_what_was_typed(editor):
    refused = editor.post(
        "/staff/advisories/new",
        data=FORM | {"level": "", "valid_until": "2026-02-30T10:00", "source_url": "ftp://x"},
    )
    assert refused.status_code == 422
    for field in ("level", "valid_until", "source_url"):
        assert f'href="#field-{field}"' in refused.text
    assert 'value="请谨慎前往"' in refused.text
    assert "- 远离人群" in refused.text
    assert 'value="ftp://x"' in refused.text


def test_a_conflict_keeps_what_was_typed(editor, published_advisory):
    made = published_advisory()
    here = f"/staff/advisories/{made['id']}"
    page = editor.get(f"{here}/edit").text
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    mine = FORM | {"version": version[1], "headline.zh-CN": "我的标题"}
    assert editor.post(f"{here}/edit", data=FORM | {"version": version[1]}).status_code == 303
    refused = editor.post(f"{here}/edit", data=mine)
    assert refused.status_code == 409
    assert 'value="我的标题"' in refused.text
    fresh = re.search(r'name="version" value="(\d+)"', refused.text)
    assert fresh is not None
    assert editor.post(f"{here}/edit", data=mine | {"version": fresh[1]}).status_code == 303
    assert "我的标题" in editor.get(here).text
    assert editor.post(f"{here}/edit", data=FORM).status_code == 409  # no version at all


def test_withdrawing_asks_first(editor, web, published_advisory):
    made = published_advisory()
    here = f"/staff/advisories/{made['id']}/withdraw"
    assert editor.get(here).status_code == 200
    assert "雨季涉水请小心" in web.get("/advisories").text
    refused = editor.post(here, data={"reason": ""})
    assert refused.status_code == 422
    assert 'href="#field-reason"' in refused.text
    assert editor.post(here, data={"reason": "局势缓和"}).status_code == 303
    assert "雨季涉水请小心" not in web.get("/advisories").text


def test_an_editor_writes_a_material(editor, web):
    typed = {
        "kind": "brochure",
        "title.zh-CN": "出行须知",
        "body.zh-CN": "## 一\n\n正文",
        "topics": ["travel", "health"],
        "audience": ["residents"],
        "countries": "泰国、jp, United States",
        "reviewed_on": "2026-01-31",
        "district": "",
    }
    refused = editor.post("/staff/materials/new", data=typed | {"countries": "泰国、亚特兰蒂斯"})
    assert refused.status_code == 422
    assert 'href="#field-countries"' in refused.text
    assert 'value="泰国、亚特兰蒂斯"' in refused.text
    done = editor.post("/staff/materials/new", data=typed)
    assert done.status_code == 303
    here = done.headers["location"]
    edit = editor.get(f"{here}/edit").text
    assert 'value="泰国、日本、美国"' in edit
    version = re.search(r'name="version" value="(\d+)"', edit)
    assert version is not None
    changed = editor.post(f"{here}/edit", data=typed | {"version": version[1], "kind": "book"})
    assert changed.status_code == 303
    assert editor.get(f"{here}/publish").status_code == 200
    assert editor.post(f"{here}/publish").status_code == 303
    assert "出行须知" in web.get("/library", params={"country": "US", "kind": "book"}).text
    assert editor.get(f"{here}/withdraw").status_code == 200
    assert editor.post(f"{here}/withdraw", data={"reason": "有新版"}).status_code == 303
    assert "出行须知" not in web.get("/library").text


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_staff_lists(editor, published_advisory, published_material, language):
    published_advisory()
    published_material()
    for kind in ("advisories", "materials"):
        for query in ({}, {"status": "published"}, {"country": "TH"}, {"status": "no"}):
            page = editor.get(f"/staff/{kind}", params=query | {"lang": language})
            assert page.status_code == 200
            assert "<tbody>" in page.text


def test_pages_of_staff_need_their_role(client, web, staff):
    assert web.get("/staff/advisories").status_code == 303
    viewer = client("content", cookies=staff("viewer"), headers=SAME_SITE)
    assert viewer.get("/staff/advisories").status_code == 200
    assert viewer.get("/staff/advisories/new").status_code == 403
    door = client("content", cookies=staff("check-in"), headers=SAME_SITE)
    assert door.get("/staff/materials").status_code == 403
    assert door.get("/staff/today/content").text.strip() == ""


def test_a_district_writes_on_its_pages(client, staff, editor, published_material):
    city = published_material()
    xicheng = client("content", cookies=staff("district-editor", "110102"), headers=SAME_SITE)
    assert 'name="district"' not in xicheng.get("/staff/materials/new").text
    done = xicheng.post(
        "/staff/materials/new",
        data={"kind": "book", "title.zh-CN": "西城手册", "body.zh-CN": "正文"},
    )
    assert done.status_code == 303
    listed = xicheng.get("/staff/materials").text
    assert "西城手册" in listed
    assert city["title"]["zh-CN"] not in listed
    assert xicheng.get(f"/staff/materials/{city['id']}").status_code == 403
    assert "西城区" in editor.get("/staff/materials").text


def test_today_names_what_waits(editor, web, key, published_material):
    assert editor.get("/staff/today/content").text.strip() == ""
    published_material(reviewed_on="2020-01-01")
    editor.post("/staff/advisories/new", data=FORM)
    page = editor.get("/staff/today/content").text
    assert "请谨慎前往" in page
    assert "护照丢了怎么办" in page
    assert "<html" not in page
