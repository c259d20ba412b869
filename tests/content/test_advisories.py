"""Advisories: what editors may do, what the world is told, what leaves by itself."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import time_machine

from services.chassis.database import utc_now
from tests.content.conftest import advisory

API = "/api/content/v1/advisories"


def test_a_draft_is_seen_by_staff_alone(web, key, outbox):
    made = web.post(API, json=advisory(), headers=key("city-editor"))
    assert made.status_code == 201
    assert made.json()["status"] == "draft"
    address = f"{API}/{made.json()['id']}"
    assert web.get(address).status_code == 404
    assert web.get(address, headers=key("viewer")).json()["version"] == 1
    assert web.get(API).json()["items"] == []
    assert [event.type for event in outbox("content")] == ["audit.recorded.v1"]


def test_publishing_tells_the_other_services(web, published_advisory, outbox):
    done = published_advisory(region={"zh-CN": "南部", "en": "South"})
    event = outbox("content")[-2]  # the audit record comes after it
    assert event.type == "advisory.published.v1"
    assert event.subject == f"advisory/{done['id']}"
    assert event.sequence == done["version"] == 2
    assert event.data == {
        "subject_id": done["id"],
        "version": 2,
        "country": "TH",
        "region": {"zh-CN": "南部", "en": "South"},
        "level": "yellow",
        "word": "take-care",
        "headline": done["headline"],
        "advice": done["advice"],
        "valid_from": done["valid_from"],
        "valid_until": None,
        "url": "http://testserver/advisories/TH",
        "withdrawn": False,
        "change": {"kind": "published", "fields": [], "before": {}, "reason": None},
    }
    assert web.get(API, params={"country": "th"}).json()["items"][0]["id"] == done["id"]
    assert web.get(API, params={"country": "JP"}).json()["items"] == []
    assert web.get(API, params={"level": "red"}).json()["items"] == []


def test_editing_a_public_advisory_tells_again_at_a_higher_version(
    web, key, published_advisory, outbox
):
    done = published_advisory()
    edited = web.patch(
        f"{API}/{done['id']}",
        json={"level": "blue", "version": done["version"]},
        headers=key("city-editor"),
    )
    assert edited.status_code == 200
    assert edited.json()["level"] == "blue"
    assert edited.json()["headline"] == done["headline"]
    told = [event for event in outbox("content") if event.type == "advisory.published.v1"]
    assert [event.sequence for event in told] == [2, 3]
    assert told[-1].data["level"] == "blue"
    assert told[-1].data["change"] == {
        "kind": "lowered",
        "fields": ["level"],
        "before": {"level": "yellow"},
        "reason": None,
    }


def test_two_editors_do_not_overwrite_each_other(web, key, published_advisory):
    done = published_advisory()
    address = f"{API}/{done['id']}"
    first = {"level": "blue", "version": done["version"]}
    second = {"word": "do-not-travel", "version": done["version"]}
    assert web.patch(address, json=first, headers=key("city-editor")).status_code == 200
    refused = web.patch(address, json=second, headers=key("city-editor"))
    assert refused.status_code == 409
    assert refused.json()["type"] == "changed-meanwhile"
    assert web.get(address).json()["level"] == "blue"


def test_withdrawing_needs_a_reason_and_is_told(web, key, published_advisory, outbox):
    done = published_advisory()
    address = f"{API}/{done['id']}/withdraw"
    assert web.post(address, json={"reason": " "}, headers=key("city-editor")).status_code == 422
    gone = web.post(address, json={"reason": "局势已缓和"}, headers=key("city-editor"))
    assert gone.json()["status"] == "withdrawn"
    assert web.get(API).json()["items"] == []
    event = outbox("content")[-2]
    assert (event.type, event.data["withdrawn"]) == ("advisory.withdrawn.v1", True)
    assert web.get(f"{API}/{done['id']}").json()["withdraw_reason"] == "局势已缓和"


@pytest.mark.parametrize(
    ("moves", "last"),
    [
        (["publish", "publish"], 409),
        (["withdraw"], 409),
        (["publish", "withdraw", "withdraw"], 409),
        (["publish", "withdraw", "publish"], 200),
    ],
)
def test_only_the_moves_of_the_table_are_made(web, key, moves, last):
    editor = key("city-editor")
    made = web.post(API, json=advisory(), headers=editor).json()
    for move in moves:
        answer = web.post(f"{API}/{made['id']}/{move}", json={"reason": "试"}, headers=editor)
    assert answer.status_code == last


def test_an_advisory_leaves_by_itself(web, published_advisory):
    published_advisory(valid_until=(utc_now() + timedelta(days=2)).isoformat())
    assert len(web.get(API).json()["items"]) == 1
    with time_machine.travel(utc_now() + timedelta(days=3)):
        assert web.get(API).json()["items"] == []
        assert "暂无" in web.get("/advisories/TH").text
        assert "雨季涉水请小心" not in web.get("/advisories").text


def test_an_advisory_waits_for_its_beginning(web, published_advisory):
    published_advisory(valid_from=(utc_now() + timedelta(days=1)).isoformat())
    assert web.get(API).json()["items"] == []
    with time_machine.travel(utc_now() + timedelta(days=2)):
        assert len(web.get(API).json()["items"]) == 1


def test_what_is_already_over_cannot_be_published(web, key):
    editor = key("city-editor")
    past = {
        "valid_from": (utc_now() - timedelta(days=3)).isoformat(),
        "valid_until": (utc_now() - timedelta(days=1)).isoformat(),
    }
    made = web.post(API, json=advisory(**past), headers=editor).json()
    refused = web.post(f"{API}/{made['id']}/publish", headers=editor)
    assert (refused.status_code, refused.json()["type"]) == (409, "already-over")
    assert web.get(f"{API}/{made['id']}", headers=editor).json()["status"] == "draft"


@pytest.mark.parametrize("role", ["district-admin", "district-editor", "check-in", "viewer"])
def test_only_the_city_writes_advisories(web, key, role):
    district = "110102" if role.startswith("district") else None
    assert web.post(API, json=advisory(), headers=key(role, district)).status_code == 403
    assert web.post(API, json=advisory()).status_code == 401


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("country", "ZZ", "country"),
        ("country", None, "country"),
        ("level", "green", "level"),
        ("word", "", "word"),
        ("headline", {}, "headline"),
        ("headline", {"zh-CN": "两行\n标题"}, "headline.zh-CN"),
        ("headline", {"en": "x" * 201}, "headline.en"),
        ("advice", {"zh-CN": " "}, "advice"),
        ("source_url", "javascript:alert(1)", "source_url"),
        ("source_url", "https://user@example.com", "source_url"),
        ("source_url", "https://[::1", "source_url"),
        ("valid_from", "2026-02-30T10:00:00+08:00", "valid_from"),
        ("valid_from", "2026-02-20T10:00:00", "valid_from"),
        ("valid_from", "0001-01-01T00:00:00+08:00", "valid_from"),
        ("valid_until", "2001-01-01T00:00:00+08:00", "valid_until"),
        ("status", "published", "status"),
    ],
)
def test_what_cannot_be_taken_is_said_beside_its_field(web, key, field, value, named):
    refused = web.post(API, json=advisory(**{field: value}), headers=key("city-editor"))
    assert refused.status_code == 422
    assert named in [error["field"] for error in refused.json()["errors"]]


def test_a_patch_is_checked_as_a_whole(web, key, published_advisory):
    done = published_advisory()
    before = (utc_now() - timedelta(days=2)).isoformat()
    refused = web.patch(
        f"{API}/{done['id']}", json={"valid_until": before}, headers=key("city-editor")
    )
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "valid_until"


def test_the_same_creating_call_creates_once(web, key):
    headers = key("city-editor") | {"Idempotency-Key": "one"}
    body = advisory()
    first = web.post(API, json=body, headers=headers).json()
    assert web.post(API, json=body, headers=headers).json() == first
    other = web.post(API, json=advisory(country="JP"), headers=headers)
    assert other.status_code == 422
    drafts = web.get(API, params={"status": "draft"}, headers=key("viewer")).json()["items"]
    assert len(drafts) == 1


def test_a_list_by_pages_shows_each_once(web, published_advisory):
    made = {published_advisory(country=code)["id"] for code in ("TH", "JP", "ID")}
    seen, cursor = [], None
    while True:
        page = web.get(API, params={"limit": 2, "cursor": cursor} if cursor else {"limit": 2})
        seen += [item["id"] for item in page.json()["items"]]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 3
    assert set(seen) == made
    assert web.get(API, params={"cursor": "no"}).status_code == 400


def test_states_are_for_staff(web):
    assert web.get(API, params={"status": "draft"}).status_code == 401
    assert web.get(f"{API}/{uuid.uuid4()}").status_code == 404
    assert web.get(f"{API}/not-an-id").status_code == 404
