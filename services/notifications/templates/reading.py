"""Reading templates: a list, one, its versions, and which broadcasts began from it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import InstrumentedAttribute

from services.chassis.auth import Principal
from services.chassis.i18n import lazy
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.chassis.problems import NotFound
from services.notifications.broadcasts.models import Broadcast
from services.notifications.database import database
from services.notifications.templates.models import Template, TemplateVersion
from services.notifications.templates.schemas import TemplateOut, UsageOut, VersionOut


def stored(
    session: Session, template_id: uuid.UUID, principal: Principal, *, to_change: bool = False
) -> Template:
    """A template that the caller may use, or with ``to_change`` edit, locked until the end.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``: it is another district's, or the city's and to be changed.
    """
    found = session.get(Template, template_id, with_for_update=to_change or None)
    if found is None:
        raise _unknown()
    if to_change or found.district is not None:
        principal.must_cover(found.district)
    return found


def version_of(session: Session, template_id: uuid.UUID, number: int) -> TemplateVersion:
    """One version of a template.

    Raises:
        NotFound: there is none.
    """
    found = session.scalar(
        sa.select(TemplateVersion).where(
            TemplateVersion.template_id == template_id, TemplateVersion.number == number
        )
    )
    if found is None:
        raise NotFound(lazy("There is no such version."))
    return found


def version_by_id(
    session: Session, version_id: uuid.UUID, principal: Principal
) -> tuple[Template, TemplateVersion]:
    """A version with its template, for whoever begins a broadcast from it.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    version = session.get(TemplateVersion, version_id)
    if version is None:
        raise _unknown()
    return stored(session, version.template_id, principal), version


def shown(session: Session, template: Template, principal: Principal) -> TemplateOut:
    """A template with its newest version, as it stands in this transaction."""
    session.flush()
    session.refresh(template)
    [found] = _shown_all(session, [template], principal)
    return found


def _shown_all(
    session: Session, templates: Sequence[Template], principal: Principal
) -> list[TemplateOut]:
    identifiers = [template.id for template in templates]
    newest = {
        version.template_id: version
        for version in session.scalars(
            sa.select(TemplateVersion)
            .join(Template, Template.id == TemplateVersion.template_id)
            .where(Template.id.in_(identifiers), TemplateVersion.number == Template.version)
        )
    }
    used = _uses(session, principal, identifiers, TemplateVersion.template_id)
    return [
        TemplateOut.model_validate(
            {
                name: getattr(template, name)
                for name in TemplateOut.model_fields
                if hasattr(template, name)
            }
            | {
                "version_id": newest[template.id].id,
                "message": newest[template.id].message,
                "author": newest[template.id].author_name,
                "editable": principal.covers(template.district),
                "broadcasts": used.get(template.id, 0),
            }
        )
        for template in templates
    ]


def read(principal: Principal, template_id: uuid.UUID) -> TemplateOut:
    """One template.

    Raises:
        NotFound, Problem: as :func:`stored`.
    """
    with database.transaction() as session:
        return shown(session, stored(session, template_id, principal), principal)


def listed(
    principal: Principal,
    *,
    archived: bool = False,
    words: str = "",
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[TemplateOut]:
    """Templates that the caller's office may use: its own and the city's; the city office sees all.

    Args:
        archived: those that are put away instead of those that are offered.
        words: only names with this in them.
    """
    query = sa.select(Template).where(
        Template.archived_at.is_not(None) if archived else Template.archived_at.is_(None)
    )
    if principal.district is not None:
        query = query.where(
            sa.or_(Template.district == principal.district, Template.district.is_(None))
        )
    if words.strip():
        query = query.where(Template.name.icontains(words.strip(), autoescape=True))
    with database.transaction() as session:
        page = page_of(session, query, [Template.name, Template.id], cursor=cursor, limit=limit)
        return Page(_shown_all(session, page.items, principal), page.next_cursor)


def versions(principal: Principal, template_id: uuid.UUID) -> list[VersionOut]:
    """Every version of a template, the newest first.

    Raises:
        NotFound, Problem: as :func:`stored`.
    """
    with database.transaction() as session:
        template = stored(session, template_id, principal)
        used = _uses(session, principal, [template.id], TemplateVersion.id)
        found = session.scalars(
            sa.select(TemplateVersion)
            .where(TemplateVersion.template_id == template.id)
            .order_by(TemplateVersion.number.desc())
        )
        return [version_out(version, used.get(version.id, 0)) for version in found]


def version_out(version: TemplateVersion, broadcasts: int) -> VersionOut:
    """A version as it is shown."""
    return VersionOut.model_validate(
        {name: getattr(version, name) for name in VersionOut.model_fields if hasattr(version, name)}
        | {"author": version.author_name, "broadcasts": broadcasts}
    )


def usage(principal: Principal, template_id: uuid.UUID, limit: int = 50) -> list[UsageOut]:
    """The broadcasts that began from a template, the newest first; a district sees its own.

    Raises:
        NotFound, Problem: as :func:`stored`.
    """
    with database.transaction() as session:
        template = stored(session, template_id, principal)
        query = _begun(principal, [template.id]).order_by(Broadcast.id.desc()).limit(limit)
        rows = session.execute(query.with_only_columns(Broadcast, TemplateVersion.number))
        return [
            UsageOut(
                id=broadcast.id,
                title=broadcast.title,
                status=broadcast.status,
                number=number,
                created_at=broadcast.created_at,
            )
            for broadcast, number in rows
        ]


def _begun(principal: Principal, templates: Sequence[uuid.UUID]) -> sa.Select[Any]:
    query = (
        sa.select(Broadcast.id)
        .join(TemplateVersion, TemplateVersion.id == Broadcast.template_version_id)
        .where(TemplateVersion.template_id.in_(templates))
    )
    if principal.district is not None:
        query = query.where(Broadcast.district == principal.district)
    return query


def _uses(
    session: Session,
    principal: Principal,
    templates: Sequence[uuid.UUID],
    by: InstrumentedAttribute[uuid.UUID],
) -> dict[uuid.UUID, int]:
    """How many broadcasts began from each version, or each template."""
    counted = _begun(principal, templates).with_only_columns(by, sa.func.count()).group_by(by)
    return {row[0]: row[1] for row in session.execute(counted)}


def _unknown() -> NotFound:
    return NotFound(lazy("There is no such template."))
