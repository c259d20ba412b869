"""Two languages: dates as people say them, names, and what is said where a language is missing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from services.chassis import i18n
from services.chassis.reference import countries, district_name, topic_name

ZONE = "Asia/Shanghai"


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    """Nothing here touches a database; it is the autumn of 2026."""
    with i18n.speaking("zh-CN"), time_machine.travel("2026-11-01T00:00:00Z", tick=False):
        yield


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "chinese", "english"),
    [
        (
            "2026-04-18T06:00",
            "2026-04-18T08:00",
            "4月18日（周六）14:00–16:00",
            "Saturday 18 April, 14:00–16:00",
        ),
        ("2026-04-18T06:00", None, "4月18日（周六）14:00", "Saturday 18 April, 14:00"),
        (
            "2027-01-03T01:05",
            "2027-01-03T02:00",
            "2027年1月3日（周日）09:05–10:00",
            "Sunday 3 January 2027, 09:05–10:00",
        ),
        (  # over midnight in Shanghai, on one day in UTC
            "2026-11-06T15:00",
            "2026-11-06T17:00",
            "11月6日（周五）23:00 – 11月7日（周六）01:00",
            "Friday 6 November, 23:00 – Saturday 7 November, 01:00",
        ),
        (  # over midnight in UTC, on one day in Shanghai
            "2026-11-06T23:00",
            "2026-11-07T01:00",
            "11月7日（周六）07:00–09:00",
            "Saturday 7 November, 07:00–09:00",
        ),
        (
            "2026-12-31T15:00",
            "2026-12-31T17:00",
            "12月31日（周四）23:00 – 2027年1月1日（周五）01:00",
            "Thursday 31 December, 23:00 – Friday 1 January 2027, 01:00",
        ),
    ],
)
def test_a_date_as_people_say_it(start: str, end: str | None, chinese: str, english: str) -> None:
    until = at(end) if end else None
    assert i18n.date_line(at(start), until, ZONE) == chinese
    with i18n.speaking("en"):
        assert i18n.date_line(at(start), until, ZONE) == english


def test_this_year_is_the_one_of_the_zone() -> None:
    with time_machine.travel("2026-12-31T17:00:00Z", tick=False):  # 2027 in Shanghai already
        assert i18n.day(at("2027-01-01T02:00"), ZONE) == "1月1日（周五）"
        assert i18n.day(at("2027-01-01T02:00"), "UTC") == "2027年1月1日（周五）"


@pytest.mark.parametrize("moment", ["2026-10-25T00:30", "2026-10-25T01:30"])
def test_the_hour_that_comes_twice(moment: str) -> None:
    assert i18n.clock(at(moment), "Europe/Paris") == "02:30"


@pytest.mark.parametrize(
    ("value", "chinese", "english"),
    [
        ({"zh-CN": "安全", "en": "Safety"}, "安全", "Safety"),
        ({"zh-CN": "安全"}, "安全", "安全"),
        ({"en": "Safety"}, "Safety", "Safety"),
        ({"zh-CN": "", "en": "Safety"}, "Safety", "Safety"),
        ({"zh-CN": "安全", "en": ""}, "安全", "安全"),
        ({}, "", ""),
        (None, "", ""),
    ],
)
def test_a_text_falls_back_to_the_other_language(
    value: dict[str, str] | None, chinese: str, english: str
) -> None:
    assert i18n.localized(value) == chinese
    assert i18n.localized(value, "en") == english
    with i18n.speaking("en"):
        assert i18n.localized(value) == english
        assert i18n.localized(value, "zh-CN") == chinese


def test_a_language_ends_with_what_was_said_in_it() -> None:
    with i18n.speaking("en"):
        with i18n.speaking("zh-CN"):
            assert i18n.language() == "zh-CN"
        assert i18n.language() == "en"
        with pytest.raises(RuntimeError), i18n.speaking("zh-CN"):
            raise RuntimeError
        assert i18n.language() == "en"
    with i18n.speaking("fr"):
        assert i18n.language() == i18n.DEFAULT_LANGUAGE


def test_a_lazy_message_is_translated_when_it_is_read() -> None:
    message = i18n.lazy("Please use at most %(bound)s characters.", bound=80)
    with i18n.speaking("en"):
        assert str(message) == "Please use at most 80 characters."
    assert "80" in str(message)
    assert str(message) != "Please use at most 80 characters."


def test_a_message_without_chinese_is_said_in_english() -> None:
    assert i18n.gettext("Nobody ever wrote this down.") == "Nobody ever wrote this down."
    assert i18n.ngettext("one seat of these", "many seats of these", 1) == "many seats of these"
    with i18n.speaking("en"):
        assert i18n.ngettext("one seat of these", "many seats of these", 1) == "one seat of these"


def test_a_catalogue_is_compiled_again_when_it_changes(tmp_path: Path) -> None:
    folder = tmp_path / "locale" / "zh_CN" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    source = folder / "messages.po"
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    source.write_text(head + 'msgid "A test"\nmsgstr "一次测试"\n', encoding="utf-8")
    first = i18n._compiled(source)
    assert first.read_bytes() == i18n._compiled(source).read_bytes()
    before = first.stat().st_mtime_ns
    source.write_text(head + 'msgid "A test"\nmsgstr "又一次测试"\n', encoding="utf-8")
    os.utime(source, ns=(before + 10**9, before + 10**9))
    assert "又一次测试".encode() in i18n._compiled(source).read_bytes()
    assert sorted(path.suffix for path in folder.iterdir()) == [".mo", ".po"]


def test_names_of_places_and_topics() -> None:
    assert i18n.country_name("FR") == "法国"
    assert district_name("110102") == "西城区"
    assert topic_name("travel") != "Travelling"
    with i18n.speaking("en"):
        assert i18n.country_name("FR") == "France"
        assert district_name("110102") == "Xicheng"
        assert topic_name("travel") == "Travelling"
    assert i18n.country_name("ZY") == "ZY"
    assert district_name("000000") == "000000"
    assert topic_name("unknown") == "unknown"
    assert district_name(None)


def test_countries_are_countries() -> None:
    assert len(countries()) > 240
    assert countries().isdisjoint({"CN", "EU", "UN", "ZZ", "419"})
    assert {"FR", "US", "HK", "MO", "TW"} <= countries()
