"""Somebody who subscribed to safety reminders, as programs do it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.journeys.making import link, somebody
from tests.stack import Stack

API = "/api/notifications/v1/subscriptions"


@dataclass(frozen=True)
class Subscribed:
    """Paths: ``asked`` is behind the link of a mail that nobody confirmed yet, ``choices`` is the
    page of somebody who did.
    """

    asked: str
    choices: str


def in_days(number: int) -> str:
    """A day, as forms and calls write it."""
    return (datetime.now(UTC) + timedelta(days=number)).date().isoformat()


def ask(stack: Stack) -> str:
    """Ask for safety reminders to a fresh address; the path behind the link of the mail."""
    email = somebody()
    body = {
        "email": email,
        "countries": ["JP"],
        "trips": [{"country": "TH", "from": in_days(20), "to": in_days(30)}],
    }
    status, answer = stack.call("POST", API, body)
    assert (status, answer) == (202, {"status": "accepted"})
    return link(stack, stack.mail(email)["text"], "/subscribe/")


def subscribe(stack: Stack) -> Subscribed:
    """One who was asked, and one who confirmed."""
    token = ask(stack).rsplit("/", 1)[1]
    status, answer = stack.call("POST", f"{API}/confirm", {"token": token})
    assert status == 200, answer
    return Subscribed(ask(stack), f"/preferences/{answer['preferences']}")
