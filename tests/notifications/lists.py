"""Lists of contacts as offices hand them in, for tests."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook
from starlette.testclient import TestClient

from services.chassis.auth import Principal
from services.notifications.imports import reading, service
from services.notifications.imports.reading import Report
from tests.conftest import principal

PATH = "/api/notifications/v1/contacts/import"

# As a school's office keeps it: a title, a remark, headings of its own, remarks in the cells.
OFFICE = """2026年春季出国学生登记表,,,,,,,
填表说明：请如实填写,,,,,,,
序号,姓名,电子邮箱（必填）,联系电话,前往国家（地区）,预计出境日期,回国时间,备注
1,王小明,wang@example.com,139 1234 5678,泰国、日本,2027年5月1日,2027/6/30,
2,李 雷,ＬＩ@example.com,１３８１２３４５６７８,英国,2027.9.1,,
3,王小明,wang@example.com,13912345678,"泰国,日本",2027-05-01,46568,重复
4,没有地址,,,法国,,,
5,坏邮箱,not-an-address,12345,火星,31/2/2027,,
6,韩梅梅,,86-13712345678,新西兰,2027/7/1,2027/6/1,
7,,han@example.com,010-65123456,,,,
"""


def workbook(rows: Sequence[Sequence[Any]]) -> bytes:
    """An XLSX with these rows on its first sheet."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def read(data: bytes | str, by: Principal | None = None) -> Report:
    """Hand a list in; its report."""
    who = by or principal("city-editor")
    raw = data.encode() if isinstance(data, str) else data
    return reading.report(who, service.read(who, "list.csv", raw))


def hand_in(browser: TestClient, headers: dict[str, str], data: bytes, **fields: str) -> Any:
    """The same by the call; its answer."""
    return browser.post(
        PATH, headers=headers, files={"file": ("list.csv", data)}, data=fields or None
    )
