"""A resident answers what an activity asks: on a telephone, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE
from tests.journeys.making import lecture, somebody
from tests.journeys.test_pages import axe, looked_at  # noqa: F401 - a fixture
from tests.stack import Stack

Visit = Callable[..., Page]

QUESTIONS: list[dict[str, Any]] = [
    {
        "id": "going",
        "kind": "choice",
        "label": {"zh-CN": "您近期出国吗？", "en": "Are you going abroad?"},
        "required": True,
        "options": [
            {"value": "yes", "label": {"zh-CN": "近期出国", "en": "Yes, soon"}},
            {"value": "no", "label": {"zh-CN": "暂不出国", "en": "Not now"}},
        ],
    },
    {
        "id": "where",
        "kind": "country",
        "label": {"zh-CN": "去哪个国家？", "en": "To which country?"},
        "required": True,
        "shown_when": {"question": "going", "is": ["yes"]},
    },
]


@dataclass(frozen=True)
class Words:
    """What the form says in one language."""

    abroad: str
    at_home: str
    country: str
    thailand: str
    only_if: str
    register: str
    done: str


WORDS = {
    "zh-CN": Words(
        "近期出国",
        "暂不出国",
        "去哪个国家？",
        "泰国",
        "“您近期出国吗？”选择“近期出国”的人填写。",
        "报名",
        "报名成功",
    ),
    "en": Words(
        "Yes, soon",
        "Not now",
        "To which country?",
        "Thailand",
        "Only if your answer to “Are you going abroad?” is “Yes, soon”.",
        "Register",
        "You are in",
    ),
}


def asking(stack: Stack, key: str) -> dict[str, Any]:
    """A lecture that asks, and wants to know who comes along."""
    return lecture(stack, key, questions=QUESTIONS, asks_children=True, asks_companions=True)


def registered(stack: Stack, activity: dict[str, Any], key: str) -> dict[str, Any]:
    """The one registration of an activity, as staff get it."""
    path = f"/api/registration/v1/activities/{activity['id']}/registrations"
    status, found = stack.call("GET", path, key=key)
    assert status == 200, found
    (one,) = found["items"]
    return dict(one)


def fill(page: Page) -> None:
    page.locator("#field-name").fill("王芳")
    page.locator("#field-email").fill(somebody())
    page.locator("[name='consents.privacy_version']").check()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_what_does_not_apply_is_not_in_the_way(
    visit: Visit,
    house_running: Stack,
    editor: str,
    axe: str,  # noqa: F811
    language: str,
) -> None:
    words = WORDS[language]
    activity = asking(house_running, editor)
    page = visit(f"/activities/{activity['slug']}/register", language=language, size=PHONE)
    country = page.get_by_label(words.country)
    expect(country).to_be_hidden()
    expect(page.locator("[name=children]")).to_be_hidden()
    expect(page.locator("[name=companions]:visible")).to_have_count(0)

    fill(page)
    page.locator("#field-party_size").select_option("3")
    expect(page.locator("[name=companions]:visible")).to_have_count(2)
    page.locator("[name=companions]:visible").nth(1).fill("李雷")
    page.locator("[name=children]").select_option("1")
    page.get_by_label(words.abroad).check()
    expect(country).to_be_visible()
    expect(page.get_by_text(words.only_if)).to_be_hidden()
    assert looked_at(page, language, axe) == []
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})

    # Sent without the country that now is needed: all that was typed is still there.
    page.get_by_role("button", name=words.register).click()
    expect(page.locator(".error-summary a")).to_have_attribute("href", "#field-answers.where")
    expect(page.get_by_label(words.abroad)).to_be_checked()
    expect(page.locator("[name=companions]:visible").nth(1)).to_have_value("李雷")
    page.get_by_label(words.country).select_option(label=words.thailand)
    # What was answered and then no longer applies is not sent.
    page.get_by_label(words.at_home).check()
    expect(page.get_by_label(words.country)).to_be_hidden()
    page.get_by_label(words.abroad).check()
    expect(page.get_by_label(words.country)).to_have_value("TH")
    page.get_by_role("button", name=words.register).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(words.done)

    one = registered(house_running, activity, editor)
    assert one["answers"] == {"going": "yes", "where": "TH"}
    assert (one["party_size"], one["children"], one["companions"]) == (3, 1, ["李雷"])


def test_without_scripts_it_is_said_who_is_asked(
    visit: Visit, house_running: Stack, editor: str
) -> None:
    words = WORDS["zh-CN"]
    activity = asking(house_running, editor)
    page = visit(f"/activities/{activity['slug']}/register", size=PHONE, script=False)
    expect(page.get_by_text(words.only_if)).to_be_visible()
    expect(page.locator("[name=companions]:visible")).to_have_count(3)
    fill(page)
    page.get_by_label(words.at_home).check()
    page.get_by_role("button", name=words.register).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(words.done)
    assert registered(house_running, activity, editor)["answers"] == {"going": "no"}
