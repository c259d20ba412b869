"""A resident finds a lecture, registers, changes and cancels: on a telephone, at a desk."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, PHONE
from tests.journeys.making import (
    XICHENG,
    invitation,
    lecture,
    link,
    mails,
    seats_left,
    somebody,
)
from tests.stack import Stack, eventually

Visit = Callable[..., Page]


@dataclass(frozen=True)
class Words:
    """What the pages and mails say in one language."""

    find: str
    kind: str
    register: str
    done: str
    people: str
    change: str
    save: str
    cancel: str
    cancelled: str
    registered_mail: str
    code: str


CHINESE = Words(
    "查找", "讲座", "报名", "报名成功", "3 人", "修改", "保存修改", "取消报名", "这份报名已取消",
    "报名成功", "入场码",
)  # fmt: skip
ENGLISH = Words(
    "Find", "Lecture", "Register", "You are in", "3 people", "Change", "Save the changes",
    "Cancel the registration", "This registration has been cancelled", "You are registered",
    "Ticket code",
)  # fmt: skip


@pytest.mark.parametrize(
    ("language", "size", "script"),
    [("zh-CN", PHONE, True), ("en", DESK, True), ("zh-CN", PHONE, False), ("en", DESK, False)],
    ids=["chinese-telephone", "english-desk", "chinese-no-script", "english-no-script"],
)
def test_from_the_home_page_to_the_cancelled_seat(
    *,
    visit: Visit,
    house_running: Stack,
    editor: str,
    language: str,
    size: dict[str, int],
    script: bool,
) -> None:
    stack, email = house_running, somebody()
    words = CHINESE if language == "zh-CN" else ENGLISH
    activity = lecture(stack, editor)
    phone = f"139{uuid.uuid4().int % 10**8:08d}"

    page = visit("/", language=language, size=size, script=script)
    _find(page, words, activity)
    # As a Chinese input method writes digits.
    wide = phone.translate({ord("0") + n: ord("０") + n for n in range(10)})
    _fill(page, words, email, wide)

    expect(page.get_by_role("heading", level=1)).to_have_text(words.done)
    code = page.locator(".ticket-code").inner_text().replace(" ", "")
    assert code.isalnum()
    qr = page.locator(".ticket img")
    # The words may stand there before the picture has come.
    eventually(lambda: qr.evaluate("picture => picture.complete && picture.naturalWidth > 0"))
    assert seats_left(stack, activity) == 48

    mail = stack.mail(email, words.registered_mail)
    entry = invitation(mail)
    assert mail["calendar_method"] == "REQUEST"
    assert entry.decoded("DTSTART") == datetime.fromisoformat(activity["starts_at"])
    assert code in mail["text"].replace(" ", "")
    assert words.code in mail["text"]
    assert activity["title"][language] in mail["subject"]
    text = stack.mail(f"+86{phone}")
    assert text["kind"] == "sms"
    assert activity["token"] in text["text"]

    page.get_by_role("link", name=words.change, exact=True).click()
    page.locator("#field-party_size").select_option("3")
    page.get_by_role("button", name=words.save).click()
    expect(page.locator(".ticket")).to_contain_text(words.people)
    assert seats_left(stack, activity) == 47

    _cancel_by_mail(page, stack, mail, words, activity)
    last = eventually(
        lambda: next((m for m in mails(stack, email) if m["calendar_method"] == "CANCEL"), None)
    )
    earlier = [invitation(m) for m in mails(stack, email) if m["calendar_method"] == "REQUEST"]
    assert invitation(last)["UID"] == entry["UID"]
    assert invitation(last)["SEQUENCE"] > max(one["SEQUENCE"] for one in earlier)


def _find(page: Page, words: Words, activity: dict[str, Any]) -> None:
    """From the home page through the filtered catalogue to the activity's form."""
    page.locator("a.door[href='/activities']").click()
    page.locator("#field-q").fill(activity["token"])
    page.locator("#field-district").select_option(XICHENG)
    page.locator("#field-kind").select_option(label=words.kind)
    page.get_by_role("button", name=words.find).click()
    expect(page).to_have_url(re.compile("district=110102"))
    expect(page.locator("article.entry")).to_have_count(1)
    page.locator("article.entry a").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(activity["token"])
    page.get_by_role("link", name=words.register, exact=True).filter(visible=True).first.click()


def _fill(page: Page, words: Words, email: str, phone: str) -> None:
    page.locator("#field-name").fill("王芳")
    page.locator("#field-phone").fill(phone)
    page.locator("#field-email").fill(email)
    page.locator("#field-party_size").select_option("2")
    for consent in ("reminders", "advisories", "privacy_version"):
        box = page.locator(f"[name='consents.{consent}']")
        expect(box).not_to_be_checked()
        box.check()
    page.get_by_role("button", name=words.register, exact=True).click()


def _cancel_by_mail(
    page: Page, stack: Stack, mail: dict[str, Any], words: Words, activity: dict[str, Any]
) -> None:
    """The link in the mail leads to the ticket; opening the question changes nothing yet."""
    page.goto(link(stack, mail["text"], "/registrations/"))
    page.get_by_role("link", name=words.cancel).click()
    assert seats_left(stack, activity) == 47
    page.get_by_role("button", name=words.cancel).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(words.cancelled)
    assert seats_left(stack, activity) == 50


