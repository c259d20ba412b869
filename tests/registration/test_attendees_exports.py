"""Registrations as files: harmless, whole, and of flat memory however many there are."""

from __future__ import annotations

import csv
import io
import tracemalloc
import uuid
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook
from starlette.testclient import TestClient

from services.chassis import sheets
from services.chassis.crypto import seal
from services.chassis.events import Envelope
from services.chassis.sheets import harmless
from services.registration.attendees import exporting
from services.registration.attendees.exporting import csv_of
from services.registration.attendees.filters import Filters
from services.registration.attendees.selection import Selection
from services.registration.database import database
from tests.conftest import principal
from tests.registration.ground import an_activity, edit, register
from tests.registration.test_attendees import MEAL, ORIGIN

API = "/api/registration/v1"
Headers = Callable[..., dict[str, str]]
MIB = 1024 * 1024

EVIL = ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "＝1+1", "＠SUM"]


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


def table(text: str) -> list[list[str]]:
    assert text.startswith("\ufeff")
    assert "\r\n" in text
    return list(csv.reader(io.StringIO(text[1:], newline="")))


@pytest.mark.parametrize("text", EVIL, ids=range(len(EVIL)))
def test_what_looks_like_a_formula_is_text(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert harmless(f"a{text}") == f"a{text}"


def test_a_formula_in_a_name_stays_a_name_in_both_files(browser: TestClient, key: Headers) -> None:
    activity = an_activity(questions=[MEAL])
    evil = '=HYPERLINK("http://evil.example","x")'
    register(activity, 1, name=evil, phone="13800138000", answers={"meal": "beef"})
    register(activity, 2, name="#N/A")
    place = f"{API}/activities/{activity}/registrations/export"
    answer = browser.get(place, headers=key("city-editor"))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "filename*=UTF-8''" in answer.headers["content-disposition"]
    head, first, second = table(answer.text)
    row = dict(zip(head, first, strict=True))
    assert (row["姓名"], row["电话"], row["用餐"]) == (f"'{evil}", "'+8613800138000", "牛肉")
    assert second[0] == "#N/A"
    answer = browser.get(f"{place}?format=xlsx", headers=key("city-editor"))
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    cells = {cell.value: cell for cell in sheet[2]}
    assert cells[evil].data_type == "s", "text, not a formula"
    assert cells[evil].quotePrefix
    assert cells["+8613800138000"].data_type == "s", "not a number that loses its plus"
    assert next(cell.value for cell in sheet[3]) == "#N/A"
    assert sheet["A3"].data_type == "s"
    assert sheet["B2"].value == 1
    assert sheet["K2"].is_date
    assert sheet["K2"].value.tzinfo is None


def test_who_may_take_a_file_and_that_it_is_noted(
    browser: TestClient,
    key: Headers,
    staff: Headers,
    outbox: Callable[[str], list[Envelope]],
) -> None:
    activity = an_activity()
    mine, _other = register(activity, 1), register(activity, 2)
    place = f"{API}/activities/{activity}/registrations/export"
    assert browser.get(place).status_code == 401
    assert browser.get(place, headers=key("viewer")).status_code == 403
    assert browser.get(place, headers=key("check-in")).status_code == 403
    assert browser.get(place, headers=key("district-editor", "110105")).status_code == 403
    assert browser.get(place, headers=key("district-editor", "110102")).status_code == 200
    [noted] = [event for event in outbox("registration") if event.type == "audit.recorded.v1"]
    assert noted.data["action"] == "activity.registrations-exported"
    assert noted.data["detail"].endswith(": 2, csv")
    pressed = f"/staff/activities/{activity}/registrations/bulk/export"
    browser.cookies = staff("city-editor")
    one = browser.post(
        pressed, data={"act": "csv", "scope": "chosen", "ids": [str(mine.id)]}, headers=ORIGIN
    )
    assert [row[0] for row in table(one.text)[1:]] == ["王小明1"]
    none = browser.post(pressed, data={"act": "csv", "scope": "chosen"}, headers=ORIGIN)
    assert none.status_code == 303
    filtered = browser.post(
        pressed,
        data={"act": "xlsx", "scope": "matching", "filters": "q=%E7%8E%8B%E5%B0%8F%E6%98%8E2"},
        headers=ORIGIN,
    )
    sheet = load_workbook(io.BytesIO(filtered.content)).active
    assert sheet is not None
    assert sheet.max_row == 2
    browser.cookies = staff("check-in")
    assert browser.post(pressed, data={"act": "csv"}, headers=ORIGIN).status_code == 403


def test_headings_are_in_the_reader_s_language(browser: TestClient, staff: Headers) -> None:
    activity = an_activity(questions=[MEAL])
    register(activity, 1, answers={"meal": "none"})
    browser.cookies = staff("city-editor")
    answer = browser.post(
        f"/staff/activities/{activity}/registrations/bulk/export",
        params={"lang": "en"},
        data={"act": "csv", "scope": "matching"},
        headers=ORIGIN,
    )
    head, row = table(answer.text)
    assert head[0] == "Name"
    assert dict(zip(head, row, strict=True))["Meal"] == "None"
    assert "Confirmed" in row, "what is written while the file is sent is in it too"


def crowd(activity: uuid.UUID, number: int) -> None:
    """Many registrations, as one statement."""
    name = seal("王小明")
    with database.transaction() as session:
        session.execute(
            sa.text(
                "INSERT INTO registrations (id, version, activity_id, status, name, language,"
                " party_size, seats_held, answers_json, consents, ticket_code, registered_at)"
                " SELECT gen_random_uuid(), 1, :activity, 'confirmed', :name, 'zh-CN', 1, 1,"
                " :answers, '{}', 'T' || n, now() FROM generate_series(1, :number) AS n"
            ),
            {"activity": activity, "name": name, "answers": seal("{}"), "number": number},
        )
    edit(activity, seats_taken=number)


def most_held(act: Callable[[], Iterator[None]]) -> float:
    """The most memory that an act holds at one time, in MiB."""
    tracemalloc.start()
    try:
        for _ in act():
            pass
        return tracemalloc.get_traced_memory()[1] / MIB
    finally:
        tracemalloc.stop()


def test_many_lines_are_never_held_all_at_once() -> None:
    lines_in_all = 6_000
    activity = an_activity(capacity=None)
    crowd(activity, lines_in_all)
    everyone = Selection("matching", (), Filters())
    wanted = exporting.export(principal("city-editor"), activity, everyone, "csv")
    assert len(wanted.identifiers) == lines_in_all
    next(iter(csv_of(wanted)))  # what the first rows alone need is not counted
    lines = 0

    def pieces() -> Iterator[None]:
        nonlocal lines
        for piece in csv_of(wanted):
            lines += piece.count(b"\r\n")
            yield

    def all_at_once() -> Iterator[None]:
        rows = list(exporting.rows(wanted))
        assert len(rows) == lines_in_all
        yield

    streamed, kept = most_held(pieces), most_held(all_at_once)
    assert lines == lines_in_all + 1
    assert streamed < 3.5
    assert kept > 1.5 * streamed, (streamed, kept)  # the control: who keeps the rows needs more


def test_a_workbook_has_a_bound_and_says_what_to_do_instead(
    browser: TestClient, key: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    activity = an_activity()
    register(activity, 1)
    register(activity, 2)
    monkeypatch.setattr(sheets, "MOST_IN_XLSX", 1)
    place = f"{API}/activities/{activity}/registrations/export"
    refused = browser.get(f"{place}?format=xlsx", headers=key("city-editor"))
    assert (refused.status_code, refused.json()["type"]) == (409, "too-many")
    assert "CSV" in refused.json()["detail"]
    assert len(table(browser.get(place, headers=key("city-editor")).text)) == 3
