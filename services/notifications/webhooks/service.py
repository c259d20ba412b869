"""The use cases about webhooks."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import after_commit, utc_now
from services.chassis.i18n import lazy
from services.chassis.idempotency import Once
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.chassis.problems import NotFound, Problem
from services.notifications.database import database
from services.notifications.webhooks.models import WebhookCall, WebhookEndpoint
from services.notifications.webhooks.planning import plan_test, wake
from services.notifications.webhooks.schemas import (
    CallOut,
    EndpointChange,
    EndpointIn,
    EndpointMade,
    EndpointOut,
)
from services.notifications.webhooks.signing import new_secret

# So long the secret before signs as well, so that the other side can change it at its leisure.
BOTH_SIGN: Final = timedelta(days=1)


def create(principal: Principal, wanted: EndpointIn, once: Once) -> EndpointMade:
    """Tell a system from now on. The answer has its secret."""
    with database.transaction() as session:
        if first := once.first_answer(session):
            return _made(session.get_one(WebhookEndpoint, uuid.UUID(first["id"])))
        endpoint = WebhookEndpoint(**wanted.model_dump(), secret=new_secret())
        session.add(endpoint)
        session.flush()
        session.refresh(endpoint)
        once.keep(session, {"id": str(endpoint.id)})
        _note(session, principal, "webhook.created", endpoint)
        return _made(endpoint)


def listed(*, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[EndpointOut]:
    """The systems that are told, newest first.

    Raises:
        Problem: 400 ``bad-cursor``.
    """
    with database.transaction() as session:
        page = page_of(
            session,
            sa.select(WebhookEndpoint),
            [WebhookEndpoint.id],
            cursor=cursor,
            limit=limit,
            descending=True,
        )
        return page.map(EndpointOut.model_validate)


def read(endpoint_id: uuid.UUID) -> EndpointOut:
    """One of them.

    Raises:
        NotFound: there is none such.
    """
    with database.transaction() as session:
        return EndpointOut.model_validate(_stored(session, endpoint_id))


def change(principal: Principal, endpoint_id: uuid.UUID, wanted: EndpointChange) -> EndpointOut:
    """Change what is given. Switched on again, it is well until it fails anew.

    Raises:
        NotFound: as :func:`read`.
    """
    with database.transaction() as session:
        endpoint = _stored(session, endpoint_id, lock=True)
        given = wanted.model_dump(exclude_none=True)
        for name, value in given.items():
            setattr(endpoint, name, value)
        if wanted.is_active is not None:
            endpoint.disabled_at = None
            endpoint.failing_since = None
            after_commit(session, wake)
        _note(session, principal, "webhook.changed", endpoint, ", ".join(sorted(given)))
        return EndpointOut.model_validate(endpoint)


def delete(principal: Principal, endpoint_id: uuid.UUID) -> None:
    """Tell it nothing more and forget it, with its calls.

    Raises:
        NotFound: as :func:`read`.
    """
    with database.transaction() as session:
        endpoint = _stored(session, endpoint_id, lock=True)
        _note(session, principal, "webhook.deleted", endpoint)
        session.delete(endpoint)


def rotate(principal: Principal, endpoint_id: uuid.UUID, once: Once) -> EndpointMade:
    """Give it a fresh secret; for :data:`BOTH_SIGN` the one before signs as well.

    Raises:
        NotFound: as :func:`read`.
    """
    with database.transaction() as session:
        endpoint = _stored(session, endpoint_id, lock=True)
        if once.first_answer(session):
            return _made(endpoint)
        endpoint.old_secret = endpoint.secret
        endpoint.old_secret_until = utc_now() + BOTH_SIGN
        endpoint.secret = new_secret()
        once.keep(session, {"id": str(endpoint.id)})
        _note(session, principal, "webhook.secret-rotated", endpoint)
        return _made(endpoint)


def test(endpoint_id: uuid.UUID) -> None:
    """Make a test call; how it ended stands among its calls within seconds.

    Raises:
        NotFound: as :func:`read`.
        Problem: 409 ``webhook-switched-off``.
    """
    with database.transaction() as session:
        endpoint = _stored(session, endpoint_id)
        _must_be_active(endpoint)
        plan_test(session, endpoint.id)


def calls(
    endpoint_id: uuid.UUID,
    *,
    state: str | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[CallOut]:
    """The calls to one system, newest first; those that ended are kept for thirty days.

    Raises:
        NotFound: as :func:`read`.
        Problem: 400 ``bad-cursor``.
    """
    query = sa.select(WebhookCall).where(WebhookCall.endpoint_id == endpoint_id)
    if state is not None:
        query = query.where(WebhookCall.state == state)
    with database.transaction() as session:
        _stored(session, endpoint_id)
        page = page_of(
            session, query, [WebhookCall.id], cursor=cursor, limit=limit, descending=True
        )
        return page.map(CallOut.model_validate)


def replay(principal: Principal, endpoint_id: uuid.UUID, call_id: uuid.UUID) -> CallOut:
    """Make a call again that has ended, with the same id: its receiver may know it already.

    Raises:
        NotFound: there is no such call.
        Problem: 409 ``webhook-switched-off``, or ``webhook-call-open``: it has not ended.
    """
    with database.transaction() as session:
        endpoint = _stored(session, endpoint_id)
        _must_be_active(endpoint)
        call = session.get(WebhookCall, call_id, with_for_update=True)
        if call is None or call.endpoint_id != endpoint_id:
            raise NotFound(lazy("There is no such call."))
        if call.ended_at is None:
            raise Problem(
                409,
                "webhook-call-open",
                lazy("This call has not ended yet."),
                lazy("It is tried again by itself."),
            )
        call.state = "waiting"
        call.attempts = 0
        call.due_at = utc_now()
        call.ended_at = None
        _note(session, principal, "webhook.replayed", endpoint, call.event_type)
        after_commit(session, wake)
        return CallOut.model_validate(call)


def switched_off() -> list[EndpointOut]:
    """The systems that we gave up telling by ourselves: somebody should look after them."""
    with database.transaction() as session:
        found = session.scalars(
            sa.select(WebhookEndpoint)
            .where(WebhookEndpoint.disabled_at.is_not(None))
            .order_by(WebhookEndpoint.disabled_at.desc())
        )
        return [EndpointOut.model_validate(endpoint) for endpoint in found]


def _stored(session: Session, endpoint_id: uuid.UUID, *, lock: bool = False) -> WebhookEndpoint:
    found = session.get(WebhookEndpoint, endpoint_id, with_for_update=lock or None)
    if found is None:
        raise NotFound(lazy("There is no such webhook."))
    return found


def _must_be_active(endpoint: WebhookEndpoint) -> None:
    if not endpoint.is_active:
        raise Problem(
            409,
            "webhook-switched-off",
            lazy("This webhook is switched off."),
            lazy("Switch it on first; then calls go out again."),
        )


def _made(endpoint: WebhookEndpoint) -> EndpointMade:
    return EndpointMade.model_validate(endpoint)


def _note(
    session: Session, principal: Principal, action: str, endpoint: WebhookEndpoint, detail: str = ""
) -> None:
    audit.record(session, principal, action, f"webhook/{endpoint.id}", district=None, detail=detail)
