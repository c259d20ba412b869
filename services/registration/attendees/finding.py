"""Finding registrations. What PostgreSQL can tell it tells; what is encrypted is read here.

Rows are read through a server-side cursor and forgotten one by one. What is kept is their ids in
order: some ten megabytes for a hundred thousand.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.registration.activities.models import Activity
from services.registration.attendees.filters import Filters
from services.registration.questions.columns import cell
from services.registration.registrations.models import Registration
from services.registration.registrations.tickets import normal

_AT_ONCE: Final = 1000
# Fewer digits would be in every other telephone number.
_FEWEST_DIGITS: Final = 4

_ORDERS: Final[dict[str, tuple[sa.SQLColumnExpression[Any], ...]]] = {
    "latest": (Registration.id.desc(),),
    "party": (Registration.party_size.desc(), Registration.id),
    "waiting": (Registration.waiting_since.nulls_last(), Registration.id),
}

Row = sa.Row[Any]


def matching(session: Session, activity: Activity, filters: Filters) -> list[uuid.UUID]:
    """The ids of an activity's registrations that match, in the order that is asked for."""
    tests = _tests(activity, filters)
    by_name = filters.sort == "name"
    columns: list[Any] = [Registration.id]
    if filters.q or by_name:
        columns += [
            Registration.name,
            Registration.email,
            Registration.phone,
            Registration.companions_json,
            Registration.ticket_code,
        ]
    if filters.question:
        columns.append(Registration.answers_json)
    query = (
        sa.select(*columns)
        .where(Registration.activity_id == activity.id, *conditions(filters))
        .order_by(*_ORDERS.get(filters.sort, (Registration.id,)))
    )
    rows: Iterator[Row] = iter(session.execute(query.execution_options(yield_per=_AT_ONCE)))
    kept = (row for row in rows if all(test(row) for test in tests))
    if by_name:
        return [
            identifier for _, identifier in sorted((name_key(row.name), row.id) for row in kept)
        ]
    return [row.id for row in kept]


def name_key(name: str) -> tuple[bytes, str]:
    """What names are sorted by: Latin letters first, then Chinese by their sound.

    GB 18030 keeps the 3,755 commonest characters in the order of their pinyin (GB/T 2312, level
    1), which is how people look for a name on paper; the rarer ones follow by radical.
    """
    return name.casefold().encode("gb18030", "replace"), name


def conditions(filters: Filters) -> list[sa.SQLColumnExpression[bool]]:
    """What of the filters PostgreSQL can tell by itself."""
    found: list[sa.SQLColumnExpression[bool]] = []
    if filters.status:
        found.append(Registration.status == filters.status)
    if filters.came == "yes":
        found.append(Registration.checked_in_at.is_not(None))
    elif filters.came == "no":
        found += [Registration.status == "confirmed", Registration.checked_in_at.is_(None)]
    if filters.asked:
        found += [Registration.status == "confirmed", Registration.asked_at.is_not(None)]
    if filters.failed:
        found.append(Registration.contact_failed)
    if filters.source:
        found.append(Registration.source == filters.source)
    return found


def _tests(activity: Activity, filters: Filters) -> list[Callable[[Row], bool]]:
    tests: list[Callable[[Row], bool]] = []
    if filters.q:
        tests.append(_has_words(filters.q))
    if filters.question:
        question = next(
            (one for one in activity.questions if one.get("id") == filters.question), None
        )
        tests.append(_has_answer(filters.question, question, filters.answer))
    return tests


def _has_words(words: str) -> Callable[[Row], bool]:
    sought = words.casefold()
    code = normal(words)
    digits = "".join(sign for sign in words if sign.isdigit())
    is_number = len(digits) >= _FEWEST_DIGITS and not any(sign.isalpha() for sign in words)

    def test(row: Row) -> bool:
        if sought in row.name.casefold() or (row.email and sought in row.email.casefold()):
            return True
        if row.phone and (sought in row.phone or (is_number and digits in row.phone)):
            return True
        if row.ticket_code == code:
            return True
        companions = json.loads(row.companions_json or "[]")
        return any(sought in name.casefold() for name in companions)

    return test


def _has_answer(
    identifier: str, question: Mapping[str, Any] | None, words: str
) -> Callable[[Row], bool]:
    sought = words.casefold()

    def test(row: Row) -> bool:
        answers = json.loads(row.answers_json)
        if identifier not in answers:
            return False
        answer = answers[identifier]
        said = str(answer) if question is None else cell(question, answer)
        return sought in said.casefold()

    return test
