"""Every sentence that a person can read is there in Chinese."""

from __future__ import annotations

import functools
import string
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from services import house

# The development inbox keeps its own words: it runs when nothing else does.
INBOX = "chassis/devmail"
PACKAGES = ("chassis", INBOX, *house.SERVICES)
METHODS = [
    ("**/templates/**.html", "jinja2"),
    ("**/templates/**.txt", "jinja2"),
    ("**.py", "python"),
]
KEYWORDS = {"_": None, "gettext": None, "lazy": None, "refuse": None, "ngettext": (1, 2)}
JINJA = {"silent": "false", "extensions": "jinja2.ext.do,jinja2.ext.loopcontrols"}
OPTIONS = {pattern: JINJA for pattern, method in METHODS if method == "jinja2"}


@functools.cache
def said(package: str) -> list[tuple[str, str]]:
    """Every message of a package: where it stands, and its id (the first of a plural's)."""
    return [
        (f"{file}:{line}", message if isinstance(message, str) else message[0])
        for file, line, message, _comments, _context in extract_from_dir(
            house.ROOT / package, METHODS, OPTIONS, KEYWORDS
        )
        if not (package == "chassis" and file.startswith("devmail/"))
    ]


@functools.cache
def catalogue(package: str) -> dict[str, str]:
    merged: dict[str, str] = {}
    for file in files(package):
        found = entries(file)
        assert not merged.keys() & found.keys(), f"{file.name} says again what another file says"
        merged |= found
    return merged


def files(package: str) -> list[Path]:
    return sorted((house.ROOT / package / "locale" / "zh_CN" / "LC_MESSAGES").glob("*.po"))


def entries(file: Path) -> dict[str, str]:
    with file.open("rb") as source:
        found = read_po(source, locale="zh_CN")
    return {
        (message.id if isinstance(message.id, str) else message.id[0]): (
            message.string if isinstance(message.string, str) else message.string[0]
        )
        for message in found
        if message.id and not message.fuzzy
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_every_message_has_its_chinese(package: str) -> None:
    known = {**catalogue("chassis"), **catalogue(package)}
    missing = {message: place for place, message in said(package) if not known.get(message)}
    assert missing == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_both_languages_take_the_same_values(package: str) -> None:
    for english, chinese in catalogue(package).items():
        names = {part.partition(")")[0] for part in english.split("%(")[1:]}
        given = {part.partition(")")[0] for part in chinese.split("%(")[1:]}
        assert given <= names, f"{english!r} → {chinese!r}"


@pytest.mark.parametrize("package", PACKAGES)
def test_no_message_is_left_over(package: str) -> None:
    used = {message for _, message in said(package)}
    assert set(catalogue(package)) - used == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_the_chinese_is_chinese_and_calm(package: str) -> None:
    letters = set(string.ascii_letters)
    for english, chinese in catalogue(package).items():
        assert "！" not in chinese and "!" not in chinese, chinese
        if english == chinese:
            assert not (set(english) & letters) or len(english.split()) <= 3, english


@pytest.mark.parametrize("package", [package for package in PACKAGES if package != "chassis"])
def test_a_service_does_not_say_the_frame_s_words_otherwise(package: str) -> None:
    """The frame stands around every page, so what it says must not change with the service."""
    frame, own = catalogue("chassis"), catalogue(package)
    otherwise = {
        message: (frame[message], own[message])
        for message in frame.keys() & own.keys()
        if frame[message] != own[message]
    }
    assert otherwise == {}
