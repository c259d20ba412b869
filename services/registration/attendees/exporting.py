"""An activity's registrations as a file for a spreadsheet program: CSV or XLSX.

Rows are read and written some hundred at a time, each time in a transaction of its own, so that a
hundred thousand need no more memory than a hundred, and a slow download holds no connection.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.chassis import sheets
from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import gettext as _
from services.chassis.i18n import localized
from services.chassis.sheets import Format, Value, must_fit
from services.registration.activities import acts
from services.registration.activities.catalogue import covered
from services.registration.activities.models import Activity
from services.registration.attendees.selection import Selection
from services.registration.attendees.words import SOURCE_NAMES
from services.registration.database import database
from services.registration.questions.columns import cell, columns
from services.registration.registrations import seats
from services.registration.registrations.models import STATUS_NAMES, Registration
from services.registration.registrations.tickets import spaced

AT_ONCE: Final = 500


@dataclass(frozen=True)
class Column:
    """One column: its heading, and what stands in it for a registration. Times are local."""

    heading: str
    of: Callable[[Registration], Value]


@dataclass(frozen=True)
class Export:
    """What is to be written, in the language of the moment."""

    name: str
    columns: Sequence[Column]
    identifiers: Sequence[uuid.UUID]


def export(
    principal: Principal, activity_id: uuid.UUID, selection: Selection, form: Format
) -> Export:
    """Prepare a file of the registrations that are selected, and note who took it.

    Raises:
        Problem: 404; 403 for another district's activity; 409 ``too-many`` for a workbook.
    """
    with database.transaction() as session:
        activity = covered(session, principal, activity_id)
        identifiers = selection.of(session, activity)
        must_fit(len(identifiers), form)
        acts.note(
            session,
            principal,
            "activity.registrations-exported",
            activity,
            f"{activity.slug}: {len(identifiers)}, {form}",
        )
        return Export(_name(activity), columns_of(activity), identifiers)


def _name(activity: Activity) -> str:
    day = utc_now().astimezone(ZoneInfo(activity.timezone))
    title = "".join(
        sign if sign.isalnum() or sign in "-_ " else " " for sign in localized(activity.title)
    )
    return f"{' '.join(title.split())[:60]} {day:%Y-%m-%d}"


def columns_of(activity: Activity) -> list[Column]:
    """The columns of an activity's list, its questions last."""
    zone = ZoneInfo(activity.timezone)

    def local(moment: datetime | None) -> datetime | None:
        """Spreadsheet programs know no zones: the hour at the place, whole seconds."""
        if moment is None:
            return None
        return moment.astimezone(zone).replace(tzinfo=None, microsecond=0)

    found = [
        Column(_("Name"), lambda row: row.name),
        Column(_("Party"), lambda row: row.party_size),
        Column(_("Of them children"), lambda row: row.children),
        Column(_("Companions"), lambda row: _(", ").join(row.companions)),
        Column(_("Status"), lambda row: str(STATUS_NAMES[row.state])),
        Column(_("Ticket code"), lambda row: spaced(row.ticket_code)),
        Column(_("E-mail"), lambda row: row.email),
        Column(_("Telephone"), lambda row: row.phone),
        Column(_("Language"), lambda row: row.language),
        Column(_("How registered"), lambda row: str(SOURCE_NAMES[row.source])),
        Column(_("Registered"), lambda row: local(row.registered_at)),
        Column(_("Checked in"), lambda row: local(row.checked_in_at)),
        Column(_("Cancelled on"), lambda row: local(row.cancelled_at)),
        Column(_("A message did not arrive"), lambda row: _("Yes") if row.contact_failed else ""),
    ]
    questions = {question.get("id"): question for question in activity.questions}
    return found + [
        Column(heading, _answer(questions[identifier], identifier))
        for identifier, heading in columns(activity.questions)
    ]


def _answer(question: dict[str, Any], identifier: str) -> Callable[[Registration], Value]:
    def of(row: Registration) -> Value:
        answers = row.answers
        return cell(question, answers[identifier]) if identifier in answers else ""

    return of


def rows(wanted: Export) -> Iterator[list[Value]]:
    """The rows, read :data:`AT_ONCE` at a time, as they are at that moment."""
    for start in range(0, len(wanted.identifiers), AT_ONCE):
        batch = wanted.identifiers[start : start + AT_ONCE]
        with database.transaction() as session:
            found = seats.read_fresh(session, batch)
        for registration in found:
            yield [column.of(registration) for column in wanted.columns]


def csv_of(wanted: Export) -> Iterator[bytes]:
    """The file as CSV."""
    return sheets.csv_of([column.heading for column in wanted.columns], rows(wanted))


def xlsx_of(wanted: Export) -> Iterator[bytes]:
    """The file as XLSX."""
    return sheets.xlsx_of([column.heading for column in wanted.columns], rows(wanted))
