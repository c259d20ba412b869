"""What was told over time, the levels of the world, and the feeds as other programs read them."""

from __future__ import annotations

from datetime import timedelta

import feedparser
import pytest
import time_machine

from services.chassis.database import utc_now
from services.chassis.reference import countries
from services.content.advisories.difference import between
from services.content.advisories.levels import CONTINENT_OF
from services.content.advisories.schemas import AdvisoryIn
from tests.content.conftest import advisory

API = "/api/content/v1/advisories"
FEED = "/api/content/v1/advisories.atom"


def marked(before: str, after: str) -> str:
    """The difference of two texts: ``[-gone-]``, ``[+new+]``."""
    was, now = (
        AdvisoryIn.model_validate(advisory(text={"zh-CN": text}, valid_from="2026-01-01T00:00Z"))
        for text in (before, after)
    )
    signs = {"same": "{}", "gone": "[-{}-]", "new": "[+{}+]"}
    return "".join(
        signs[kind].format(text) for one in between(was, now) for kind, text in one.pieces
    )


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("海况多变。", "海况很差。", "海况[-多变-][+很差+]。"),
        ("stay at home", "stay at work", "stay at [-home-][+work+]"),
        ("一\n二\n三", "一\n三", "一\n[-二\n-]三"),
        ("", "新", "[+新+]"),
        ("同", "同", ""),
    ],
)
def test_a_difference_is_marked_as_a_person_would(before, after, shown):
    assert marked(before, after) == shown


def test_long_texts_are_compared_quickly():
    assert len(marked("的一" * 9_000, "一的" * 9_000)) > 18_000


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_history_is_public_and_says_what_was_new(web, key, published_advisory, language):
    editor = key("city-editor")
    made = published_advisory()
    here = f"{API}/{made['id']}"
    web.patch(here, json={"level": "blue", "headline": {"zh-CN": "雨季请小心"}}, headers=editor)
    web.post(f"{here}/withdraw", json={"reason": "雨季结束"}, headers=editor)
    # What staff write after the withdrawal is theirs until it is published.
    web.patch(here, json={"headline": {"zh-CN": "还没公开"}}, headers=editor)
    found = web.get(f"{here}/versions").json()["items"]
    assert [(one["act"], one["version"]) for one in found] == [
        ("withdrawn", 4),
        ("lowered", 3),
        ("published", 2),
    ]
    page = web.get(f"/advisories/history/{made['id']}", params={"lang": language}).text
    assert "雨季结束" in page
    assert "<del>" in page
    assert "level-blue" in page
    assert "测试员" not in page
    for address in (f"/advisories/history/{made['id']}", here, f"{here}.cap", FEED):
        assert "还没公开" not in web.get(address).text
    assert web.get(f"/advisories/history/{made['id']}".replace("0", "1")).status_code == 404


def test_staff_read_who_stood_for_it(client, staff, published_advisory):
    made = published_advisory(level="red")
    viewer = client("content", cookies=staff("viewer"))
    page = viewer.get(f"/staff/advisories/{made['id']}/history").text
    assert page.count("测试员") >= 2
    draft = viewer.get(f"/staff/advisories/{made['id']}")
    assert "/history" in draft.text


def test_every_country_has_a_continent_and_a_level(web, published_advisory):
    assert set(CONTINENT_OF) == countries()
    published_advisory(level="yellow")
    published_advisory(level="red", region={"zh-CN": "南部", "en": "South"})
    published_advisory(country="JP", level="blue")
    found = {one["country"]: one for one in web.get("/api/content/v1/levels").json()["items"]}
    assert len(found) == len(countries())
    thailand = found["TH"]
    assert (thailand["level"], thailand["highest"]) == ("yellow", "red")
    assert [part["region"]["en"] for part in thailand["parts"]] == ["South"]
    assert thailand["name"] == {"zh-CN": "泰国", "en": "Thailand"}
    assert (found["DE"]["level"], found["DE"]["highest"]) == (None, None)
    for language, word in (("zh-CN", "南部"), ("en", "South")):
        page = web.get("/advisories/world", params={"lang": language})
        assert word in page.text
        assert page.text.count('href="/advisories/') >= len(countries())
    europe = web.get("/advisories/world", params={"continent": "europe", "lang": "zh-CN"}).text
    assert "泰国" not in europe
    assert "德国" in europe


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_reader_of_feeds_understands_them(web, key, published_advisory, language):
    thailand = published_advisory(level="red", headline={"zh-CN": "<b>&红", "en": "<b>&red"})
    published_advisory(country="JP")
    gone = published_advisory(country="FR", level="blue")
    web.post(f"{API}/{gone['id']}/withdraw", json={"reason": "结束"}, headers=key("city-editor"))

    def read(**query):
        answer = web.get(FEED, params=query | {"lang": language})
        found = feedparser.parse(answer.content)
        assert not found.bozo, found.bozo_exception
        assert found.version == "atom10"
        assert found.feed.language == language
        assert found.feed.updated_parsed
        return found

    everything = read()
    assert len(everything.entries) == 3
    entry = next(one for one in everything.entries if one.id == f"urn:uuid:{thailand['id']}")
    assert entry.title_detail.type == "text/plain"
    assert "<b>&" in entry.title
    assert {link.type for link in entry.links} >= {"text/html", "application/cap+xml"}
    assert {tag.term for tag in entry.tags} == {"TH", "red", "take-care"}
    of_country, of_level, of_none = read(country="TH"), read(level="red"), read(country="DE")
    for one in (of_country, of_level):
        assert [found.id for found in one.entries] == [entry.id]
    assert of_none.entries == []
    ids = {one.feed.id for one in (everything, of_country, of_level, of_none)}
    assert len(ids) == 4
    for one in (everything, of_country):
        assert web.get(one.feed.id.removeprefix("http://testserver")).status_code == 200
    assert web.get(FEED, params={"country": "ZZ"}).status_code == 422
    listed = web.get("/advisories", params={"lang": language}).text
    assert "advisories.atom?lang=" in listed


def test_whoever_has_the_newest_feed_is_told_just_that(web, key, published_advisory):
    until = utc_now() + timedelta(days=2)
    made = published_advisory(valid_until=until.isoformat())
    first = web.get(FEED)
    tags = {"If-None-Match": f'"x", W/{first.headers["etag"]}'}
    dates = {"If-Modified-Since": first.headers["last-modified"]}
    for headers in (tags, dates, {"If-None-Match": "*"}):
        same = web.get(FEED, headers=headers)
        assert (same.status_code, same.content) == (304, b"")
        assert same.headers["etag"] == first.headers["etag"]
    # The tag decides where both are given; a date that is none counts for nothing.
    assert web.get(FEED, headers=dates | {"If-None-Match": '"other"'}).status_code == 200
    assert web.get(FEED, headers={"If-Modified-Since": "yesterday"}).status_code == 200
    with time_machine.travel(until + timedelta(minutes=1), tick=False):
        # It left by itself, so the feed is another one, though nobody did anything.
        for headers in (tags, dates):
            assert web.get(FEED, headers=headers).status_code == 200
    with time_machine.travel(utc_now() + timedelta(seconds=2)):
        web.patch(
            f"{API}/{made['id']}", json={"level": "blue"}, headers=key("city-editor")
        ).raise_for_status()
        assert web.get(FEED, headers=dates).status_code == 200
        assert web.get(FEED, headers=tags).status_code == 200
