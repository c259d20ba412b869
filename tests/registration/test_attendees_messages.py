"""Messages of staff to the people of an activity: previewed, counted, sent once, kept."""

from __future__ import annotations

import html
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.chassis.database import utc_now
from services.chassis.events import Envelope
from services.chassis.settings import settings
from services.notifications.delivery import lanes
from services.registration.attendees import service
from services.registration.attendees.messages import sms_parts
from tests.conftest import principal
from tests.registration.ground import an_activity, register
from tests.registration.test_attendees import ORIGIN, put
from tests.sink import SmtpSink

API = "/api/registration/v1"
Headers = Callable[..., dict[str, str]]

TEXTS = {
    "message.zh-CN.subject": "入口改在东门",
    "message.zh-CN.body": "请走**东门**。<script>alert(1)</script>",
    "message.zh-CN.sms": "请走东门。",
}


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


def hidden(page: str) -> list[tuple[str, str]]:
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return [(name, html.unescape(value)) for name, value in found]


def as_data(fields: list[tuple[str, str]]) -> dict[str, list[str]]:
    data: dict[str, list[str]] = {}
    for name, value in fields:
        data.setdefault(name, []).append(value)
    return data


def test_a_message_goes_to_whom_the_preview_said(
    browser: TestClient, staff: Headers, outbox: Callable[[str], list[Envelope]]
) -> None:
    activity = an_activity(capacity=3)
    reached = [register(activity, 1), register(activity, 2, phone="13800138000")]
    by_phone_only = register(activity, 3, email=None, phone="13900139000")
    register(activity, 4)  # waits
    browser.cookies = staff("district-editor", "110102")
    place = f"/staff/activities/{activity}/messages"
    chosen: dict[str, Any] = {"statuses": ["confirmed"], "channels": ["email"]}
    preview = browser.post(f"{place}/preview", data=TEXTS | chosen, headers=ORIGIN)
    assert preview.status_code == 200, preview.text
    assert "发给2份报名" in preview.text
    assert "<strong>东门</strong>" in preview.text
    assert "<script>alert" not in preview.text
    fields = as_data(hidden(preview.text))
    again = browser.post(f"{place}/new", data=fields, headers=ORIGIN)
    assert "请走**东门**" in again.text, "going on writing keeps what was written"
    assert browser.post(f"{place}/send", data=fields, headers=ORIGIN).status_code == 303
    assert browser.post(f"{place}/send", data=fields, headers=ORIGIN).status_code == 303
    [event] = [found for found in outbox("registration") if found.type == "activity.messaged.v1"]
    assert event.data["registration_ids"] == [str(one.id) for one in reached]
    assert str(by_phone_only.id) not in str(event.data)
    assert event.data["channels"] == ["email"]
    assert event.data["message"]["zh-CN"]["subject"] == "入口改在东门"
    assert "en" not in event.data["message"]
    page = browser.get(place).text
    assert page.count("入口改在东门") == 1
    assert "测试员" in page
    assert "1份没有相应的联系方式" in page


def test_those_ticked_in_the_list_get_it(
    browser: TestClient, staff: Headers, outbox: Callable[[str], list[Envelope]]
) -> None:
    activity = an_activity()
    mine = register(activity, 1)
    register(activity, 2)
    browser.cookies = staff("city-editor")
    place = f"/staff/activities/{activity}/messages"
    choice = {"act": "message", "scope": "chosen", "ids": [str(mine.id)]}
    form = browser.post(f"{place}/new", data=choice, headers=ORIGIN)
    assert "发给您选中的1份报名" in form.text
    fields = as_data(hidden(form.text)) | TEXTS | {"channels": ["email", "sms"]}
    preview = browser.post(f"{place}/preview", data=fields, headers=ORIGIN)
    assert "发给1份报名" in preview.text
    sent = browser.post(f"{place}/send", data=as_data(hidden(preview.text)), headers=ORIGIN)
    assert sent.status_code == 303
    [event] = [found for found in outbox("registration") if found.type == "activity.messaged.v1"]
    assert event.data["registration_ids"] == [str(mine.id)]


