"""What the rules mean for one broadcast, in sentences for staff: before it is approved, and while
it waits."""

from __future__ import annotations

from datetime import datetime

from services.chassis.i18n import date_line, gettext, ngettext
from services.chassis.reference import city
from services.chassis.settings import settings
from services.notifications.broadcasts.schemas import AudienceOut, BroadcastOut
from services.notifications.digests.service import next_hour
from services.notifications.rules.quiet import quiet_until, spans

_ENDED = ("sent", "cancelled")


def sentences(broadcast: BroadcastOut, reach: AudienceOut | None, now: datetime) -> list[str]:
    """When it goes out, to whom only later, and how often at most, as far as that is special.

    Args:
        reach: ``None`` while it is being drawn up.
        now: with its zone.
    """
    if broadcast.status in _ENDED:
        return []
    if reach is None:
        return _quiet(broadcast, now)
    return [*_quiet(broadcast, now), *_digest(reach, now), *_cap(broadcast, reach)]


def _quiet(broadcast: BroadcastOut, now: datetime) -> list[str]:
    zone = city().timezone
    wanted = max(now, broadcast.send_at or now)
    end = quiet_until(broadcast.urgency, wanted)
    if end is None:
        return [
            gettext("It would wait during the quiet hours, %(span)s.") % {"span": span}
            for urgency, span in spans()
            if urgency == broadcast.urgency
        ]
    at = date_line(end, None, zone)
    if broadcast.expires_at is not None and broadcast.expires_at <= end:
        return [
            gettext(
                "Nothing would go out: the quiet hours last until %(at)s, and then it is too late."
            )
            % {"at": at}
        ]
    return [gettext("Quiet hours: it goes out from %(at)s on.") % {"at": at}]


def _digest(reach: AudienceOut, now: datetime) -> list[str]:
    if not reach.gathered:
        return []
    zone = city().timezone
    waiting = ngettext(
        "%(count)s message waits for a digest: the next daily one goes at %(daily)s, the next "
        "weekly one at %(weekly)s.",
        "%(count)s messages wait for a digest: the next daily one goes at %(daily)s, the next "
        "weekly one at %(weekly)s.",
        reach.gathered,
    )
    return [
        waiting
        % {
            "count": reach.gathered,
            "daily": date_line(next_hour("daily", now), None, zone),
            "weekly": date_line(next_hour("weekly", now), None, zone),
        }
    ]


def _cap(broadcast: BroadcastOut, reach: AudienceOut) -> list[str]:
    limit = settings().routine_cap
    if not limit or broadcast.urgency != "routine" or not reach.excluded.capped:
        return []
    return [
        gettext(
            "%(count)s left out: nobody gets more than %(limit)s routine broadcasts in %(days)s "
            "days."
        )
        % {
            "count": reach.excluded.capped,
            "limit": limit,
            "days": settings().routine_cap_days,
        }
    ]
