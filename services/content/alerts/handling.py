"""What a person does with an alert: write a draft, follow it in an advisory, or set it aside."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.i18n import gettext, lazy
from services.chassis.problems import NotFound, Problem
from services.content.advisories import service
from services.content.advisories.schemas import AdvisoryKept, AdvisoryPatch
from services.content.alerts import mapping
from services.content.alerts.cap import Alert
from services.content.alerts.models import CapAlert, CapLink
from services.content.alerts.taking_in import write_draft
from services.content.database import database


def write(principal: Principal, alert_id: uuid.UUID, country: str) -> uuid.UUID:
    """Write a draft from an alert for a country (ISO 3166-1 alpha-2).

    Returns:
        The advisory's id.

    Raises:
        NotFound: there is no such alert.
        Problem: 409 ``nothing-to-write`` for one that says nothing.
    """
    with database.transaction() as session:
        row, alert = _locked(session, alert_id)
        if not alert.info:
            raise Problem(
                409,
                "nothing-to-write",
                lazy("This alert has no text, so there is nothing to write from it."),
            )
        content = mapping.content_for(alert, country)
        advisory = write_draft(session, row, content, principal=principal)
        _look_again(session, row)
        return advisory.id


def follow_change(
    principal: Principal, alert_id: uuid.UUID, advisory_id: uuid.UUID, patch: AdvisoryPatch
) -> AdvisoryKept:
    """Change an advisory as an update asks, or as a person made of it.

    Raises:
        NotFound: the alert does not ask anything of the advisory.
        Invalid, Problem: as for any change of an advisory.
    """
    with database.transaction() as session:
        _followed(session, alert_id, advisory_id)
        return service.edit_in(session, principal, advisory_id, patch)


def follow_end(
    principal: Principal, alert_id: uuid.UUID, advisory_id: uuid.UUID, reason: str
) -> AdvisoryKept:
    """Withdraw an advisory as a cancellation asks.

    Raises:
        NotFound: the alert does not ask anything of the advisory.
        Problem: 409 ``wrong-state`` when the advisory is not public.
    """
    with database.transaction() as session:
        _followed(session, alert_id, advisory_id)
        return service.withdraw_in(session, principal, advisory_id, reason)


def reason_of(alert: Alert) -> str:
    """What a cancellation gives as its reason, as one line for the public."""
    texts = [alert.note, *(info.description or info.headline for info in alert.info)]
    said = next((text for text in texts if text), None)
    if said is None:
        return gettext("Whoever had warned of it has taken the warning back.")
    return mapping.one_line(said)


def set_aside(principal: Principal, alert_id: uuid.UUID) -> None:
    """Decide that an alert is not followed; it stays in the list.

    Raises:
        NotFound: there is none.
    """
    with database.transaction() as session:
        row, _alert = _locked(session, alert_id)
        session.execute(
            sa.update(CapLink)
            .where(CapLink.alert_id == row.id, CapLink.state == "proposed")
            .values(state="set-aside")
        )
        row.state = "set-aside"
        audit.record(
            session,
            principal,
            "alert.set-aside",
            f"alert/{row.id}",
            district=None,
            detail=f"{row.sender} {row.identifier}",
        )


def _locked(session: Session, alert_id: uuid.UUID) -> tuple[CapAlert, Alert]:
    row = session.get(CapAlert, alert_id, with_for_update=True)
    if row is None:
        raise no_such_alert()
    return row, Alert.model_validate(row.content)


def no_such_alert() -> NotFound:
    """The refusal where there is no such alert."""
    return NotFound(lazy("There is no such alert."))


def _followed(session: Session, alert_id: uuid.UUID, advisory_id: uuid.UUID) -> None:
    row, _alert = _locked(session, alert_id)
    link = session.get(CapLink, (row.id, advisory_id))
    if link is None or link.state != "proposed":
        raise NotFound(lazy("This alert asks nothing of that advisory any more."))
    link.state = "taken"
    _look_again(session, row)


def _look_again(session: Session, row: CapAlert) -> None:
    """It is done once nothing of it waits for a decision."""
    session.flush()
    waits = sa.select(sa.exists().where(CapLink.alert_id == row.id, CapLink.state == "proposed"))
    if not session.scalar(waits):
        row.state = "done"
