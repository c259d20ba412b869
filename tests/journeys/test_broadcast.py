"""Staff write to a district, a second person approves, and everybody watches it arrive."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
import pytest
from playwright.sync_api import Page, expect

from tests.journeys.making import a_word, lecture, link, register, somebody
from tests.journeys.sending import Visit, approve_and_send, press, reached
from tests.stack import Stack, eventually

HUAIROU = "110116"


@dataclass(frozen=True)
class Residents:
    """Three people of one district.

    Attributes:
        activity: the id of the lecture that they registered for.
        chinese: agreed to receive advisories; reads Chinese.
        english: as that; reads English.
        silent: did not agree.
    """

    activity: str
    chinese: str
    english: str
    silent: str

    @property
    def all(self) -> tuple[str, ...]:
        return (self.chinese, self.english, self.silent)


@pytest.fixture(scope="module")
def residents(house_running: Stack, editor: str) -> Residents:
    """People who registered for a lecture in the district, and have had their confirmation."""
    activity = lecture(house_running, editor, district=HUAIROU)
    found = Residents(activity["id"], somebody(), somebody(), somebody())
    asked = {"reminders": False, "privacy_version": "2026-11"}
    agreed, not_agreed = asked | {"advisories": True}, asked | {"advisories": False}
    register(house_running, activity, found.chinese, consents=agreed)
    register(house_running, activity, found.english, consents=agreed, language="en")
    register(house_running, activity, found.silent, consents=not_agreed)
    for address in found.all:
        house_running.mail(address)
    return found


def write(page: Page, residents: Residents, urgency: str = "routine") -> str:
    """Fill in the form of a new broadcast to the district; the word in its subject."""
    word = a_word()
    page.locator("#field-title").fill(f"怀柔 {word}")
    page.locator(f"[name='urgency'][value='{urgency}']").check()
    page.locator("[name='channels'][value='email']").check()
    page.locator(f"[name='audience.districts'][value='{HUAIROU}']").check()
    page.locator("[id='field-audience.activity_id']").select_option(residents.activity)
    for tag, subject, text in (
        ("zh-CN", "近期出行安全提醒", "请**避开**集会。"),
        ("en", "Safety while you travel", "Please **avoid** gatherings."),
    ):
        page.locator(f"[id='field-message.{tag}.subject']").fill(f"{subject} {word}")
        page.locator(f"[id='field-message.{tag}.body']").fill(text)
    return word


def compose(visit: Visit, residents: Residents) -> tuple[Page, str]:
    """A new broadcast, submitted by its author: their page, and the word in its subject."""
    page = visit("/staff/broadcasts/new", staff="editor")
    word = write(page, residents)
    page.get_by_role("button", name="保存草稿").click()
    press(page, "提交审批")
    return page, word


def test_a_broadcast_to_a_district(
    visit: Visit, house_running: Stack, residents: Residents
) -> None:
    page = visit("/staff/broadcasts/new", staff="editor")
    word = write(page, residents)
    # The number renews itself while the form is filled.
    eventually(lambda: reached(page) == 2)
    page.get_by_role("button", name="保存草稿").click()
    expect(page.locator("#reached strong")).to_have_text("2")

    trial = somebody()
    page.locator("#field-to").fill(trial)
    page.get_by_role("button", name="发送测试").click()
    # One in each language.
    eventually(lambda: len(house_running.inbox(trial)) == 2)
    marks = {mail["subject"].partition(" ")[0] for mail in house_running.inbox(trial)}
    assert marks == {"[Test]", "【测试】近期出行安全提醒"}
    press(page, "提交审批")

    # Whoever wrote it is not offered to approve it, and cannot by calling up the page.
    expect(page.get_by_role("link", name="批准…")).to_have_count(0)
    here = page.url.partition("?")[0]
    page.goto(f"{here}/approve")
    page.get_by_role("main").get_by_role("button").click()
    expect(page.locator(".notice-error")).to_be_visible()
    page.goto(here)
    assert all(word not in m["subject"] for m in house_running.inbox(residents.chinese))

    second = approve_and_send(visit, page)
    expect(second.locator("#progress progress")).to_have_attribute("value", "2")
    expect(second.locator(".page-head .status")).to_have_text("已发送")

    chinese = house_running.mail(residents.chinese, word)
    english = house_running.mail(residents.english, word)
    assert "近期出行安全提醒" in chinese["subject"]
    assert "<strong>避开</strong>" in chinese["html"]
    assert "Safety while you travel" in english["subject"]
    headers = dict(english["headers"])
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link(house_running, headers["List-Unsubscribe"], "/unsubscribe/")
    assert all(word not in m["subject"] for m in house_running.inbox(residents.silent))


def test_the_link_in_a_broadcast_stops_the_next_one(
    visit: Visit, house_running: Stack, residents: Residents
) -> None:
    author, word = compose(visit, residents)
    approve_and_send(visit, author)
    way_out = link(house_running, house_running.mail(residents.english, word)["text"], "/unsub")

    reader = visit(way_out, language="en", script=False)
    reader.get_by_role("button", name="Stop these messages").click()
    expect(reader.get_by_role("heading", level=1)).to_have_text("We have stopped these messages")

    author, word = compose(visit, residents)
    sender = approve_and_send(visit, author)
    expect(sender.locator(".page-head .status")).to_have_text("已发送")
    assert house_running.mail(residents.chinese, word)
    assert all(word not in mail["subject"] for mail in house_running.inbox(residents.english))

    # And they can have them again.
    reader.get_by_role("button", name="I want to get them again").click()
    expect(reader.get_by_role("heading", level=1)).to_have_text("You get these messages again")


@contextmanager
def halted(stack: Stack, *names: str) -> Iterator[None]:
    """Parts of the house that stand still for a while, as if they were busy without end."""
    parts = [psutil.Process(stack.info.pids[name]) for name in names]
    for part in parts:
        part.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for part in parts:
            part.send_signal(signal.SIGCONT)


def test_an_emergency_overtakes_and_looks_different(
    visit: Visit, house_running: Stack, residents: Residents
) -> None:
    page = visit("/staff/broadcasts/new", staff="editor")
    word = write(page, residents, "emergency")
    expect(page.locator("#reach .emergency")).to_be_visible()
    page.get_by_role("button", name="保存草稿").click()
    expect(page.locator("body.emergency")).to_be_visible()
    press(page, "提交审批")

    author, routine = compose(visit, residents)
    with halted(house_running, "worker notifications bulk"):
        approve_and_send(visit, author)
        sender = approve_and_send(visit, page)
        # Those who did not agree to advisories get it as well.
        for address in residents.all:
            assert house_running.mail(address, word)["subject"].startswith(
                ("【紧急】", "[Emergency]")
            )
        assert all(routine not in m["subject"] for m in house_running.inbox(residents.chinese))
        expect(sender.locator("body.emergency")).to_be_visible()
    assert house_running.mail(residents.chinese, routine)
