"""Words: what finds an activity, in which order, and what nobody should be able to break."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.i18n import speaking
from services.registration.activities import catalogue
from services.registration.activities.models import Activity
from services.registration.catalogue import search
from services.registration.catalogue.filters import Filters
from services.registration.database import database
from tests.registration.ground import an_activity
from tests.registration.making import API, in_days, made

Key = Callable[..., dict[str, str]]


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


def slugs(words: str) -> list[str]:
    return [one.slug for one in catalogue.list_activities(Filters(words=words)).items]


@pytest.fixture
def programme(browser: TestClient, key: Key) -> TestClient:
    """A lecture in Xicheng about Thailand, and an exhibition in Tongzhou about Côte d'Ivoire."""
    made(
        browser,
        key,
        title={"zh-CN": "研究生出国安全课", "en": "Safety lectures for graduates"},
        summary={"zh-CN": "防范电信诈骗，护照丢了怎么办。", "en": "What to do about fraud."},
        countries=["TH"],
        topics=["fraud"],
    )
    made(
        browser,
        key,
        kind="exhibition",
        title={"zh-CN": "平安回家", "en": "Home safe"},
        summary={
            "zh-CN": "一百个安全出行的故事。",
            "en": "A hundred stories of the COVID-19 years.",
        },
        district="110112",
        venue={"name": {"zh-CN": "朗南社区"}, "address": {}},
        countries=["CI"],
        topics=["health"],
        languages=["zh-CN", "en"],
        starts_at=in_days(3),
        ends_at=in_days(4),
    )
    return browser


LECTURE, SHOW = "safety-lectures-for-graduates", "home-safe"


FOUND: list[tuple[str, set[str]]] = [
    # Chinese: words, parts of words, one sign, words that do not stand together.
    ("安全课", {LECTURE}),
    ("安全", {LECTURE, SHOW}),
    ("出国安全", {LECTURE}),
    ("平安", {SHOW}),
    ("朗", {SHOW}),
    ("国", {LECTURE}),  # of 出国 and of 泰国
    ("护照诈骗", {LECTURE}),
    ("护照 诈骗", {LECTURE}),
    ("护照，诈骗？", {LECTURE}),
    ("我想了解泰国的诈骗", set()),  # 了解 stands nowhere
    ("我想去泰国", {LECTURE}),
    # 研究生 and 出国: the pair in between is no word, and yet it stands in the text.
    ("生出", {LECTURE}),
    ("课研", set()),
    # English: beginnings, plurals, accents, case, width, small words.
    ("lecture", {LECTURE}),
    ("Lectures", {LECTURE}),
    ("story", {SHOW}),
    ("SAFE", {LECTURE, SHOW}),
    ("ｓａｆｅ　ｈｏｍｅ", {SHOW}),
    ("the years of covid", {SHOW}),
    ("covid-19", {SHOW}),
    ("fety", set()),
    # Mixed.
    ("安全 graduates", {LECTURE}),
    ("fraud平安", set()),
    # Names: countries, districts, topics, kinds, languages; in both languages.
    ("泰国", {LECTURE}),
    ("thailand", {LECTURE}),
    ("cote d’ivoire", {SHOW}),
    ("科特迪瓦", {SHOW}),
    ("通州", {SHOW}),
    ("tongzhou", {SHOW}),
    ("Xicheng", {LECTURE}),
    ("展览", {SHOW}),
    ("exhibitions", {SHOW}),
    ("health", {SHOW}),
    ("英文", {SHOW}),
]


def test_words(programme: TestClient) -> None:
    wrong = {words: found for words, expected in FOUND if (found := set(slugs(words))) != expected}
    assert wrong == {}


HOSTILE = [
    "' OR 1=1 --", "安全' | '", "!安全", "安全:*", "a & b | !c", "<->", "\\", "\\'安全", "(((",
    ":A", "'':*", "%", "_", "\ud800", "\x00", "𠮷野家", "🦆", "ﷺ", "é" * 200, "安" * 100,
    "a " * 60, "1#安全", "#2",
]  # fmt: skip


