"""Keeping the missions: written, changed and removed by the city's staff."""

from __future__ import annotations

import uuid
from typing import Literal

from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import NotFound
from services.content.database import database
from services.content.destinations.models import Mission
from services.content.destinations.schemas import MissionIn, MissionOut
from services.content.publication import must_be_at

Act = Literal["added", "changed", "removed"]


def add(
    principal: Principal,
    wanted: MissionIn,
    once: Once = NOT_REPEATED,
    *,
    mission_id: uuid.UUID | None = None,
) -> MissionOut:
    """Add a mission; it is on its country's page at once.

    Args:
        mission_id: its id, where the caller needs to know it beforehand; else a fresh one.
    """
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return MissionOut.model_validate(answer)
        mission = Mission(id=mission_id or new_id(), **wanted.model_dump())
        session.add(mission)
        session.flush()
        _record(session, principal, mission, "added")
        done = MissionOut.model_validate(mission)
        once.keep(session, done.model_dump(mode="json"))
    return done


def change(
    principal: Principal, mission_id: uuid.UUID, wanted: MissionIn, version: int | None = None
) -> MissionOut:
    """Change a mission as a whole.

    Args:
        version: the one that the editor saw; ``None`` overwrites whatever is there.

    Raises:
        NotFound: there is none.
        Problem: 409 ``changed-meanwhile``.
    """
    with database.transaction() as session:
        mission = _locked(session, mission_id)
        must_be_at(version, mission.version)
        for name, value in wanted.model_dump().items():
            setattr(mission, name, value)
        mission.version += 1
        mission.updated_at = utc_now()
        _record(session, principal, mission, "changed")
        return MissionOut.model_validate(mission)


def remove(principal: Principal, mission_id: uuid.UUID) -> None:
    """Remove a mission that is closed or was written by mistake.

    Raises:
        NotFound: there is none.
    """
    with database.transaction() as session:
        mission = _locked(session, mission_id)
        session.delete(mission)
        _record(session, principal, mission, "removed")


def _locked(session: Session, mission_id: uuid.UUID) -> Mission:
    found = session.get(Mission, mission_id, with_for_update=True)
    if found is None:
        raise NotFound(lazy("There is no such embassy or consulate."))
    return found


def _record(session: Session, principal: Principal, mission: Mission, act: Act) -> None:
    audit.record(
        session,
        principal,
        f"mission.{act}",
        f"mission/{mission.id}",
        district=None,
        detail=f"{mission.country} {mission.kind}",
    )
