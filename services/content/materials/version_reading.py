"""Reading the versions of a material: all of them for its staff, what has changed for readers."""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.i18n import lazy
from services.chassis.problems import NotFound
from services.content.database import database
from services.content.materials import versions
from services.content.materials.models import Material
from services.content.materials.versions import Difference, Update, VersionOut, VersionSummary


def updates(material_id: uuid.UUID) -> list[Update]:
    """What readers of a material were told has changed, the newest first."""
    with database.transaction() as session:
        return versions.updates(session, material_id)


def list_versions(principal: Principal, material_id: uuid.UUID) -> list[VersionSummary]:
    """Every version of a material that is the caller's to see, the newest first.

    Raises:
        NotFound: there is no such material.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        _covered(session, principal, material_id)
        return versions.listed(session, material_id)


def get_version(
    principal: Principal, material_id: uuid.UUID, number: int
) -> tuple[VersionOut, Difference | None]:
    """A version, and what it says otherwise than the one before; ``None`` for the first.

    Raises:
        NotFound: there is no such material or version.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        _covered(session, principal, material_id)
        version = versions.one(session, material_id, number)
        older = versions.before(session, version, material_id)
        return version, versions.difference(older, version) if older else None


def _covered(session: Session, principal: Principal, material_id: uuid.UUID) -> None:
    found = session.get(Material, material_id)
    if found is None:
        raise NotFound(lazy("There is no such material."))
    principal.must_cover(found.district)
