"""An activity that is over, with people who came to it."""

from __future__ import annotations

import re
import urllib.parse
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from celery import Celery

from tests.journeys.making import API, lecture, register, somebody
from tests.stack import Stack, eventually


@dataclass(frozen=True)
class Past:
    """An activity that ended an hour ago.

    Attributes:
        emails: of those who came, in the order of ``tickets``, the paths of their own pages.
    """

    activity: dict[str, Any]
    emails: list[str]
    tickets: list[str]


def a_past_lecture(stack: Stack, key: str, people: int) -> Past:
    """A lecture with certificates, and so many people who were checked in and thanked."""
    activity = lecture(stack, key, certificates=True)
    place = f"{API}/activities/{activity['id']}"
    emails, tickets = [], []
    for _ in range(people):
        emails.append(somebody())
        made = register(stack, activity, emails[-1])
        tickets.append(urlsplit(made["manage_url"]).path)
        shown = {"ticket_code": made["ticket_code"]}
        status, answer = stack.call("POST", f"{place}/check-ins", shown, key)
        assert (status, answer["result"]) == (200, "checked-in"), answer
    ended = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    times = {
        "starts_at": (ended - timedelta(hours=2)).isoformat(),
        "ends_at": ended.isoformat(),
    }
    status, answer = stack.call("PATCH", place, times, key)
    assert status == 200, answer
    _tick(stack)
    found = eventually(lambda: "/certificate" in page(stack, tickets[-1]))
    assert found
    return Past(activity, emails, tickets)


def _tick(stack: Stack) -> None:
    """What beat does once a minute."""
    with Celery(broker=stack.info.redis_url) as queue:
        queue.send_task("registration.after_activities", queue="registration", ignore_result=True)


def page(stack: Stack, path: str) -> str:
    """The text of a page."""
    with urllib.request.urlopen(stack.url + path, timeout=60) as answer:
        return str(answer.read().decode())


def survey(stack: Stack, ticket: str) -> str:
    """The path of somebody's survey, from their own page."""
    found = re.search(r"/feedback/[\w-]+", page(stack, ticket))
    assert found, f"no survey on {ticket}"
    return found[0]


def answer(stack: Stack, path: str, **answers: str) -> None:
    """Send a survey as a browser without scripts would."""
    form = {f"answers.{name}": text for name, text in answers.items()}
    request = urllib.request.Request(
        stack.url + path,
        data=urllib.parse.urlencode(form).encode(),
        headers={"Origin": stack.url},
    )
    with urllib.request.urlopen(request, timeout=60) as done:
        assert done.url.endswith("?done=1"), done.url