def test_what_is_missing_is_said_beside_it_and_nothing_is_lost(
    browser: TestClient, staff: Headers, outbox: Callable[[str], list[Envelope]]
) -> None:
    activity = an_activity()
    register(activity, 1)
    browser.cookies = staff("city-editor")
    place = f"/staff/activities/{activity}/messages"
    typed = {"message.en.subject": "East gate", "channels": ["email", "sms"]}
    refused = browser.post(f"{place}/preview", data=typed, headers=ORIGIN)
    assert refused.status_code == 422
    assert 'href="#field-statuses"' in refused.text
    typed["statuses"] = ["confirmed"]
    refused = browser.post(f"{place}/preview", data=typed, headers=ORIGIN)
    assert refused.status_code == 422
    assert 'href="#field-message.en.body"' in refused.text
    assert 'href="#field-message.en.sms"' in refused.text
    assert (
        "message.zh-CN" not in re.sub(r'(id|name|for)="[^"]*"', "", refused.text).split("<form")[0]
    )
    assert 'value="East gate"' in refused.text
    assert [event.type for event in outbox("registration")] == ["registration.confirmed.v1"]


def test_nobody_unverified_or_erased_is_written_to(
    browser: TestClient, key: Headers, outbox: Callable[[str], list[Envelope]]
) -> None:
    activity = an_activity()
    register(activity, 1)
    place = f"{API}/activities/{activity}/messages"
    body = {
        "statuses": ["waiting"],
        "channels": ["email"],
        "message": {"zh-CN": {"subject": "通知", "body": "内容"}},
    }
    headers = key("city-editor")
    nobody = browser.post(place, json=body, headers=headers)
    assert (nobody.status_code, nobody.json()["type"]) == (409, "nobody-reached")
    unverified = browser.post(place, json=body | {"statuses": ["unverified"]}, headers=headers)
    assert unverified.status_code == 422
    body["statuses"] = ["confirmed"]
    assert browser.post(place, json=body, headers=key("check-in")).status_code == 403
    other = key("district-editor", "110105")
    assert browser.post(place, json=body, headers=other).status_code == 403
    keyed = headers | {"Idempotency-Key": uuid.uuid4().hex}
    first, second = (browser.post(place, json=body, headers=keyed) for _ in range(2))
    assert first.status_code == 201
    assert first.json() == second.json()
    assert first.json()["reached"] == 1
    assert [found.type for found in outbox("registration")].count("activity.messaged.v1") == 1
    [listed] = browser.get(place, headers=headers).json()["items"]
    assert listed["id"] == first.json()["id"]


def test_an_erased_registration_is_left_out(browser: TestClient, key: Headers) -> None:
    activity = an_activity()
    gone = register(activity, 1)
    register(activity, 2)
    put(gone.id, erased_at=utc_now())
    body = {
        "statuses": ["confirmed"],
        "channels": ["email"],
        "message": {"en": {"subject": "News", "body": "Text"}},
    }
    answer = browser.post(
        f"{API}/activities/{activity}/messages", json=body, headers=key("city-editor")
    )
    assert (answer.json()["reached"], answer.json()["left_out"]) == (1, 1)


def test_a_text_message_is_counted_with_its_signature() -> None:
    signature = len(f"【{settings().sms_signature}】")
    assert sms_parts("好" * (70 - signature)) == 1
    assert sms_parts("好" * (71 - signature)) == 2
    assert sms_parts("好" * (2 * 67 - signature)) == 2
    assert sms_parts("好" * (2 * 67 + 1 - signature)) == 3


def test_what_is_said_here_is_understood_by_notifications(
    browser: TestClient,
    key: Headers,
    deliver: Callable[[], int],
    smtp: SmtpSink,
) -> None:
    """Every event of an activity's people, from the outbox to the mail."""
    activity = an_activity(capacity=1)
    first, second = register(activity, 1), register(activity, 2)
    body = {
        "statuses": ["confirmed", "waiting"],
        "channels": ["email"],
        "message": {"zh-CN": {"subject": "入口改在东门", "body": "请走**东门**。"}},
    }
    browser.post(f"{API}/activities/{activity}/messages", json=body, headers=key("city-editor"))
    everyone = principal("city-admin")
    service.ask_many(everyone, activity, [first.id])
    service.cancel(everyone, activity, first.id, "场地变小。")
    service.send_again(everyone, activity, second.id)
    deliver()
    for lane in ("transactional", "bulk"):
        lanes.run_lane(lane)

    def subjects(number: int) -> set[str]:
        mails = smtp.to(f"person{number}@example.com")
        return {str(taken.message["Subject"]).strip().split("：")[0] for taken in mails}

    assert {"入口改在东门", "报名已取消"} <= subjects(1)
    assert "入口改在东门" in subjects(2)
    assert any(subject.startswith("请在") for subject in subjects(2)), "the place is offered on"
    last = smtp.to("person1@example.com")[-2:]
    assert any("场地变小。" in taken.text for taken in last)
