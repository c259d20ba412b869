"""Double opt-in: asking sends a message to the address, and only its answer subscribes it."""

from __future__ import annotations

import hmac
import secrets
import unicodedata
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.crypto import TokenError, fingerprint, fingerprints, read_id, sign_id
from services.chassis.database import new_id, utc_now
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import FieldError, Invalid, LinkNotValid, Problem
from services.notifications.contacts.service import (
    Stay,
    address_hash,
    address_hashes,
)
from services.notifications.database import database
from services.notifications.delivery.masking import masked
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.service import Address, Planned, plan
from services.notifications.erasing.service import forget_messages
from services.notifications.preferences.links import preferences_token
from services.notifications.subscribing import limits
from services.notifications.subscribing.confirmed import stay, subscribe
from services.notifications.subscribing.models import KIND, Subscription
from services.notifications.subscribing.schemas import SubscriptionIn

CONFIRM_WITHIN: Final = timedelta(hours=48)
MOST_WRONG: Final = 5
_LINK: Final = "subscription"
_CODE_PAGE: Final = "subscription-code"


@dataclass(frozen=True)
class Asked:
    """A subscription as the page behind the link shows it.

    Attributes:
        address: masked, because a forwarded mail carries its link with it.
        trips: country, departure and return (``None``: not known) of each.
        confirmed: somebody has pressed the button already.
    """

    channel: str
    address: str
    districts: list[str]
    countries: list[str]
    topics: list[str]
    trips: list[Stay]
    confirmed: bool


def ask(wanted: SubscriptionIn, once: Once = NOT_REPEATED) -> str:
    """Have the address asked whether it wants this. Nothing else happens until it says so.

    The same work is done, and the same answer given, for every address; what is known of it is not
    looked at. Above :data:`limits.MOST` messages an hour nothing goes out, and nobody is told.

    Returns:
        What the address of the page ends in where a code from an SMS is typed.
    """
    identifier = new_id()
    now = utc_now()
    with database.transaction() as session:
        if (first := once.first_answer(session)) is not None:
            return str(first["code_page"])
        if limits.may_write(session, wanted.address, now):
            _write(session, identifier, wanted, now)
        code_page = sign_id(_CODE_PAGE, identifier)
        once.keep(session, {"code_page": code_page})
    return code_page


def _write(session: Session, identifier: uuid.UUID, wanted: SubscriptionIn, now: datetime) -> None:
    code = f"{secrets.randbelow(1_000_000):06}" if wanted.channel == "sms" else None
    session.add(
        Subscription(
            id=identifier,
            channel=wanted.channel,
            address=wanted.address,
            address_hash=address_hash(wanted.address),
            language=wanted.language,
            wishes=wanted.as_kept(),
            code_hash=fingerprint(f"{identifier}/{code}") if code else None,
            asked_at=now,
            expires_at=now + CONFIRM_WITHIN,
        )
    )
    plan(
        session,
        [Address(wanted.channel, wanted.address)],
        Planned(
            kind=KIND,
            key=_key(identifier),
            language=wanted.language,
            expires_at=now + CONFIRM_WITHIN,
            context={"subscription": str(identifier), "code": code},
        ),
    )


def _key(identifier: uuid.UUID) -> str:
    return f"subscription/{identifier}"


def token_of(identifier: uuid.UUID) -> str:
    """What the link in the mail ends in."""
    return sign_id(_LINK, identifier)


def asked(token: str) -> Asked:
    """What the link of a mail is about. Looking changes nothing.

    Raises:
        LinkNotValid: the link is forged or damaged.
        Problem: 410 ``subscription-expired``.
    """
    with database.transaction() as session:
        found = _living(session, _read(_LINK, token), utc_now())
        return Asked(
            found.channel,
            masked(found.channel, found.address),
            found.wishes["districts"],
            found.wishes["countries"],
            found.wishes["topics"],
            [stay(trip) for trip in found.wishes["trips"]],
            found.confirmed_at is not None,
        )