def test_no_word_breaks_the_query(programme: TestClient) -> None:
    for words in HOSTILE:
        assert len(slugs(words)) <= 2
        # A lone surrogate cannot be sent.
        text = words.encode("utf-8", "replace").decode()
        assert programme.get("/activities", params={"q": text}).status_code == 200, words


def test_marks_and_the_way_of_indexing_are_not_found(programme: TestClient) -> None:
    assert slugs("1#安全") == []  # the digit stands nowhere
    assert slugs("#2") == []


def test_punctuation_alone_does_not_narrow(programme: TestClient) -> None:
    assert set(slugs("？！…")) == {LECTURE, SHOW}


def test_the_title_comes_before_the_place_and_the_place_before_the_text(
    browser: TestClient, key: Key
) -> None:
    for days, slug, changes in (
        (2, "text", {"summary": {"zh-CN": "在通州演讲"}}),
        (3, "place", {"district": "110112"}),
        (4, "title", {"title": {"zh-CN": "通州专场", "en": "title"}}),
        (5, "title-later", {"title": {"zh-CN": "又到通州", "en": "title later"}}),
    ):
        made(
            browser,
            key,
            **{"title": {"en": slug}, "starts_at": in_days(days), "ends_at": in_days(days + 0.1)}
            | changes,
        )
    expected = ["title", "title-later", "place", "text"]
    assert slugs("通州") == expected
    # The same order over several pages.
    seen, cursor = [], None
    while True:
        page = browser.get(
            f"{API}/activities",
            params={"q": "通州", "limit": 1} | ({"cursor": cursor} if cursor else {}),
        ).json()
        seen += [one["slug"] for one in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == expected
    # A cursor of a list in another order is none of this one.
    first = browser.get(f"{API}/activities", params={"limit": 1}).json()
    again = {"q": "通州", "cursor": first["next_cursor"]}
    assert browser.get(f"{API}/activities", params=again).status_code == 400


def test_an_edit_is_found_at_once_and_what_it_replaced_is_not(
    browser: TestClient, key: Key
) -> None:
    activity = made(browser, key)
    answer = browser.patch(
        f"{API}/activities/{activity['id']}",
        json={"title": {"zh-CN": "护照专场"}, "countries": ["KE"]},
        headers=key("city-editor"),
    )
    assert answer.status_code == 200, answer.text
    for words in ("护照专场", "肯尼亚", "kenya"):
        assert slugs(words) == [activity["slug"]], words
    for words in ("泰国", "before you leave"):
        assert slugs(words) == [], words


def test_what_is_stored_without_words_gets_them(browser: TestClient) -> None:
    first, second = an_activity(), an_activity(search="'#0' '旧'")
    assert slugs("陶然亭") == []
    before = _stored(first).updated_at
    assert search.index_stored() == 2
    assert search.index_stored() == 0
    assert len(slugs("陶然亭")) == 2
    assert slugs("旧") == []
    assert _stored(first).updated_at == before, "indexing is no edit"
    assert _stored(second).version == 1


def test_the_words_do_not_depend_on_the_language_of_the_moment(browser: TestClient) -> None:
    activity = _stored(an_activity())
    with speaking("en"):
        english = search.lexemes(activity)
    assert sorted(english.split()) == sorted(search.lexemes(activity).split())


def test_a_staff_list_finds_drafts(browser: TestClient, key: Key) -> None:
    draft = made(browser, key, publish=False)
    query: dict[str, Any] = {"status": "draft", "q": "thailand"}
    answer = browser.get(f"{API}/activities", params=query, headers=key("viewer"))
    assert [one["slug"] for one in answer.json()["items"]] == [draft["slug"]]
    assert slugs("thailand") == []


def _stored(activity_id: uuid.UUID) -> Activity:
    with database.transaction() as session:
        return session.scalars(sa.select(Activity).where(Activity.id == activity_id)).one()
