"""Writing, publishing and withdrawing materials, and bringing an older version back."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Mapping
from typing import Any

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
from services.content.language import in_both
from services.content.materials import indexing, versions
from services.content.materials.events import event_of
from services.content.materials.models import Material
from services.content.materials.schemas import MaterialIn, MaterialOut, MaterialPatch
from services.content.materials.versions import Act

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
        session.refresh(material)
        versions.keep(session, principal, material, "written")
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
        material = locked(session, principal, material_id)
        material.must_be_at(patch.version)
        present = {name: getattr(material, name) for name in MaterialIn.model_fields}
        given = patch.model_dump(exclude_unset=True, exclude={"version", "changes"})
        _take(principal, material, present | given)
        return changed(session, principal, material, "changed", patch.changes)


def restore(principal: Principal, material_id: uuid.UUID, number: int) -> MaterialOut:
    """Make an older version's texts and facts the present ones; its files are left as they are.

    Raises:
        NotFound: there is no such material or version.
        Invalid: what was right then is not taken any more.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        material = locked(session, principal, material_id)
        older = versions.one(session, material_id, number)
        _take(principal, material, older.content)
        told = in_both(lazy("The text of version %(number)s again", number=number))
        return changed(session, principal, material, "restored", told)


def publish(principal: Principal, material_id: uuid.UUID) -> MaterialOut:
    """Put a material into the public library and tell the other services.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``, 409 ``wrong-state``.
    """
    with database.transaction() as session:
        material = locked(session, principal, material_id)
        material.publish()
        return _told(session, principal, material, "published")


def withdraw(principal: Principal, material_id: uuid.UUID, reason: str) -> MaterialOut:
    """Take a material out of the library and tell the other services.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``, 409 ``wrong-state``.
    """
    with database.transaction() as session:
        material = locked(session, principal, material_id)
        material.withdraw(reason)
        return _told(session, principal, material, "withdrawn")


def changed(
    session: Session,
    principal: Principal,
    material: Material,
    act: Act,
    changes: Mapping[Any, str] | None = None,
) -> MaterialOut:
    """Count one more change to a locked material, keep the version, and tell who was told before.

    Args:
        changes: what its readers are told has changed; empty for what they need not hear of.
    """
    material.touch()
    if material.status == "published":
        return _told(session, principal, material, act, changes)
    versions.keep(session, principal, material, act)
    _record(session, principal, material, act)
    return MaterialOut.model_validate(material)


def locked(session: Session, principal: Principal, material_id: uuid.UUID) -> Material:
    """A material of the caller's, which nobody else changes until the transaction ends.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    found = session.get(Material, material_id, with_for_update={"of": Material})
    if found is None:
        raise NotFound(lazy("There is no such material."))
    principal.must_cover(found.district)
    return found


def _take(principal: Principal, material: Material, values: Mapping[str, object]) -> None:
    """Give a material other fields, after they have been checked together."""
    try:
        wanted = MaterialIn.model_validate(values)
    except ValidationError as error:
        raise Invalid(field_errors(error.errors())) from error
    wanted.district = wanted.district or principal.district
    principal.must_cover(wanted.district)
    for name, value in wanted.model_dump().items():
        setattr(material, name, value)


def _told(
    session: Session,
    principal: Principal,
    material: Material,
    act: Act,
    changes: Mapping[Any, str] | None = None,
) -> MaterialOut:
    """What follows whenever the public library is another one than before."""
    versions.keep(session, principal, material, act, changes)
    indexing.follow(session, material)
    tell(session, event_of(material))
    _record(session, principal, material, act)
    return MaterialOut.model_validate(material)


def _record(session: Session, principal: Principal, material: Material, act: Act) -> None:
    audit.record(
        session,
        principal,
        f"material.{act}",
        f"material/{material.id}",
        district=material.district,
        detail=f"{material.kind} {material.slug}",
    )


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
