"""What journeys begin with: an activity, somebody who registers, a mail to look into."""

from __future__ import annotations

import random
import re
import string
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from icalendar import Calendar

from tests.stack import Stack, eventually

XICHENG = "110102"
API = "/api/registration/v1"


def a_word() -> str:
    """A word that stands nowhere else.

    Of letters alone: among hexadecimal digits are now and then what looks like the number of a
    passport, or like a code that is looked for in a text.
    """
    return "".join(random.choices(string.ascii_lowercase, k=9))


def somebody() -> str:
    """An address that nobody else has."""
    return f"{a_word()}@example.org"


def lecture(stack: Stack, key: str, **changes: Any) -> dict[str, Any]:
    """A published lecture in a week, with a word of its own (``token``) in its title."""
    token = a_word()
    begins = datetime.now(UTC).replace(microsecond=0) + timedelta(days=7)
    body = {
        "kind": "lecture",
        "title": {"zh-CN": f"平安出行讲座 {token}", "en": f"Safe travels {token}"},
        "summary": {"zh-CN": "出行前的准备。", "en": "Before you go."},
        "district": XICHENG,
        "venue": {
            "name": {"zh-CN": "社区中心", "en": "Community centre"},
            "address": {"zh-CN": "和平路 1 号", "en": "1 Heping Road"},
        },
        "starts_at": begins.isoformat(),
        "timezone": "Asia/Shanghai",
        "capacity": 50,
        "waiting_list": True,
        "max_party_size": 4,
        "reminders": ["P1D"],
        "topics": [],
        "countries": ["TH"],
    } | changes
    starts = datetime.fromisoformat(str(body["starts_at"]))
    body.setdefault("ends_at", (starts + timedelta(hours=2)).isoformat())
    status, made = stack.call("POST", f"{API}/activities", body, key)
    assert status == 201, made
    status, published = stack.call("POST", f"{API}/activities/{made['id']}/publish", {}, key)
    assert status == 200, published
    return dict(published) | {"token": token}


def seats_left(stack: Stack, activity: dict[str, Any]) -> int:
    """How many places the public call says are left."""
    status, found = stack.call("GET", f"{API}/activities/{activity['id']}")
    assert status == 200, found
    return int(found["seats_left"])


def register(stack: Stack, activity: dict[str, Any], email: str, **changes: Any) -> dict[str, Any]:
    """Register somebody by the public call."""
    body = {
        "name": "王芳",
        "email": email,
        "party_size": 1,
        "language": "zh-CN",
        "consents": {"reminders": True, "advisories": False, "privacy_version": "2026-11"},
    } | changes
    status, made = stack.call("POST", f"{API}/activities/{activity['id']}/registrations", body)
    assert status == 201, made
    return dict(made)


def mails(stack: Stack, to: str) -> list[dict[str, Any]]:
    """The e-mails to an address, oldest first."""
    return [item for item in reversed(stack.inbox(to)) if item["kind"] == "mail"]


def invitation(mail: dict[str, Any]) -> Any:
    """The one event in a mail's calendar part."""
    assert mail["calendar"], f"no calendar part in “{mail['subject']}”"
    calendar = Calendar.from_ical(mail["calendar"])
    assert calendar["METHOD"] == mail["calendar_method"]
    (event,) = calendar.walk("VEVENT")
    return event


def link(stack: Stack, text: str, start: str) -> str:
    """The path of the first link in a message that leads to ``start``… in this house."""
    found = re.search(re.escape(stack.url + start) + r"[\w./~=-]+", text)
    assert found, f"no link to {start} in: {text}"
    return urlsplit(found[0]).path


@dataclass(frozen=True)
class Reminded:
    """Who registered for activities with a reminder an hour before.

    Attributes:
        kept_by: for one that begins an hour after ``due``.
        moved_by: for one of next week that was then moved to the same time.
        cancelled_by: for one at the same time that was then cancelled.
    """

    kept_by: str
    moved_by: str
    cancelled_by: str
    due: datetime


def remind(stack: Stack, key: str, *, due_in: timedelta) -> Reminded:
    """Plan, move and cancel activities so that their reminders are due in so long."""
    moved, moved_by = lecture(stack, key, reminders=["PT1H"]), somebody()
    register(stack, moved, moved_by)
    # A registration that is changed before its confirmation went out gets one mail for both.
    eventually(lambda: mails(stack, moved_by))
    # Counted from here, after what may take long: a reminder that comes too late never goes out.
    due = datetime.now(UTC).replace(microsecond=0) + due_in
    soon = {
        "starts_at": (due + timedelta(hours=1)).isoformat(),
        "ends_at": (due + timedelta(hours=2)).isoformat(),
    }
    status, answer = stack.call("PATCH", f"{API}/activities/{moved['id']}", soon, key)
    assert status == 200, answer
    found = Reminded(somebody(), moved_by, somebody(), due)
    register(stack, lecture(stack, key, reminders=["PT1H"], **soon), found.kept_by)
    cancelled = lecture(stack, key, reminders=["PT1H"], **soon)
    register(stack, cancelled, found.cancelled_by)
    eventually(lambda: mails(stack, found.cancelled_by))
    reason = {"reason": "讲师临时有公务。"}
    status, answer = stack.call("POST", f"{API}/activities/{cancelled['id']}/cancel", reason, key)
    assert status == 200, answer
    return found
