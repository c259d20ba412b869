"""Lists of contacts: read as they come, nothing written before somebody says so, undone whole."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.database import utc_now
from services.chassis.i18n import words_of
from services.chassis.problems import Invalid, Problem
from services.notifications.consents.models import Consent
from services.notifications.contacts.models import Contact, Trip
from services.notifications.contacts.service import unsubscribe
from services.notifications.database import database
from services.notifications.imports import files, jobs, reading, retention, service, taking
from services.notifications.imports.basis import BasisIn
from services.notifications.imports.models import ContactImport, ContactImportRow
from tests.conftest import principal
from tests.notifications.broadcasting import approved
from tests.notifications.lists import OFFICE, PATH, hand_in, read, workbook

Client = Callable[..., TestClient]
Headers = Callable[..., dict[str, str]]

LIST = BasisIn(basis="consent", version="登记表2026", agreed_on="2026-03-01")
EMERGENCY = BasisIn(basis="emergency")


@pytest.fixture(autouse=True)
def in_our_words() -> Iterator[None]:
    with words_of("notifications"):
        yield


def contacts() -> list[Contact]:
    with database.transaction() as session:
        found = session.scalars(sa.select(Contact).order_by(Contact.source)).unique().all()
        for one in found:
            assert one.trips is not None
        return list(found)


def count(table: type) -> int:
    with database.transaction() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"], ids=str
)
def test_an_office_s_list_is_understood_whatever_it_was_saved_as(encoding: str) -> None:
    text = OFFICE.replace(",", "\t") if encoding == "utf-16" else OFFICE
    report = read(text.replace('"泰国\t日本"', "泰国、日本").encode(encoding))
    assert [column.holds for column in report.shown.columns] == [
        "", "name", "email", "phone", "countries", "departs_on", "returns_on", "",
    ]  # fmt: skip
    rows = {row.row: row for row in report.rows.items}
    assert {number: row.verdict for number, row in rows.items()} == {
        4: "good", 5: "good", 6: "duplicate", 7: "problem", 8: "problem", 9: "problem", 10: "good",
    }  # fmt: skip
    first = rows[4].understood
    assert (first.email, first.phone) == ("wang@example.com", "+8613912345678")
    assert [(trip.country, str(trip.from_), str(trip.to)) for trip in first.trips] == [
        ("TH", "2027-05-01", "2027-06-30"),
        ("JP", "2027-05-01", "2027-06-30"),
    ]
    assert rows[5].understood.email == "LI@example.com"
    assert rows[6].same_as == 4
    assert {one.field for one in rows[8].problems} == {
        "email", "phone", "countries", "departs_on",
    }  # fmt: skip
    assert rows[9].problems[0].message == "返回日期早于出发日期。"
    assert rows[10].understood.phone is None
    assert "固定电话" in rows[10].notes[0].message
    assert count(Contact) == 0


def test_excel_s_own_ways_of_writing_are_undone_or_refused() -> None:
    report = read(
        workbook(
            [
                ["出境人员名单", None, None],
                ["手机号码", "目的地", "出国日期"],
                [13912345678.0, "泰国曼谷", 46508],
                ['="13812345678"', "TH/JP", 5.1],
                ["1.39E+10", None, None],
                ["13712345678", "韩国", "2027年5月1日至10日"],
                ["a@example.com，13612345678", "韩国", None],
            ]
        )
    )
    rows = {row.row: row for row in report.rows.items}
    assert rows[3].understood.phone == "+8613912345678"
    assert [(one.country, str(one.from_)) for one in rows[3].understood.trips] == [
        ("TH", "2027-05-01")
    ]
    assert "5.10" in rows[4].problems[0].message, "it may be the first or the tenth"
    assert "1.39E+10" in rows[5].problems[0].message
    assert rows[6].verdict == "problem", "two days in a column for one"
    both = rows[7].understood
    assert (both.email, both.phone) == ("a@example.com", "+8613612345678")


def bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in range(3):
            archive.writestr(f"xl/worksheets/sheet{part}.xml", b"0" * 1024 * 1024)
    return buffer.getvalue()


def empty_rows() -> bytes:
    """Few bytes, packed and unpacked, and for a reader an eternity."""
    whole = workbook([["Name", "E-mail"], ["a", "a@example.com"]])
    return rewritten(
        whole, lambda data: data.replace(b"<sheetData>", b"<sheetData>" + b"<row/>" * 9_000)
    )


def encrypted() -> bytes:
    """A workbook whose parts say that they need a password."""
    data = bytearray(workbook([["Name", "E-mail"], ["a", "a@example.com"]]))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = -1
        while (place := data.find(mark, place + 1)) >= 0:
            data[place + flags] |= 1
    return bytes(data)


def spoilt() -> bytes:
    """A workbook with a part that cannot be unpacked."""
    data = bytearray(workbook([["Name", "E-mail"], ["a", "a@example.com"]]))
    start = 30 + data[26]
    data[start : start + 20] = b"\xff" * 20
    return bytes(data)


def rewritten(whole: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A workbook with its first sheet changed."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(made, "w") as target:
        for entry in source.namelist():
            data = source.read(entry)
            target.writestr(entry, change(data) if entry == "xl/worksheets/sheet1.xml" else data)
    return made.getvalue()


def with_entities() -> bytes:
    head = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    whole = workbook([["Name", "E-mail"], ["a", "a@example.com"]])
    return rewritten(whole, lambda data: head + data.replace(b"<v>0</v>", b"<v>&b;</v>"))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(lambda: b" \r\n", "空", id="empty"),
        pytest.param(lambda: b"\xd0\xcf\x11\xe0" + b"\0" * 600, "xls", id="old-excel"),
        pytest.param(lambda: b"\xff\xfe\x00\xd8" * 9, "GB18030", id="no-text"),
        pytest.param(lambda: bytes(range(256)) * 4, "GB18030", id="binary"),
        pytest.param(lambda: b"PK\x03\x04 and no more", "损坏", id="broken-zip"),
        pytest.param(bomb, "解压", id="zip-bomb"),
        pytest.param(empty_rows, "解压", id="many-tags"),
        pytest.param(encrypted, "损坏", id="encrypted"),
        pytest.param(spoilt, "损坏", id="spoilt"),
        pytest.param(with_entities, "不应有的", id="entities"),
        pytest.param("一句话\n另一句话".encode, "表头", id="no-list"),
        pytest.param(lambda: b'E-mail\n"' + b"a" * 200_000, "引号", id="no-end-of-quotation"),
        pytest.param(
            lambda: b"E-mail\n" + b"a@example.com\n" * (files.MOST_ROWS + 30), "1,000", id="long"
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(
    data: Callable[[], bytes], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_UNPACKED", 2 * 1024 * 1024)
    monkeypatch.setattr(files, "MOST_TAGS", 8_000)
    monkeypatch.setattr(files, "MOST_ROWS", 1_000)
    with pytest.raises(Invalid) as caught:
        read(data())
    assert says in str(caught.value.errors[0].message)
    assert count(ContactImport) == count(ContactImportRow) == count(Contact) == 0


def test_it_is_taken_in_once_on_a_ground_and_out_again_whole() -> None:
    with database.transaction() as session:
        unsubscribe(session, "sms", "+8613812345678")
    editor = principal("city-editor")
    report = read(OFFICE, editor)
    assert service.confirm(editor, report.shown.id, LIST).written == 3
    assert service.confirm(editor, report.shown.id, LIST).written == 3, "pressed twice"
    wang, li, _han = sorted(contacts(), key=lambda one: int(one.source.rpartition("/")[2]))
    assert wang.source == f"import/{report.shown.id}/4"
    assert (wang.name, wang.language, wang.wants_broadcasts) == ("王小明", "zh-CN", True)
    assert not wang.email_verified
    assert wang.holder is None
    assert [trip.country for trip in wang.trips] == ["TH", "JP"]
    with database.transaction() as session:
        said = session.execute(
            sa.select(Consent.channel, Consent.what, Consent.given, Consent.version).where(
                Consent.source == li.source
            )
        ).all()
    assert {tuple(one) for one in said} == {
        ("email", "broadcasts", True, "登记表2026"),
        ("email", "emergencies", True, "登记表2026"),
    }, "who stopped broadcasts there is not overruled by a list"
    assert approved(audience={}).counts.total == 3
    again = read(OFFICE, editor)
    assert again.shown.counts.good == 0
    assert again.shown.counts.duplicate == 4
    with pytest.raises(Problem, match="nothing-to-take"):
        service.confirm(editor, again.shown.id, LIST)
    service.undo(editor, report.shown.id)
    assert contacts() == []
    assert count(Trip) == 0
    with database.transaction() as session:
        newest = session.scalars(sa.select(Consent.given).order_by(Consent.at.desc()).limit(3))
        assert list(newest) == [False] * 3
        states = session.execute(sa.text("SELECT DISTINCT state FROM deliveries")).scalars().all()
    assert states == ["cancelled"]


def test_the_file_s_name_stays_as_long_as_a_contact_of_the_list() -> None:
    editor = principal("city-editor")
    taken, aside = (read(f"邮箱,国家\n{name}@example.com,泰国\n", editor) for name in "ab")
    service.confirm(editor, taken.shown.id, EMERGENCY)

    def names() -> list[str | None]:
        retention.forget_old(utc_now() + timedelta(days=2))
        return [one.file_name for one in reversed(reading.listed(editor).items)]

    assert names() == ["list.csv", None], "what nobody took in is forgotten"
    found = reading.report(editor, taken.shown.id)
    assert (found.has_rows, found.left, aside.has_rows) == (False, 1, True)
    with database.transaction() as session:
        session.execute(sa.delete(Contact))
    assert names() == [None, None]


def test_for_emergencies_alone_is_not_for_more_and_does_not_stand_for_it() -> None:
    editor = principal("city-editor")
    text = "邮箱,国家\na@example.com,泰国\n"
    service.confirm(editor, read(text, editor).shown.id, EMERGENCY)
    [only] = contacts()
    assert (only.reachable, only.wants_broadcasts) == (True, False)
    assert service.confirm(editor, read(text, editor).shown.id, LIST).written == 1
    with pytest.raises(Invalid):
        BasisIn(basis="consent")


def two_at_once(text: str) -> int:
    """The same list, handed in and taken in by two people; how many contacts there are then."""
    editor = principal("city-editor")
    before = count(Contact)
    reports = [read(text, editor) for _ in range(2)]
    threads = [
        threading.Thread(target=service.confirm, args=(editor, report.shown.id, LIST))
        for report in reports
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return count(Contact) - before


def test_a_row_of_two_lists_taken_in_at_once_is_one_contact(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert two_at_once("E-mail\na@example.com\n") == 1
    both = threading.Barrier(2, timeout=60)
    known = taking.known

    def both_have_looked(*args: Any) -> Any:
        found = known(*args)
        both.wait()
        return found

    # The control: without the lock both look before either has written.
    monkeypatch.setattr(jobs, "one_at_a_time", lambda _session: None)
    monkeypatch.setattr(taking, "known", both_have_looked)
    assert two_at_once("E-mail\nb@example.com\n") == 2


def test_a_district_hands_in_its_own_people_and_sees_no_other_s_list(
    client: Client, key: Headers
) -> None:
    browser = client("notifications")
    text = "姓名,邮箱,区\n甲,a@example.com,\n乙,b@example.com,西城\n丙,c@example.com,朝阳区\n"
    own = key("district-editor", "110102")
    made = hand_in(browser, own, text.encode())
    assert made.status_code == 201, made.text
    report = made.json()
    assert report["counts"] == {"total": 3, "good": 2, "problem": 1, "duplicate": 0}
    assert report["items"][0]["understood"]["districts"] == ["110102"]
    assert report["items"][2]["problems"][0]["field"] == "districts"
    place = f"{PATH}/{report['id']}"
    assert browser.get(place, headers=key("district-editor", "110105")).status_code == 403
    assert browser.get(place, headers=key("viewer")).status_code == 403
    body = {"basis": "consent"}
    refused = browser.post(f"{place}/confirm", headers=own, json=body)
    assert refused.status_code == 422, refused.text
    assert {one["field"] for one in refused.json()["errors"]} == {"version", "agreed_on"}
    body |= {"version": "表一", "agreed_on": "2026-01-05"}
    taken = browser.post(f"{place}/confirm", headers=own, json=body)
    assert taken.json()["written"] == 2
    gone = browser.post(f"{place}/undo", headers=own)
    assert gone.json()["status"] == "undone"
    assert browser.post(f"{place}/undo", headers=own).status_code == 409


def test_a_program_takes_a_list_in_by_one_call_and_may_repeat_it(
    client: Client, key: Headers
) -> None:
    browser = client("notifications", headers=key("city-editor") | {"Idempotency-Key": "list-1"})
    form = {"columns": '["name", "email"]', "dry_run": "false", "basis": "emergency"}
    file = {"file": ("list.csv", b"First,Second\nLi,li@example.com\n")}
    first, again = (browser.post(PATH, data=form, files=file) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201), again.text
    assert (first.json()["id"], first.json()["written"]) == (again.json()["id"], 1)
    other = browser.post(
        PATH, data=form | {"columns": '["name", "x"]'}, files=file, headers={"Idempotency-Key": "2"}
    )
    assert other.status_code == 422
    assert (count(ContactImport), count(Contact)) == (1, 1), "what is refused leaves nothing"


def test_columns_that_are_not_understood_are_assigned_by_hand(
    client: Client, staff: Headers
) -> None:
    browser = client("notifications", cookies=staff("city-editor"))
    origin = {"Origin": "http://testserver"}
    text = "甲方,乙方,丙方\n=1+1,a@example.com,TH\n王,b@example.com,日本\n"
    place = "/staff/contacts/import"
    posted = {"_once": "1"}
    made = [
        browser.post(
            place, headers=origin, data=posted, files={"file": ("名单.csv", text.encode("gbk"))}
        )
        for _ in range(2)
    ]
    here = made[0].headers["location"]
    assert made[1].headers["location"] == here, "sent twice, handed in once"
    page = browser.get(here)
    assert "每一列是什么内容" in page.text
    columns = {"column.0": "name", "column.1": "email", "column.2": "email"}
    refused = browser.post(f"{here}/columns", headers=origin, data=columns)
    assert refused.status_code == 422
    assert "已有另一列" in refused.text
    columns["column.2"] = "countries"
    assert browser.post(f"{here}/columns", headers=origin, data=columns).status_code == 303
    page = browser.get(f"{here}?only=problem&lang=en")
    assert "A formula stands here" in page.text
    assert "Japan" not in page.text
    file = browser.get(f"{here}/report.csv")
    assert "'=1+1" in file.text, "a spreadsheet program must not run it"
    retention.forget_old(utc_now() + timedelta(days=2))
    assert count(ContactImportRow) == 0
    assert "a@example.com" not in browser.get(here).text
    late = browser.post(f"{here}/confirm", headers=origin, data={"basis": "emergency"})
    assert late.status_code == 409
    assert count(Contact) == 0
