"""Finding the headings of a list, and what each column holds.

Lists come with a title above, remarks in brackets, and many words for the same thing. A heading is
understood when it *is* one of the known words, or else when it *has* one that says enough.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.chassis.i18n import Lazy, lazy
from services.notifications.imports.files import Cell, Line

# What a column may hold, in the order in which a form offers it.
FIELDS: Final[dict[str, Lazy]] = {
    "name": lazy("Name"),
    "email": lazy("E-mail"),
    "phone": lazy("Telephone"),
    "organisation": lazy("Organisation"),
    "organisation_kind": lazy("Kind of organisation"),
    "relays_for": lazy("Receives for how many people"),
    "districts": lazy("Districts"),
    "countries": lazy("Countries"),
    "departs_on": lazy("Leaves on"),
    "returns_on": lazy("Returns on"),
    "period": lazy("Leaves and returns, in one cell"),
    "topics": lazy("Topics"),
    "language": lazy("Language"),
}
ADDRESSES: Final = ("email", "phone")

# Words that are the heading, and words that are enough within one. Earlier fields win, so that
# 联系人电话 is a telephone number and not a name.
_WORDS: Final[tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]] = (
    (
        "email",
        ("mail", "邮件", "联系邮箱"),
        ("邮箱", "电子邮件", "电邮", "email", "mailbox"),
    ),
    (
        "phone",
        ("联系方式", "tel", "cell", "contactnumber"),
        ("手机", "电话", "mobile", "phone", "cellular"),
    ),
    (
        "relays_for",
        ("人数", "headcount", "people", "groupsize"),
        ("代表人数", "转达人数", "覆盖人数", "团组人数", "人员数量", "numberofpeople", "relaysfor"),
    ),
    (
        "organisation_kind",
        ("类别", "kind"),
        (
            "单位类型", "单位性质", "单位类别", "机构类型", "机构类别", "企业类型",
            "organisationkind", "organizationkind", "organisationtype", "organizationtype",
            "kindoforganisation",
        ),
    ),
    (
        "period",
        ("行程", "period", "dates"),
        (
            "出行时间", "行程时间", "行程日期", "起止", "出国时间", "出境时间", "在外时间",
            "出访时间",
            "traveldates", "travelperiod",
        ),
    ),
    (
        "departs_on",
        ("from", "departs", "departure", "开始日期", "start", "leaves"),
        (
            "出发", "出境日", "出国日", "离境", "启程", "赴外", "去程", "起飞", "departure",
            "departson", "leaveson", "startdate", "departuredate", "出行日期",
        ),
    ),
    (
        "returns_on",
        ("to", "until", "return", "returns", "结束日期", "end"),
        (
            "返回", "回国", "入境", "返程", "返京", "归国", "回程", "returndate", "returnson",
            "enddate", "backon",
        ),
    ),
    (
        "districts",
        ("区", "区县", "district", "districts"),
        ("所在区", "城区", "所属区", "属地", "居住区", "辖区", "行政区"),
    ),
    (
        "countries",
        ("国家", "国别", "countries", "country"),
        (
            "目的地", "目的国", "country", "前往国", "前往地", "派驻", "留学国", "出访国",
            "所在国", "国家",
            "destination", "destinations", "destinationcountry",
        ),
    ),
    (
        "language",
        ("语言", "language"),
        ("语种", "首选语言", "preferredlanguage"),
    ),
    (
        "topics",
        ("主题", "topics", "topic"),
        ("关注主题", "关注内容", "关注领域"),
    ),
    (
        "organisation",
        (
            "单位", "公司", "学校", "企业", "机构", "组织", "organisation", "organization",
            "company", "school", "employer", "institution",
        ),
        (
            "单位名称", "工作单位", "所在单位", "所属单位", "派出单位", "公司名称", "企业名称",
            "学校名称", "机构名称", "就读学校", "companyname", "schoolname", "organisationname",
            "organizationname",
        ),
    ),
    (
        "name",
        ("名字", "联系人", "负责人", "name", "contact", "contactperson", "人员"),
        ("姓名", "联系人", "fullname"),
    ),
)  # fmt: skip

_REMARK: Final = re.compile(r"\([^)]*\)|\[[^\]]*\]|【[^】]*】")
_NOISE: Final = re.compile(r"[\s*:：._/\-、，,;；#'\"“”]+")
# Somebody else's address, who agreed to nothing.
_OTHERS: Final = ("紧急", "emergency")
_LOOKS_LIKE_ADDRESS: Final = re.compile(
    r"[^@\s]+@[^@\s]+\.[^@\s]+|(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}"
)
# The headings stand among the first rows, under a title, a remark and a date at most.
_LOOK_AT: Final = 15
_LONGEST_HEAD: Final = 24


@dataclass(frozen=True)
class Layout:
    """Where what stands.

    Attributes:
        heads: the headings; empty texts where there are none.
        columns: what each holds, by the names of :data:`FIELDS`; ``""`` for nothing.
        body: which line is the first contact, counted in the lines that were given.
    """

    heads: list[str]
    columns: list[str]
    body: int


def field_of(head: str, *, surely: bool = False) -> str:
    """What a column with this heading holds; ``""`` when it cannot be told.

    Args:
        surely: only when the heading is one of the known words, remarks left out.
    """
    plain = _NOISE.sub("", _REMARK.sub("", unicodedata.normalize("NFKC", head).casefold()))
    if not plain or len(plain) > _LONGEST_HEAD or any(word in plain for word in _OTHERS):
        return ""
    for field, exact, within in _WORDS:
        if plain in exact or plain in within:
            return field
    if surely:
        return ""
    for field, _exact, within in _WORDS:
        if any(word in plain for word in within):
            return field
    return ""


def columns_of(heads: Sequence[str]) -> list[str]:
    """What each column holds. Of two that would hold the same, the one that surely does."""
    columns = [field_of(head, surely=True) for head in heads]
    seen: set[str] = set()
    for place, field in enumerate(columns):
        columns[place] = "" if field in seen else field
        seen.add(field)
    for place, head in enumerate(heads):
        if not columns[place] and (field := field_of(head)) not in seen:
            columns[place] = field
            seen.add(field)
    return columns


def layout_of(lines: Sequence[Line]) -> Layout | None:
    """Where the headings stand and what the columns hold.

    Without headings that we understand, the row above the first address is taken for them, so
    that somebody can say what each column holds.

    Returns:
        ``None`` when neither headings nor addresses are anywhere near the beginning.
    """
    width = max(len(line.cells) for line in lines)
    best, body = 0, 0
    for place, line in enumerate(lines[:_LOOK_AT]):
        found = {field_of(text) for text in _texts(line.cells, width)} - {""}
        if len(found) > best and (len(found) > 1 or found & {*ADDRESSES}):
            best, body = len(found), place + 1
    if body:
        heads = _texts(lines[body - 1].cells, width)
        return Layout(heads, columns_of(heads), body)
    for place, line in enumerate(lines[:_LOOK_AT]):
        if any(_LOOKS_LIKE_ADDRESS.search(text) for text in _texts(line.cells, width)):
            above = lines[place - 1].cells if place else []
            named = sum(cell is not None for cell in above) > 1
            heads = _texts(above if named else [], width)
            return Layout(heads, [""] * width, place)
    return None


def _texts(cells: Sequence[Cell], width: int) -> list[str]:
    found = ["" if cell is None else str(cell)[:100] for cell in cells]
    return found + [""] * (width - len(found))
