"""The house's own text messages as templates: what an office registers with its provider.

The sentences are those of :mod:`services.notifications.messages`; a test composes real messages and
holds them to this list.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from services.chassis.i18n import Lazy, gettext, lazy, speaking, words_of
from services.notifications.database import database
from services.notifications.delivery.labels import kind_name
from services.notifications.sms_registry.pattern import LONGEST
from services.notifications.sms_registry.schemas import RuleIn

_VALUE: Final = re.compile(r"%\((\w+)\)s")
# What stands for each value; any other is text.
_KINDS: Final = {"url": "link", "code": "code", "link": "link"}

_CHANGE_OR_CANCEL: Final = lazy("Change or cancel: %(url)s")
_ORDER: Final = lazy("Order %(number)s: %(state)s. %(url)s")
_REGISTERED: Final = lazy("Registered: %(title)s, %(when)s. Ticket: %(url)s")


@dataclass(frozen=True)
class Own:
    """One message of the house.

    Attributes:
        kind: as in :data:`services.notifications.messages.composers.COMPOSERS`.
        sentences: what stands in it, one after the other.
    """

    kind: str
    sentences: tuple[Lazy, ...]


@dataclass(frozen=True)
class OwnText:
    """A text to register: in one language, with its parameters."""

    kind: str
    name: str
    language: str
    text: str
    rules: tuple[RuleIn, ...]


def _several(kind: str, point: Lazy, link: Lazy, brief: Lazy | None = None) -> list[Own]:
    """How :func:`services.notifications.messages.scene.text` puts sentences together."""
    found = [Own(kind, (point, link)), Own(kind, (point,))]
    return found if brief is None else [*found, Own(kind, (brief,))]


OWN: Final[tuple[Own, ...]] = (
    *_several(
        "registration-unverified",
        lazy("%(code)s is your code for registering for “%(title)s”, good until %(until)s."),
        lazy("Or open: %(url)s"),
    ),
    *_several(
        "registration-confirmed",
        lazy("You are registered for “%(title)s”, %(when)s, %(venue)s. Ticket code %(code)s."),
        _CHANGE_OR_CANCEL,
        _REGISTERED,
    ),
    *_several(
        "registration-moved",
        lazy("Moved: “%(title)s”, now %(when)s, %(venue)s. Ticket code %(code)s."),
        _CHANGE_OR_CANCEL,
    ),
    *_several(
        "registration-asked",
        lazy("Are you coming to “%(title)s”, %(when)s, %(venue)s?"),
        lazy("Confirm or cancel: %(url)s"),
        lazy("Are you coming? %(title)s, %(when)s. Confirm or cancel: %(url)s"),
    )[::2],
    *_several(
        "registration-offered",
        lazy("A place is kept for you until %(until)s: “%(title)s”, %(when)s."),
        lazy("Accept or decline: %(url)s"),
        lazy("Accept by %(until)s: %(title)s %(url)s"),
    )[::2],
    *_several(
        "registration-waiting",
        lazy("You are on the waiting list for “%(title)s”, %(when)s. We will write to you."),
        _CHANGE_OR_CANCEL,
        lazy("Waiting list: %(title)s, %(when)s. %(url)s"),
    ),
    Own(
        "registration-cancelled",
        (lazy("Your registration for “%(title)s” on %(when)s is cancelled, as you asked."),),
    ),
    Own(
        "registration-cancelled",
        (lazy("The organiser has cancelled your registration for “%(title)s” on %(when)s."),),
    ),
    Own(
        "registration-cancelled",
        (lazy("We are sorry: “%(title)s” on %(when)s will not take place."),),
    ),
    Own(
        "registration-cancelled",
        (
            lazy(
                "The place that we kept for you was not accepted in time and has gone to the next "
                "on the list: “%(title)s”, %(when)s."
            ),
        ),
    ),
    *_several(
        "activity-changed",
        lazy("Changed: “%(title)s” now takes place on %(when)s, %(venue)s."),
        _CHANGE_OR_CANCEL,
        lazy("Changed: %(title)s, now %(when)s. %(url)s"),
    ),
    Own(
        "activity-changed",
        (
            lazy("Changed: “%(title)s” now takes place on %(when)s, %(venue)s."),
            lazy("Does it suit you? Confirm or cancel: %(url)s"),
        ),
    ),
    *_several(
        "reminder",
        lazy("Reminder: “%(title)s”, %(when)s, %(venue)s. Ticket code %(code)s."),
        lazy("Cannot come: %(url)s"),
        lazy("Reminder: %(title)s, %(when)s. Ticket: %(url)s"),
    ),
    *_several(
        "registration-attended",
        lazy("Thank you for coming to “%(title)s”."),
        lazy("How was it? %(url)s"),
    ),
    *_several(
        "booking-requested",
        lazy(
            "We have received your request for a session. We will answer within three working days."
        ),
        lazy("Details: %(url)s"),
    ),
    *_several(
        "booking-proposed",
        lazy("We would like to propose other times for your session. Please choose on the page."),
        lazy("Details: %(url)s"),
    ),
    *_several(
        "booking-accepted",
        lazy("Your session is agreed: %(kind)s, %(when)s."),
        lazy("Details: %(url)s"),
    ),
    *_several(
        "booking-declined",
        lazy("We are sorry that we cannot hold the session that you asked for."),
        lazy("Details: %(url)s"),
    ),
    *_several(
        "booking-withdrawn",
        lazy("You have taken back your request. You need not do anything else."),
        lazy("Details: %(url)s"),
    ),
    *_several(
        "order-placed",
        lazy("We have your order %(number)s. The copies are kept for you."),
        lazy("Details: %(url)s"),
        _ORDER,
    )[::2],
    *_several(
        "order-placed",
        lazy(
            "We have your request %(number)s. We will say within three working days how many "
            "copies we can give."
        ),
        lazy("Details: %(url)s"),
        _ORDER,
    )[::2],
    *_several(
        "order-placed",
        lazy("Your request %(number)s is approved. We will pack what is listed here."),
        lazy("Details: %(url)s"),
        _ORDER,
    )[::2],
    *_several(
        "order-packed",
        lazy("Your order %(number)s is packed and leaves our store soon."),
        lazy("Details: %(url)s"),
        _ORDER,
    )[::2],
    *_several(
        "order-ready",
        lazy("Your order is ready. Please show the number %(number)s at %(desk)s."),
        lazy("Details: %(url)s"),
        _ORDER,
    )[::2],
    *_several(
        "order-sent",
        lazy("Your order %(number)s is on its way with %(carrier)s, number %(tracking)s."),
        lazy("Details: %(url)s"),
        _ORDER,
    )[::2],
    *_several("order-sent", lazy("Your order %(number)s is on its way."), lazy("Details: %(url)s")),
    *_several(
        "order-delivered",
        lazy("Your order %(number)s should have arrived. If not, please tell us on its page."),
        lazy("Details: %(url)s"),
        _ORDER,
    )[::2],
    *_several(
        "order-cancelled",
        lazy("We are sorry: we had to cancel your order %(number)s."),
        lazy("Details: %(url)s"),
        _ORDER,
    )[::2],
    *_several(
        "order-cancelled",
        lazy("Your order %(number)s is cancelled, as you asked."),
        lazy("Details: %(url)s"),
        _ORDER,
    )[::2],
    *_several(
        "order-returned",
        lazy("Your order %(number)s was not fetched and is back in our store."),
        lazy("Details: %(url)s"),
        _ORDER,
    )[::2],
    *_several(
        "order-returned",
        lazy("Your order %(number)s could not be delivered."),
        lazy("Details: %(url)s"),
        _ORDER,
    )[::2],
    Own(
        "sms-stopped",
        (
            lazy(
                "You will receive no more broadcasts by SMS on this number. Messages about your "
                "own registrations still come."
            ),
        ),
    ),
)


def own_texts(language: str) -> list[OwnText]:
    """Every message of the house in a language, each text once."""
    found: dict[str, OwnText] = {}
    for own in OWN:
        text = _text(own, language)
        found.setdefault(
            text,
            OwnText(
                kind=own.kind,
                name=kind_name(own.kind),
                language=language,
                text=text,
                rules=tuple(_rules(text)),
            ),
        )
    return list(found.values())


def as_csv() -> str:
    """The texts of both languages as a table, with a byte-order mark so that Excel reads it."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow([gettext("Message"), gettext("Language"), gettext("Text"), gettext("Values")])
    for language in ("zh-CN", "en"):
        for own in own_texts(language):
            rules = "; ".join(f"{rule.name} {rule.kind} {rule.longest}" for rule in own.rules)
            writer.writerow([own.name, own.language, own.text, rules])
    return "\ufeff" + table.getvalue()


def _text(own: Own, language: str) -> str:
    # Bookings and orders always have a space before their link, registrations only in English.
    always = own.kind.startswith(("booking", "order"))
    between = " " if language == "en" or always else ""
    with speaking(language), words_of(database.service):
        whole = between.join(gettext(sentence.message) for sentence in own.sentences)
    return _VALUE.sub(lambda found: f"${{{found.group(1)}}}", whole)


def _rules(text: str) -> Iterator[RuleIn]:
    for name in dict.fromkeys(re.findall(r"\$\{(\w+)\}", text)):
        kind = _KINDS.get(name, "text")
        yield RuleIn.model_validate({"name": name, "kind": kind, "longest": LONGEST[kind]})
