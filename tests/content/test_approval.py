"""The second person: who may publish what is grave, and what the public reads until then."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.content.conftest import advisory

API = "/api/content/v1/advisories"
SAME_SITE = {"Origin": "http://testserver"}


def written(web, headers, **changes):
    made = web.post(API, json=advisory(**changes), headers=headers)
    assert made.status_code == 201, made.text
    return f"{API}/{made.json()['id']}"


def told(outbox):
    return [one for one in outbox("content") if one.type.startswith("advisory.")]


@pytest.mark.parametrize("level", ["orange", "red"])
def test_nobody_publishes_a_grave_advisory_alone(web, key, outbox, level):
    author, second = key("city-editor"), key("city-admin")
    here = written(web, author, level=level)
    refused = web.post(f"{here}/publish", headers=author)
    assert (refused.status_code, refused.json()["type"]) == (409, "second-person-needed")
    assert "第二人" in refused.json()["title"]
    assert web.get(here).status_code == 404
    assert told(outbox) == []
    waiting = web.get(API, params={"status": "waiting"}, headers=second).json()["items"]
    assert [here] == [f"{API}/{one['id']}" for one in waiting]
    done = web.post(f"{here}/publish", headers=second)
    assert (done.status_code, done.json()["status"]) == (200, "published")
    assert done.json()["submitted_at"] is None
    assert [one.data["change"]["kind"] for one in told(outbox)] == ["published"]


@pytest.mark.parametrize("level", ["blue", "yellow"])
def test_what_is_mild_needs_one(web, key, level):
    author = key("city-editor")
    here = written(web, author, level=level)
    assert web.post(f"{here}/publish", headers=author).status_code == 200


def test_a_raise_waits_and_the_public_reads_what_it_read(web, key, published_advisory, outbox):
    author, second = key("city-editor"), key("city-editor")
    here = f"{API}/{published_advisory()['id']}"
    held = web.patch(here, json={"level": "red", "word": "do-not-travel"}, headers=author)
    assert held.status_code == 200
    assert (held.json()["level"], held.json()["waiting"]["level"]) == ("yellow", "red")
    public = web.get(here).json()
    assert public["level"] == "yellow"
    assert "waiting" not in public
    assert "极高" not in web.get("/advisories/TH").text
    assert len(told(outbox)) == 1
    refused = web.post(f"{here}/publish", headers=author)
    assert refused.json()["type"] == "second-person-needed"
    assert web.post(f"{here}/publish", headers=second).json()["level"] == "red"
    change = told(outbox)[-1].data["change"]
    assert (change["kind"], change["before"]) == (
        "raised",
        {"level": "yellow", "word": "take-care"},
    )
    # Lower again, or a corrected word at the same level, goes out at once.
    fixed = web.patch(here, json={"headline": {"zh-CN": "新标题"}}, headers=author).json()
    assert (fixed["headline"], fixed["waiting"]) == ({"zh-CN": "新标题"}, None)
    assert told(outbox)[-1].data["change"]["kind"] == "changed"
    assert web.patch(here, json={"level": "orange"}, headers=author).json()["level"] == "orange"
    assert told(outbox)[-1].data["change"]["kind"] == "lowered"


@pytest.mark.parametrize("change", [{"country": "JP"}, {"region": {"zh-CN": "南部"}}])
def test_another_place_is_new(web, key, published_advisory, change):
    here = f"{API}/{published_advisory(level='orange')['id']}"
    held = web.patch(here, json=change, headers=key("city-editor")).json()
    assert held["waiting"] is not None


def test_a_region_that_is_renamed_in_one_language_is_looked_at_twice(web, key, published_advisory):
    """Renamed in the other language next, the warning would stand for another place."""
    made = published_advisory(level="orange", region={"zh-CN": "南部", "en": "South"})
    renamed = {"region": {"zh-CN": "北部", "en": "South"}}
    held = web.patch(f"{API}/{made['id']}", json=renamed, headers=key("city-editor")).json()
    assert held["waiting"] is not None
    assert held["region"] == made["region"]


def test_every_edit_asks_again_and_makes_an_author(web, key):
    first, second, third = key("city-editor"), key("city-editor"), key("city-editor")
    here = written(web, first, level="red")
    seen = web.post(f"{here}/submit", headers=first).json()
    assert seen["submitted_at"]
    edited = web.patch(here, json={"headline": {"zh-CN": "改过"}}, headers=second).json()
    assert edited["submitted_at"] is None
    # What was read is not what is there, and whoever wrote on it is an author too.
    stale = web.post(f"{here}/publish", json={"version": seen["version"]}, headers=third)
    assert (stale.status_code, stale.json()["type"]) == (409, "changed-meanwhile")
    for author in (first, second):
        refused = web.post(f"{here}/publish", headers=author)
        assert refused.json()["type"] == "second-person-needed"
    version = {"version": edited["version"]}
    assert web.post(f"{here}/publish", json=version, headers=third).status_code == 200


def test_what_was_withdrawn_takes_two_to_come_back(web, key, published_advisory):
    one, other = key("city-editor"), key("city-editor")
    here = f"{API}/{published_advisory(level='red')['id']}"
    web.post(f"{here}/withdraw", json={"reason": "误报"}, headers=one)
    assert web.post(f"{here}/publish", headers=one).status_code == 409
    assert web.post(f"{here}/publish", headers=one).status_code == 409
    assert web.post(f"{here}/publish", headers=other).status_code == 200


def test_what_waits_can_be_given_back_or_dropped(web, key, published_advisory):
    author, second = key("city-editor"), key("city-editor")
    here = f"{API}/{published_advisory()['id']}"
    web.patch(here, json={"level": "orange"}, headers=author)
    back = web.post(f"{here}/return", json={"note": "请补充英文"}, headers=second).json()
    assert (back["return_note"], back["submitted_at"]) == ("请补充英文", None)
    assert web.post(f"{here}/return", json={"note": "再"}, headers=second).status_code == 409
    dropped = web.post(f"{here}/discard", headers=author).json()
    assert (dropped["waiting"], dropped["level"]) == (None, "yellow")
    assert web.post(f"{here}/discard", headers=author).status_code == 409
    assert web.post(f"{here}/submit", headers=author).status_code == 409
    for act in ("submit", "return", "discard"):
        refused = web.post(f"{here}/{act}", json={"note": "x"}, headers=key("viewer"))
        assert refused.status_code == 403


def test_an_edit_and_an_approval_at_once_leave_one_of_two_ends(web, key):
    author, second = key("city-editor"), key("city-editor")
    here = written(web, author, level="red")
    version = web.post(f"{here}/submit", headers=author).json()["version"]
    body = {"version": version}
    with ThreadPoolExecutor(2) as pool:
        approving = pool.submit(web.post, f"{here}/publish", json=body, headers=second)
        editing = pool.submit(
            web.patch, here, json=body | {"headline": {"zh-CN": "不同的话"}}, headers=author
        )
    statuses = (approving.result().status_code, editing.result().status_code)
    assert statuses in ((200, 409), (409, 200))
    public = web.get(here)
    assert public.status_code == 404 or public.json()["headline"]["zh-CN"] != "不同的话"


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_on_the_pages_two_people_do_it(client, staff, language):
    def browser():
        return client(
            "content",
            cookies=staff("city-editor"),
            headers=SAME_SITE | {"Accept-Language": language},
        )

    author, second = browser(), browser()
    form = {
        "country": "TH",
        "level": "red",
        "word": "do-not-travel",
        "headline.zh-CN": "请暂勿前往",
        "headline.en": "Please do not go",
        "advice.zh-CN": "- 请离开",
        "valid_from": "2026-01-01T08:00",
    }
    here = author.post("/staff/advisories/new", data=form).headers["location"]
    version = re.search(r'name="version" value="(\d+)"', author.get(f"{here}/publish").text)[1]
    assert author.post(f"{here}/publish", data={"version": version}).status_code == 303
    asked = {"zh-CN": "待复核", "en": "Waits for a second person"}[language]
    approve = {"zh-CN": "复核并发布", "en": "Approve and publish"}[language]
    assert asked in author.get(here).text
    assert approve not in author.get(here).text
    assert "请暂勿前往" not in author.get("/staff/today/content", params={"lang": "zh-CN"}).text
    today = second.get("/staff/today/content", params={"lang": language}).text
    assert {"zh-CN": "请暂勿前往", "en": "Please do not go"}[language] in today
    assert approve in second.get(here).text
    assert asked in second.get("/staff/advisories", params={"status": "waiting"}).text
    assert second.post(f"{here}/return", data={"note": ""}).status_code == 422
    assert second.post(f"{here}/return", data={"note": "请写英文"}).status_code == 303
    assert "请写英文" in author.get(here).text
    assert "请写英文" in author.get("/staff/today/content").text
    assert author.post(f"{here}/publish", data={"version": version}).status_code == 303
    assert second.post(f"{here}/publish", data={"version": version}).status_code == 303
    # A raise of something public shows what would change.
    lower = form | {"version": str(int(version) + 1), "level": "yellow"}
    assert author.post(f"{here}/edit", data=lower).status_code == 303
    raised = form | {"version": str(int(version) + 2), "level": "orange"}
    assert author.post(f"{here}/edit", data=raised).status_code == 303
    assert "level-orange" in second.get(here).text
    assert "level-yellow" in second.get(f"{here}/edit").text
    for page in ("discard", "withdraw", "history", "return", "publish"):
        assert second.get(f"{here}/{page}").status_code == 200
    assert second.post(f"{here}/discard").status_code == 303
    assert "level-orange" not in second.get(here).text
