"""The audit trail in words.

An act that is not among them is shown as the service calls it.
"""

from __future__ import annotations

import uuid

from services.chassis.auth import ROLE_NAMES
from services.chassis.i18n import gettext, lazy
from services.identity.operator import OPERATOR

_ACTIONS = {
    "staff.added": lazy("Added a person"),
    "staff.edited": lazy("Edited a person"),
    "staff.role_changed": lazy("Changed a role"),
    "staff.disabled": lazy("Ended a person's access"),
    "staff.enabled": lazy("Let a person in again"),
    "staff.password_set": lazy("Set somebody's password"),
    "staff.password_changed": lazy("Changed the own password"),
    "staff.signed_in": lazy("Signed in"),
    "apikey.created": lazy("Made an API key"),
    "apikey.revoked": lazy("Ended an API key"),
}

# Acts of the other services: what it was done to, and what was done.
_KINDS = {
    "activity": lazy("Activity"),
    "advisory": lazy("Advisory"),
    "alert": lazy("Alert of another office"),
    "booking": lazy("Booking"),
    "broadcast": lazy("Broadcast"),
    "certificate": lazy("Certificate"),
    "comment": lazy("Feedback text"),
    "contact": lazy("Contact"),
    "contacts": lazy("Contacts"),
    "feed": lazy("Feed of alerts"),
    "lecturer": lazy("Lecturer"),
    "material": lazy("Material"),
    "registration": lazy("Registration"),
    "suppression": lazy("Blocked address"),
    "survey": lazy("Survey"),
    "venue": lazy("Room"),
}
_ACTS = {
    "accepted": lazy("accepted"),
    "added": lazy("added"),
    "addresses-opened": lazy("addresses shown in full"),
    "approved": lazy("approved"),
    "archived": lazy("archived"),
    "arranged": lazy("room and lecturers chosen"),
    "asked": lazy("asked whether they come"),
    "cancelled": lazy("cancelled"),
    "changed": lazy("edited"),
    "change-held": lazy("change waits for a second person"),
    "check-in-undone": lazy("check-in taken back"),
    "checked-in": lazy("checked in"),
    "contact-corrected": lazy("address corrected"),
    "created": lazy("created"),
    "declined": lazy("declined"),
    "discarded": lazy("change dropped"),
    "drill-list-changed": lazy("drill list changed"),
    "edited": lazy("edited"),
    "exported": lazy("downloaded"),
    "lifted": lazy("lifted"),
    "list-discarded": lazy("list put aside"),
    "list-read": lazy("list handed in"),
    "list-taken-in": lazy("list taken in"),
    "list-taken-out": lazy("list taken out again"),
    "messaged": lazy("message sent to the registered"),
    "paused": lazy("paused"),
    "proposed": lazy("another time proposed"),
    "published": lazy("published"),
    "registrations-exported": lazy("registrations downloaded"),
    "removed": lazy("removed"),
    "report-downloaded": lazy("report of a list downloaded"),
    "restored": lazy("restored"),
    "resumed": lazy("resumed"),
    "returned": lazy("given back to be changed"),
    "scheduled": lazy("scheduled"),
    "sent": lazy("sent"),
    "set-aside": lazy("not followed"),
    "sent-again": lazy("confirmation sent again"),
    "submitted": lazy("submitted for approval"),
    "tested": lazy("sent as a test"),
    "shown": lazy("shown"),
    "hidden": lazy("hidden"),
    "revoked": lazy("revoked"),
    "withdrawn": lazy("withdrawn"),
    "written": lazy("created"),
}

# Where the staff page of a kind of target is.
_PAGES = {
    "activity": "/staff/activities",
    "advisory": "/staff/advisories",
    "alert": "/staff/advisories/alerts",
    "booking": "/staff/bookings",
    "broadcast": "/staff/broadcasts",
    "contact": "/staff/contacts",
    "contact-import": "/staff/contacts/import",
    "lecturer": "/staff/lecturers",
    "material": "/staff/materials",
    "staff": "/staff/people",
    "venue": "/staff/venues",
}


def action_words(action: str) -> str:
    """An act as people say it, or its own name."""
    if action in _ACTIONS:
        return str(_ACTIONS[action])
    kind, _, act = action.partition(".")
    if kind not in _KINDS or act not in _ACTS:
        return action
    return gettext("%(kind)s: %(act)s") % {"kind": _KINDS[kind], "act": _ACTS[act]}


def actor_words(actor_id: uuid.UUID, name: str, kind: str) -> str:
    """Who did it: a person, a program, or the command line."""
    if actor_id == OPERATOR.id:
        return gettext("Command line")
    return name if kind == "staff" else gettext("%(name)s (program)") % {"name": name}


def detail_words(detail: str) -> str:
    """A short fact as it was noted; a role as people say it."""
    return str(ROLE_NAMES[detail]) if detail in ROLE_NAMES else detail


def target_link(target: str) -> str | None:
    """The staff page of ``activity/0198…``; ``None`` where there is none."""
    kind, _, identifier = target.partition("/")
    try:
        return f"{_PAGES[kind]}/{uuid.UUID(identifier)}"
    except (KeyError, ValueError):
        return None
