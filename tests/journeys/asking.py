"""A broadcast that asks people whether they are safe, sent to one person."""

from __future__ import annotations

from dataclasses import dataclass

from tests.journeys.making import lecture, link, register, somebody
from tests.stack import Stack, eventually

API = "/api/notifications/v1/broadcasts"


@dataclass(frozen=True)
class Asked:
    """What was sent.

    Attributes:
        broadcast: its id; ``delivery`` the id of its one message.
        way: the path of the link by which its reader answers.
    """

    broadcast: str
    delivery: str
    way: str


def ask(stack: Stack, editor: str) -> Asked:
    """Write it, have it approved by somebody else, and send it to one who registered."""
    activity, reader = lecture(stack, editor), somebody()
    register(stack, activity, reader)
    stack.mail(reader)
    subject = f"您好吗 {activity['slug'][-8:]}"
    texts = {"subject": subject, "body": "请告诉我们您**是否平安**。"}
    body = {
        "title": subject,
        "urgency": "emergency",
        "asks": True,
        "message": {"zh-CN": texts, "en": texts},
        "channels": ["email"],
        "audience": {"activity_id": activity["id"]},
    }
    status, made = stack.call("POST", API, body, editor)
    assert status == 201, made
    here = f"{API}/{made['id']}"

    def registered() -> bool:
        return bool(stack.call("GET", f"{here}/audience", key=editor)[1]["total"] == 1)

    eventually(registered)
    for act, key in (("submit", editor), ("approve", stack.key("city-admin")), ("send", editor)):
        status, answer = stack.call("POST", f"{here}/{act}", {}, key)
        assert status == 200, answer
    mail = stack.mail(reader, subject)
    [line] = stack.call("GET", f"{here}/deliveries", key=editor)[1]["items"]
    return Asked(made["id"], line["id"], link(stack, mail["text"], "/answer/"))
