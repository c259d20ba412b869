"""An advisory is raised to red by two people, and its draft waits among the broadcasts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from tests.journeys.making import a_word, lecture, register, somebody
from tests.stack import Stack, eventually

Visit = Callable[..., Page]
API = "/api/content/v1/advisories"
COUNTRY = "MN"


def test_an_advisory_raised_to_red(visit: Visit, house_running: Stack, editor: str) -> None:
    word = a_word()
    status, made = house_running.call(
        "POST",
        API,
        {
            "country": COUNTRY,
            "level": "yellow",
            "word": "take-care",
            "headline": {"zh-CN": f"寒潮 {word}", "en": f"Cold spell {word}"},
            "advice": {"zh-CN": "- 注意保暖", "en": "- Keep warm"},
            "valid_from": datetime.now(UTC).isoformat(),
        },
        editor,
    )
    assert status == 201, made
    assert house_running.call("POST", f"{API}/{made['id']}/publish", None, editor)[0] == 200
    guest = somebody()
    activity = lecture(house_running, editor, countries=[COUNTRY])
    register(house_running, activity, guest)
    house_running.mail(guest)

    author = visit(f"/staff/advisories/{made['id']}/edit", staff="editor")
    author.locator("[name='level'][value='red']").check()
    author.locator("[name='word'][value='do-not-travel']").check()
    author.get_by_role("button", name="保存").click()
    expect(author.get_by_text("待复核", exact=True)).to_be_visible()
    expect(author.get_by_role("link", name="复核并发布")).to_have_count(0)
    # What is public stays until the second person has read the change.
    reader = visit(f"/advisories/{COUNTRY}", language="en")
    expect(reader.locator("main .level-yellow").first).to_be_visible()
    expect(reader.locator("main .level-red")).to_have_count(0)

    second = visit("/staff", staff="duty")
    second.locator(f"a[href='/staff/advisories/{made['id']}']").click()
    expect(second.locator("#waiting ~ dl .level-red")).to_be_visible()
    second.get_by_role("link", name="复核并发布").click()
    second.get_by_role("main").get_by_role("button", name="立即发布").click()
    expect(second.locator(".facts .level-red").first).to_be_visible()

    reader.reload()
    expect(reader.locator("main .level-red").first).to_be_visible()
    # Whoever registered for a lecture about the country is told without anybody's doing.
    assert house_running.mail(guest, f"蒙古：寒潮 {word}")["subject"] == f"蒙古：寒潮 {word}"
    # And everybody who follows it once two people have released the draft.
    draft = second.locator("tr", has_text=word).filter(has_text="紧急")

    def drafted() -> bool:
        second.goto("/staff/broadcasts")
        return draft.count() == 1

    eventually(drafted, every=0.5)
    draft.get_by_role("link").first.click()
    expect(second.locator("body.emergency")).to_be_visible()
    history = visit(f"/advisories/history/{made['id']}", language="en")
    expect(history.locator(".timeline li")).to_have_count(2)
    expect(history.get_by_text("Raised")).to_be_visible()
