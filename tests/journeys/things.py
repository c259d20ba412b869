"""Things that stand on the pages of staff, made by calls: one of each."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from tests.journeys.making import a_word, somebody
from tests.stack import Stack


def request_booking(stack: Stack) -> tuple[str, str]:
    """A school's request by the public call: its id, and the path of its conversation."""
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=20)
    body = {
        "kind": "school_session",
        "organisation": {"name": "第三中学", "kind": "school", "district": "110102"},
        "contact": {"name": "赵老师", "email": somebody()},
        "proposed_times": [at.isoformat()],
        "headcount": 90,
        "destinations": ["TH"],
        "topics": [],
        "language": "zh-CN",
    }
    status, made = stack.call("POST", "/api/registration/v1/bookings", body)
    assert status == 201, made
    return str(made["id"]), urlsplit(made["manage_url"]).path


def place_order(stack: Stack) -> tuple[str, str, str]:
    """An order of the first title in stock: its id, the path of its page, and of its form."""
    titles = stack.call("GET", "/api/content/v1/titles")[1]["items"]
    title = next(one for one in titles if "city" in one["in_stock"])
    body = {
        "copies": {title["slug"]: 1},
        "address": {"district": "110106", "subdistrict": "右安门街道", "line": "玉林里 12 号楼"},
        "name": "丁秀英",
        "phone": f"+86136{uuid.uuid4().int % 10**8:08d}",
    }
    status, made = stack.call("POST", "/api/content/v1/orders", body)
    assert status == 201, made
    here = urlsplit(made["manage_url"]).path
    return str(made["id"]), here, f"/orders/new?copies.{title['slug']}=1"


def write_broadcast(stack: Stack, key: str) -> str:
    """A draft of a broadcast; its id."""
    texts = {"subject": "近期出行提醒", "body": "请**避开**集会。", "sms": "请避开集会。"}
    body = {
        "title": f"提醒 {a_word()}",
        "urgency": "emergency",
        "message": {"zh-CN": texts, "en": texts},
        "channels": ["email", "sms"],
        "audience": {"districts": ["110102"]},
        "timezone": "Asia/Shanghai",
    }
    status, made = stack.call("POST", "/api/notifications/v1/broadcasts", body, key)
    assert status == 201, made
    return str(made["id"])


def write_template(stack: Stack, key: str) -> str:
    """A template with two versions; its id."""
    texts = {"subject": "{{ name }}，出行提醒", "body": "请**避开**集会。", "sms": "请避开集会。"}
    body = {"name": f"集会 {a_word()}", "message": {"zh-CN": texts}}
    status, made = stack.call("POST", "/api/notifications/v1/templates", body, key)
    assert status == 201, made
    body["message"] = {"zh-CN": texts | {"sms": "请绕行。"}, "en": texts}
    here = f"/api/notifications/v1/templates/{made['id']}"
    status, made = stack.call("PUT", here, body, key)
    assert status == 200, made
    return str(made["id"])


def add_contact(stack: Stack, key: str) -> str:
    """A contact added by hand; its id."""
    body = {
        "name": "赵老师",
        "email": somebody(),
        "organisation": "第三中学",
        "organisation_kind": "school",
        "relays_for": 120,
        "districts": ["110102"],
        "basis": "relay",
    }
    status, made = stack.call("POST", "/api/notifications/v1/contacts", body, key)
    assert status == 201, made
    return str(made["id"])


def add_webhook(stack: Stack) -> str:
    """A system that is told of what hardly happens; its id."""
    body = {
        "name": "值班平台",
        "url": "https://duty.example.gov.cn/lingbao",
        "events": ["broadcast.cancelled.v1"],
    }
    status, made = stack.call(
        "POST", "/api/notifications/v1/webhooks", body, stack.key("city-admin")
    )
    assert status == 201, made
    return str(made["id"])


def add_sms_template(stack: Stack) -> str:
    """A draft of a provider's template; its id."""
    body = {
        "provider": "tencent",
        "name": "讲座提醒",
        "text": "提醒：{1}，{2}。",
        "rules": [{"name": "1", "kind": "text", "longest": 12}],
    }
    status, made = stack.call(
        "POST", "/api/notifications/v1/sms-templates", body, stack.key("city-admin")
    )
    assert status == 201, made
    return str(made["id"])
