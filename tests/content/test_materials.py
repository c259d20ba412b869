"""Materials: the library, its filters, its districts, and what the world is told."""

from __future__ import annotations

import uuid

import pytest

from tests.content.conftest import material

API = "/api/content/v1/materials"


def test_a_material_is_written_published_and_withdrawn(web, key, outbox):
    editor = key("city-editor")
    made = web.post(API, json=material(), headers=editor).json()
    assert made["slug"] == "if-you-lose-your-passport"
    assert web.get(f"{API}/{made['id']}").status_code == 404
    assert web.get(f"/library/{made['slug']}").status_code == 404
    done = web.post(f"{API}/{made['id']}/publish", headers=editor).json()
    assert web.get(f"{API}/{made['slug']}").json()["body"] == done["body"]
    told = outbox("content")[-2]
    assert told.type == "material.published.v1"
    assert told.data == {
        "subject_id": made["id"],
        "version": 2,
        "kind": "checklist",
        "title": done["title"],
        "summary": done["summary"],
        "topics": ["documents"],
        "countries": [],
        "url": "http://testserver/library/if-you-lose-your-passport",
        "withdrawn": False,
    }
    web.post(f"{API}/{made['id']}/withdraw", json={"reason": "已有新版"}, headers=editor)
    told = outbox("content")[-2]
    assert (told.type, told.sequence) == ("material.withdrawn.v1", 3)
    gone = web.get(f"/library/{made['slug']}")
    assert gone.status_code == 410
    assert "已有新版" in gone.text
    assert web.get(API).json()["items"] == []


def test_an_address_stays_and_is_never_given_twice(web, key, published_material):
    editor = key("city-editor")
    first = published_material()
    second = published_material()
    assert second["slug"] == f"{first['slug']}-2"
    edited = web.patch(
        f"{API}/{first['id']}", json={"title": {"en": "Another title"}}, headers=editor
    ).json()
    assert edited["slug"] == first["slug"]
    chinese = published_material(title={"zh-CN": "只有中文"})
    assert chinese["slug"] == f"material-{uuid.UUID(chinese['id']).hex[-12:]}"
    # Another's beginning is no obstacle: "if-you" is free although "if-you-lose-…" is taken.
    assert published_material(title={"en": "If you"})["slug"] == "if-you"


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, {"guide", "book", "thai"}),
        ({"kind": "book"}, {"book"}),
        ({"topic": "fraud"}, {"thai"}),
        ({"country": "TH"}, {"guide", "thai"}),
        ({"country": "JP"}, {"guide", "book"}),
        ({"q": "护照 报警"}, {"guide", "book"}),
        ({"q": "DIVING"}, {"thai"}),
        ({"q": "100%"}, set()),
        ({"q": "_"}, set()),
        ({"q": "\0diving"}, {"thai"}),
    ],
)
def test_the_library_is_searched(web, published_material, params, found):
    published_material(title={"zh-CN": "护照", "en": "Guide"})
    published_material(title={"zh-CN": "护照", "en": "Book"}, kind="book", countries=["JP"])
    published_material(
        title={"en": "Thai"},
        body={"en": "Scuba diving"},
        countries=["TH"],
        topics=["fraud"],
    )
    items = web.get(API, params=params).json()["items"]
    assert {item["slug"] for item in items} == found
    assert all("body" not in item for item in items)


def test_a_district_writes_for_itself_alone(web, key, published_material):
    city = published_material()
    xicheng = key("district-editor", "110102")
    own = web.post(API, json=material(), headers=xicheng)
    assert own.status_code == 201
    assert own.json()["district"] == "110102"
    elsewhere = web.post(API, json=material(district="110112"), headers=xicheng)
    assert (elsewhere.status_code, elsewhere.json()["type"]) == (403, "other-district")
    for act, body in (("publish", None), ("withdraw", {"reason": "试"})):
        refused = web.post(f"{API}/{city['id']}/{act}", json=body, headers=xicheng)
        assert refused.status_code == 403
    assert web.patch(f"{API}/{city['id']}", json={}, headers=xicheng).status_code == 403
    moved = web.patch(f"{API}/{own.json()['id']}", json={"district": "110112"}, headers=xicheng)
    assert moved.status_code == 403
    tongzhou = key("district-editor", "110112")
    assert web.get(f"{API}/{own.json()['id']}", headers=tongzhou).status_code == 403
    drafts = web.get(API, params={"status": "draft"}, headers=tongzhou).json()["items"]
    assert drafts == []


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("kind", "poem", "kind"),
        ("title", {"zh-CN": ""}, "title"),
        ("body", {"en": "x" * 20_001}, "body.en"),
        ("topics", ["cooking"], "topics.0"),
        ("countries", ["Atlantis"], "countries.0"),
        ("audience", ["cats"], "audience.0"),
        ("reviewed_on", "2026-02-30", "reviewed_on"),
        ("reviewed_on", "2999-12-31", "reviewed_on"),
        ("district", "999999", "district"),
        ("slug", "mine", "slug"),
    ],
)
def test_what_cannot_be_taken_is_said_beside_its_field(web, key, field, value, named):
    refused = web.post(API, json=material(**{field: value}), headers=key("city-editor"))
    assert refused.status_code == 422
    assert named in [error["field"] for error in refused.json()["errors"]]


def test_two_editors_do_not_overwrite_each_other(web, key, published_material):
    made = published_material()
    refused = web.patch(
        f"{API}/{made['id']}", json={"kind": "book", "version": 1}, headers=key("city-editor")
    )
    assert (refused.status_code, refused.json()["type"]) == (409, "changed-meanwhile")


def test_the_page_shows_safe_text(web, published_material):
    made = published_material(
        body={
            "zh-CN": "# 大标题\n\n<script>alert(1)</script>\n\n"
            "[点我](javascript:alert(1)) ![图](https://example.com/x.png)\n\n"
            "[12308](tel:12308)"
        }
    )
    page = web.get(f"/library/{made['slug']}").text
    body = page[page.index('<div class="prose"') :]
    assert "<script>alert" not in body
    assert "&lt;script&gt;" in body
    assert 'href="javascript:' not in body
    assert "<img" not in body
    assert '<a href="tel:12308"' in body
    assert page.count("<h1") == 1
