"""Trips as people say them."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from services.chassis.i18n import day
from services.chassis.i18n import gettext as _
from services.chassis.reference import city


def said(when: date) -> str:
    """A day: ``4月18日（周六）`` or ``Saturday 18 April``."""
    zone = city().timezone
    return day(datetime.combine(when, time(12), ZoneInfo(zone)), zone)


def days_of(departs_on: date, returns_on: date | None) -> str:
    """From when to when, or from when on."""
    if returns_on is None:
        return _("from %(day)s") % {"day": said(departs_on)}
    return _("%(first)s – %(last)s") % {"first": said(departs_on), "last": said(returns_on)}
