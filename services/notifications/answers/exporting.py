"""The answers to a broadcast as a file: a list to telephone by, the urgent ones first."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from services.chassis.auth import Principal
from services.chassis.i18n import gettext as _
from services.chassis.lists import LARGEST_LIMIT
from services.chassis.sheets import Format, Value, must_fit
from services.notifications.answers.labels import GROUP_NAMES, VIA_NAMES
from services.notifications.answers.reading import GROUPS, AnswerLine, Group, count, listed
from services.notifications.broadcasts import reading as broadcasts
from services.notifications.delivery.labels import CHANNEL_NAMES


def export(
    principal: Principal, broadcast_id: uuid.UUID, form: Format, only: Group | None = None
) -> tuple[str, list[str], Iterator[list[Value]]]:
    """Everybody who was asked, or one group, with names and addresses; who took it is noted.

    Returns:
        What the file is called, the headings, and the rows as they are read. Times are local to
        the broadcast's zone.

    Raises:
        NotFound, Problem: there is no such broadcast, or it is another district's; 409
            ``too-many`` for a workbook.
    """
    broadcast = broadcasts.read(principal, broadcast_id)
    counts = count(principal, broadcast_id)
    groups = [only] if only else list(GROUPS)
    number = sum(getattr(counts, group) for group in groups)
    must_fit(number, form)
    broadcasts.note_opened(principal, broadcast_id, f"answers, {number}, {form}")
    what = str(GROUP_NAMES[only]) if only else _("Their answers")
    heads = [
        _("Answer"),
        _("Name"),
        _("Organisation"),
        _("Receives for how many people"),
        _("Channel"),
        _("Address"),
        _("What they wrote"),
        _("Reached"),
        _("Safe"),
        _("Need help"),
        _("Answered at"),
        _("Answered by"),
    ]
    zone = ZoneInfo(broadcast.timezone)
    return f"{broadcast.title} – {what}", heads, _rows(principal, broadcast_id, groups, zone)


def _rows(
    principal: Principal, broadcast_id: uuid.UUID, groups: Sequence[Group], zone: ZoneInfo
) -> Iterator[list[Value]]:
    """A page at a time, each in a transaction of its own: a slow download holds none."""
    for group in groups:
        cursor: str | None = None
        while True:
            page = listed(
                principal, broadcast_id, group, opened=True, cursor=cursor, limit=LARGEST_LIMIT
            )
            yield from (_row(group, line, zone) for line in page.items)
            cursor = page.next_cursor
            if cursor is None:
                break


def _row(group: Group, line: AnswerLine, zone: ZoneInfo) -> list[Value]:
    at = line.answered_at
    return [
        str(GROUP_NAMES[group]),
        line.name,
        line.organisation,
        line.group_size,
        str(CHANNEL_NAMES[line.channel]),
        line.address,
        line.note,
        line.reached,
        line.safe,
        line.need_help,
        at.astimezone(zone).replace(tzinfo=None) if at else None,
        str(VIA_NAMES[line.via]) if line.via else None,
    ]
