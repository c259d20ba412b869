"""Who is calling, and what they may do.

A member of staff carries a signed credential in a cookie, a program a signed API key. Every
service checks them by itself; what identity ends is spread by event into a table of each service.
A cookie's credential is short-lived, so even with the queue away nothing outlives
:data:`SESSION_LIFETIME`.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from fastapi import Depends, Request
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis import crypto
from services.chassis.database import Database
from services.chassis.events.envelope import Envelope, Event, Payload
from services.chassis.events.inbox import Subscription
from services.chassis.i18n import lazy
from services.chassis.problems import Problem
from services.chassis.tables import RevokedCredential

SESSION_COOKIE = "lingbao_session"
SESSION_LIFETIME = timedelta(minutes=30)
RENEW_AFTER = timedelta(minutes=5)
KEY_PREFIX = "lk_"

Role = Literal[
    "city-admin", "city-editor", "district-admin", "district-editor", "check-in", "viewer"
]
DISTRICT_ROLES = frozenset({"district-admin", "district-editor"})

_VIEW = frozenset(
    {
        "activities.view",
        "bookings.view",
        "materials.view",
        "advisories.view",
        "quizzes.view",
        "questions.view",
        "orders.view",
        "broadcasts.view",
        "deliveries.view",
        "senders.view",
    }
)
_EDIT = _VIEW | {
    "activities.edit",
    "registrations.view",
    "registrations.check-in",
    "bookings.answer",
    "materials.edit",
    "advisories.edit",
    "quizzes.edit",
    "questions.answer",
    "orders.manage",
    "broadcasts.write",
    "broadcasts.approve",
    "contacts.view",
    "contacts.edit",
    "templates.edit",
}
_ADMIN = _EDIT | {"people.manage", "audit.view"}

# What each role may do. District roles may do it within their own district.
PERMISSIONS: dict[str, frozenset[str]] = {
    "city-admin": _ADMIN | {"apikeys.manage", "senders.manage", "webhooks.manage"},
    "city-editor": _EDIT,
    "district-admin": _ADMIN - {"advisories.edit"},
    "district-editor": _EDIT - {"advisories.edit"},
    "check-in": frozenset({"activities.view", "registrations.view", "registrations.check-in"}),
    "viewer": _VIEW,
}

ROLE_NAMES = {
    "city-admin": lazy("City administrator"),
    "city-editor": lazy("City editor"),
    "district-admin": lazy("District administrator"),
    "district-editor": lazy("District editor"),
    "check-in": lazy("Door (check-in)"),
    "viewer": lazy("Viewer"),
}


@dataclass(frozen=True)
class Principal:
    """A signed-in member of staff or an API key.

    Attributes:
        kind: ``staff`` or ``key``; each is a principal of its own.
        id: the staff member's or the key's id.
        credential_id: the session's or the key's id, by which it can be ended.
        district: the GB/T 2260 code that it is bound to; ``None`` for the whole city.
    """

    kind: Literal["staff", "key"]
    id: uuid.UUID
    credential_id: uuid.UUID
    name: str
    role: str
    district: str | None

    def may(self, permission: str) -> bool:
        """Whether the role grants ``permission``, somewhere."""
        return permission in PERMISSIONS[self.role]

    def covers(self, district: str | None) -> bool:
        """Whether something of that district (``None``: of the whole city) is theirs to touch."""
        return self.district is None or self.district == district

    @property
    def role_name(self) -> str:
        """The role as people say it, in the language of the page."""
        return str(ROLE_NAMES[self.role])

    def must_cover(self, district: str | None) -> None:
        """Refuse what belongs to another district.

        Raises:
            Problem: 403 ``other-district``.
        """
        if not self.covers(district):
            raise Problem(
                403,
                "other-district",
                lazy("This belongs to another district."),
                lazy("Ask the office of that district, or the city office."),
            )


class SignInNeeded(Exception):
    """A staff page was asked for without a session."""


class SessionStale(Exception):
    """The credential is genuine but due for renewal by identity."""


def credential_for(principal: Principal) -> str:
    """A signed session credential for a cookie."""
    claims = {
        "sid": str(principal.credential_id),
        "sub": str(principal.id),
        "name": principal.name,
        "role": principal.role,
        "district": principal.district,
        "iat": time.time(),
    }
    return crypto.sign("session", claims, SESSION_LIFETIME.total_seconds())


def key_for(principal: Principal) -> str:
    """A signed API key: shown once, good in every service at once, ended by event."""
    claims = {
        "kid": str(principal.credential_id),
        "name": principal.name,
        "role": principal.role,
        "district": principal.district,
    }
    return KEY_PREFIX + crypto.sign("apikey", claims, None)


def _not_revoked(database: Database, principal: Principal) -> bool:
    with database.transaction() as session:
        return session.get(RevokedCredential, principal.credential_id) is None


def from_key(database: Database, text: str) -> Principal:
    """The principal of an API key.

    Raises:
        Problem: 401 when the key is forged or ended.
    """
    refused = Problem(
        401,
        "unauthenticated",
        lazy("The API key is not valid."),
        lazy("Ask the city office for a new key."),
    )
    try:
        claims = crypto.verify("apikey", text.removeprefix(KEY_PREFIX))
    except crypto.TokenError as error:
        raise refused from error
    principal = Principal(
        kind="key",
        id=uuid.UUID(claims["kid"]),
        credential_id=uuid.UUID(claims["kid"]),
        name=claims["name"],
        role=claims["role"],
        district=claims["district"],
    )
    if not _not_revoked(database, principal):
        raise refused
    return principal


def from_cookie(database: Database, text: str, *, renewable: bool) -> Principal:
    """The principal of a session cookie.

    Args:
        renewable: whether the caller can be sent through identity for a fresh credential (the GET
            of a page).

    Raises:
        SignInNeeded: forged, ended, or expired where it cannot be renewed.
        SessionStale: genuine, and old enough to be renewed.
    """
    try:
        claims = crypto.verify("session", text)
    except crypto.TokenExpired as error:
        raise (SessionStale if renewable else SignInNeeded) from error
    except crypto.TokenError as error:
        raise SignInNeeded from error
    if renewable and time.time() - claims["iat"] > RENEW_AFTER.total_seconds():
        raise SessionStale
    principal = Principal(
        kind="staff",
        id=uuid.UUID(claims["sub"]),
        credential_id=uuid.UUID(claims["sid"]),
        name=claims["name"],
        role=claims["role"],
        district=claims["district"],
    )
    if not _not_revoked(database, principal):
        raise SignInNeeded
    return principal


def is_api(request: Request) -> bool:
    """Whether a program is answered (JSON), not a person (pages)."""
    path: str = request.scope["path"]
    return path.startswith("/api/")


def authenticate(request: Request) -> Principal | None:
    """Who is calling: by bearer key, else by cookie; ``None`` when neither is there.

    Raises:
        Problem, SignInNeeded, SessionStale: as :func:`from_key` and :func:`from_cookie`.
    """
    database: Database = request.app.state.database
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return from_key(database, key.strip())
    if cookie := request.cookies.get(SESSION_COOKIE):
        # A page can be sent through identity and back, a call cannot.
        renewable = request.method == "GET" and not is_api(request)
        return from_cookie(database, cookie, renewable=renewable)
    return None


def require(permission: str) -> Callable[[Request], Principal]:
    """A FastAPI dependency: the caller, who must have ``permission``.

    Raises:
        SignInNeeded: nobody is signed in (the page frame turns it into the sign-in page, an API
            into 401).
        Problem: 403 ``forbidden`` when the role does not grant it.
    """

    def dependency(request: Request) -> Principal:
        principal = authenticate(request)
        if principal is None:
            raise SignInNeeded
        if not principal.may(permission):
            raise Problem(
                403,
                "forbidden",
                lazy("Your role does not allow this."),
                lazy("Ask an administrator of your office if you need it."),
            )
        request.state.principal = principal
        return principal

    return dependency


def signed_in(request: Request) -> Principal:
    """A FastAPI dependency: the caller, whatever the role.

    Raises:
        SignInNeeded: nobody is signed in.
    """
    principal = authenticate(request)
    if principal is None:
        raise SignInNeeded
    request.state.principal = principal
    return principal


AnyStaff = Annotated[Principal, Depends(signed_in)]


class CredentialRevoked(Event):
    """A sign-in session or an API key was ended: refuse it from now on."""

    type: ClassVar[str] = "staff.credential_revoked.v1"
    subject_kind: ClassVar[str] = "credential"


class _RevokedRead(Payload):
    subject_id: uuid.UUID


def revoke(session: Session, credential_id: uuid.UUID) -> None:
    """Refuse a credential in this service from the commit on."""
    session.execute(
        postgresql.insert(RevokedCredential).values(id=credential_id).on_conflict_do_nothing()
    )


def _on_revoked(session: Session, payload: _RevokedRead, _envelope: Envelope) -> None:
    revoke(session, payload.subject_id)


CREDENTIAL_HANDLERS = {CredentialRevoked.type: Subscription(_RevokedRead, _on_revoked)}