def confirm(token: str) -> str:
    """Subscribe the address that the link was sent to. Doing it twice changes nothing.

    Returns:
        The token of the page with one's choices.

    Raises:
        LinkNotValid: the link is forged or damaged.
        Problem: 410 ``subscription-expired``.
    """
    now = utc_now()
    with database.transaction() as session:
        return _accept(session, _living(session, _read(_LINK, token), now), now)


def confirm_code(code_page: str, typed: str) -> str:
    """The same by a code from an SMS, on the page that followed the asking.

    Args:
        code_page: what :func:`ask` returned.
        typed: as people type: spaces and full-width digits are understood.

    Raises:
        LinkNotValid: the page's address is forged or damaged.
        Invalid: it is not the code, or :data:`MOST_WRONG` others were tried before.
    """
    return _by_code(Subscription.id == _read(_CODE_PAGE, code_page), typed)


def confirm_phone(phone: str, typed: str) -> str:
    """The same for a program, which names the number: the newest code sent there counts.

    Raises:
        Invalid: as there.
    """
    return _by_code(Subscription.address_hash.in_(address_hashes(phone)), typed)


def check_page(code_page: str) -> None:
    """Look at the address of the page where a code is typed.

    Raises:
        LinkNotValid: it is forged or damaged.
    """
    _read(_CODE_PAGE, code_page)


def _by_code(which: sa.ColumnElement[bool], typed: str) -> str:
    code = "".join(sign for sign in unicodedata.normalize("NFKC", typed) if sign.isalnum())
    now = utc_now()
    with database.transaction() as session:
        found = session.scalars(
            sa.select(Subscription)
            .where(which, Subscription.code_hash.is_not(None), Subscription.expires_at > now)
            .order_by(Subscription.asked_at.desc())
            .limit(1)
            .with_for_update()
        ).first()
        if found is not None and found.wrong < MOST_WRONG and _is_code(found, code):
            return _accept(session, found, now)
        if found is not None:
            found.wrong += 1
    raise _not_it()  # after the commit: a wrong guess stays counted


def _is_code(found: Subscription, code: str) -> bool:
    kept = found.code_hash or ""
    return any(hmac.compare_digest(kept, one) for one in fingerprints(f"{found.id}/{code}"))


def _accept(session: Session, found: Subscription, now: datetime) -> str:
    if found.confirmed_at is None:
        found.confirmed_at = now
        subscribe(session, found, now)
    delivery = session.scalars(
        sa.select(Delivery.id).where(Delivery.dedupe_key == f"{_key(found.id)}/{found.channel}")
    ).one()
    return preferences_token(delivery)


def _read(purpose: str, token: str) -> uuid.UUID:
    try:
        return read_id(purpose, token)
    except TokenError as error:
        raise LinkNotValid from error


def _living(session: Session, identifier: uuid.UUID, now: datetime) -> Subscription:
    found = session.get(Subscription, identifier, with_for_update=True)
    if found is None or found.expires_at <= now:
        raise Problem(
            410,
            "subscription-expired",
            lazy("This link is too old."),
            lazy("It was good for two days. Please subscribe again; it takes a minute."),
        )
    return found


def _not_it() -> Invalid:
    """The same sentence for a wrong code, one tried too often, and a number nothing went to."""
    return Invalid(
        [
            FieldError(
                "code",
                lazy(
                    "This is not the code that we sent last, or it was tried too often. Please "
                    "check it, or subscribe again."
                ),
            )
        ]
    )


def forget_unconfirmed(now: datetime) -> int:
    """Delete subscriptions whose time is over; of those that nobody confirmed, every trace.

    Args:
        now: with its zone.

    Returns:
        How many were deleted.
    """
    with database.transaction() as session:
        over = session.execute(
            sa.delete(Subscription)
            .where(Subscription.expires_at <= now)
            .returning(Subscription.id, Subscription.channel, Subscription.confirmed_at)
        ).all()
        keys = [f"{_key(row.id)}/{row.channel}" for row in over if row.confirmed_at is None]
        if keys:
            forget_messages(session, Delivery.dedupe_key.in_(keys))
        limits.forget(session, now)
    return len(over)