@pytest.mark.parametrize(
    ("language", "script", "sentences"),
    [
        (
            "zh-CN",
            True,
            [
                "请填写此项。",
                "请填写手机号或邮箱，至少一项。",
                "请同意我们为这次报名使用这些信息。",
            ],
        ),
        (
            "en",
            False,
            [
                "Please fill this in.",
                "Please give an e-mail address or a telephone number, or both.",
                "Please agree that we may use these details for this registration.",
            ],
        ),
    ],
)
def test_an_empty_form_says_what_is_missing(
    *,
    visit: Visit,
    house_running: Stack,
    editor: str,
    language: str,
    script: bool,
    sentences: list[str],
) -> None:
    activity = lecture(house_running, editor)
    page = visit(f"/activities/{activity['slug']}/register", language=language, script=script)
    page.get_by_role("main").get_by_role("button").click()

    expect(page).to_have_title(re.compile("^有误" if language == "zh-CN" else "^Error"))
    links = page.locator(".error-summary a")
    expect(links).to_have_count(3)
    for number, field in enumerate(("name", "email", "consents.privacy_version")):
        expect(links.nth(number)).to_contain_text(sentences[number])
        assert links.nth(number).get_attribute("href") == f"#field-{field}"
        box = page.locator(f"[id='field-{field}']")
        expect(box).to_have_attribute("aria-invalid", "true")
        beside = page.locator(f"[id='error-{field}']")
        expect(beside).to_have_text(sentences[number])
    if script:
        expect(page.locator(".error-summary")).to_be_focused()
        links.first.click()
        expect(page.locator("#field-name")).to_be_focused()


def test_what_was_typed_is_still_there(visit: Visit, house_running: Stack, editor: str) -> None:
    activity = lecture(house_running, editor)
    page = visit(f"/activities/{activity['slug']}/register", script=False)
    page.locator("#field-name").fill("欧阳 <b>若兰</b> & 家人")
    page.locator("#field-email").fill("not an address")
    page.locator("#field-phone").fill("12")
    page.locator("#field-party_size").select_option("4")
    page.locator("[name='consents.advisories']").check()
    page.get_by_role("button", name="报名", exact=True).click()

    expect(page.locator(".error-summary li")).to_have_count(3)
    expect(page.locator("#field-name")).to_have_value("欧阳 <b>若兰</b> & 家人")
    expect(page.locator("#field-email")).to_have_value("not an address")
    expect(page.locator("#field-phone")).to_have_value("12")
    expect(page.locator("#field-party_size")).to_have_value("4")
    expect(page.locator("[name='consents.advisories']")).to_be_checked()
    expect(page.locator("[name='consents.reminders']")).not_to_be_checked()
    assert seats_left(house_running, activity) == 50


def _form(page: Page, email: str) -> dict[str, str]:
    """The fields that a browser would send from the open form."""
    return {
        "_once": page.locator("[name='_once']").input_value(),
        "name": "王芳",
        "email": email,
        "party_size": "1",
        "consents.privacy_version": page.locator("[name='consents.privacy_version']").get_attribute(
            "value"
        )
        or "",
    }


def test_a_line_break_in_an_address_is_refused(
    visit: Visit, house_running: Stack, editor: str
) -> None:
    activity, victim = lecture(house_running, editor), somebody()
    page = visit(f"/activities/{activity['slug']}/register")
    form = _form(page, f"{somebody()}\r\nBcc: {victim}")
    answer = page.request.post(page.url, form=form)
    assert answer.status == 422
    assert 'id="error-email"' in answer.text()
    assert seats_left(house_running, activity) == 50
    assert house_running.inbox(victim) == []


def test_the_same_form_twice_is_one_registration(
    visit: Visit, house_running: Stack, editor: str
) -> None:
    activity, email = lecture(house_running, editor), somebody()
    page = visit(f"/activities/{activity['slug']}/register")
    form = _form(page, email)
    first, second = (page.request.post(page.url, form=form, max_redirects=0) for _ in range(2))
    assert first.status == second.status == 303
    assert first.headers["location"] == second.headers["location"]
    assert seats_left(house_running, activity) == 49

    # What would come twice has come by the time that the answer to the cancelling is there.
    page.goto(first.headers["location"])
    eventually(lambda: mails(house_running, email))
    page.get_by_role("link", name="取消报名").click()
    page.get_by_role("button", name="取消报名").click()
    eventually(lambda: len(mails(house_running, email)) > 1)
    assert [m["calendar_method"] for m in mails(house_running, email)] == ["REQUEST", "CANCEL"]


@pytest.mark.parametrize(("language", "home"), [("zh-CN", "返回首页"), ("en", "To the home page")])
def test_a_forged_link_is_a_friendly_page(visit: Visit, language: str, home: str) -> None:
    page = visit("/", language=language)
    for path in ("/registrations/made-up", "/bookings/made-up", "/unsubscribe/made-up"):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 404
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        expect(page.get_by_role("main").get_by_role("link", name=home)).to_be_visible()


@pytest.mark.parametrize("script", [True, False])
def test_the_language_switch_stays_on_the_page(visit: Visit, script: bool) -> None:
    page = visit(f"/activities?q=出国&district={XICHENG}", script=script)
    page.get_by_role("link", name="English").click()
    expect(page).to_have_url(re.compile(rf"/activities\?.*district={XICHENG}"))
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#field-q")).to_have_value("出国")
    page.goto("/library")
    expect(page.locator("html")).to_have_attribute("lang", "en")
