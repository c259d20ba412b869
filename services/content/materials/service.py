"""Writing, publishing and withdrawing materials."""

from __future__ import annotations

import re
import unicodedata
import uuid
from typing import Literal

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import new_id
from services.chassis.events import publish as tell
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import Invalid, NotFound
from services.chassis.validation import field_errors
from services.content.database import database
from services.content.materials.events import event_of
from services.content.materials.models import Material
from services.content.materials.schemas import MaterialIn, MaterialOut, MaterialPatch

Act = Literal["written", "changed", "published", "withdrawn"]

_LONGEST_SLUG = 80


def create(
    principal: Principal,
    wanted: MaterialIn,
    once: Once = NOT_REPEATED,
    *,
    material_id: uuid.UUID | None = None,
) -> MaterialOut:
    """Write a draft; nobody but staff sees it.

    Args:
        material_id: its id, where the caller needs to know it beforehand; else a fresh one.

    Raises:
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return MaterialOut.model_validate(answer)
        material = Material(id=material_id or new_id(), **wanted.model_dump())
        # An editor of a district need not say which; theirs is meant.
        material.district = material.district or principal.district
        principal.must_cover(material.district)
        material.slug = _free_slug(session, material)
        material.written_by(principal)
        session.add(material)
        session.flush()
        _record(session, principal, material, "written")
        done = MaterialOut.model_validate(material)
        once.keep(session, done.model_dump(mode="json"))
    return done


def edit(principal: Principal, material_id: uuid.UUID, patch: MaterialPatch) -> MaterialOut:
    """Change a material; when it is public, everybody who was told is told again.

    Its address stays as it is, whatever happens to its title.

    Raises:
        NotFound: there is none.
        Invalid: the material as a whole would not be right.
        Problem: 403 ``other-district``, 409 ``changed-meanwhile``.
    """
    with database.transaction() as session:
        material = _locked(session, principal, material_id)
        material.must_be_at(patch.version)
        wanted = _merged(material, patch)
        wanted.district = wanted.district or principal.district
        principal.must_cover(wanted.district)
        for name, value in wanted.model_dump().items():
            setattr(material, name, value)
        material.touch()
        if material.status == "published":
            tell(session, event_of(material))
        _record(session, principal, material, "changed")
        return MaterialOut.model_validate(material)


def publish(principal: Principal, material_id: uuid.UUID) -> MaterialOut:
    """Put a material into the public library and tell the other services.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``, 409 ``wrong-state``.
    """
    with database.transaction() as session:
        material = _locked(session, principal, material_id)
        material.publish()
        tell(session, event_of(material))
        _record(session, principal, material, "published")
        return MaterialOut.model_validate(material)


def withdraw(principal: Principal, material_id: uuid.UUID, reason: str) -> MaterialOut:
    """Take a material out of the library and tell the other services.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``, 409 ``wrong-state``.
    """
    with database.transaction() as session:
        material = _locked(session, principal, material_id)
        material.withdraw(reason)
        tell(session, event_of(material))
        _record(session, principal, material, "withdrawn")
        return MaterialOut.model_validate(material)


def _locked(session: Session, principal: Principal, material_id: uuid.UUID) -> Material:
    found = session.get(Material, material_id, with_for_update=True)
    if found is None:
        raise NotFound(lazy("There is no such material."))
    principal.must_cover(found.district)
    return found


def _merged(material: Material, patch: MaterialPatch) -> MaterialIn:
    present = {name: getattr(material, name) for name in MaterialIn.model_fields}
    changes = patch.model_dump(exclude_unset=True, exclude={"version"})
    try:
        return MaterialIn.model_validate(present | changes)
    except ValidationError as error:
        raise Invalid(field_errors(error.errors())) from error


def _free_slug(session: Session, material: Material) -> str:
    """An address made of the English title, with a number where it is taken."""
    title = unicodedata.normalize("NFKD", material.title.get("en", ""))
    words = re.sub(r"[^a-z0-9]+", "-", title.replace("’", "").replace("'", "").lower())
    base = words[:_LONGEST_SLUG].strip("-") or f"material-{material.id.hex[-12:]}"
    # Two editors with one title at one moment wait for each other here.
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext("materials.slug"))))
    taken = set(
        session.scalars(
            sa.select(Material.slug).where(Material.slug.startswith(base, autoescape=True))
        )
    )
    number = 2
    slug = base
    while slug in taken:
        slug = f"{base}-{number}"
        number += 1
    return slug


def _record(session: Session, principal: Principal, material: Material, act: Act) -> None:
    audit.record(
        session,
        principal,
        f"material.{act}",
        f"material/{material.id}",
        district=material.district,
        detail=f"{material.kind} {material.slug}",
    )
