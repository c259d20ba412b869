"""Materials as the search finds them: what is published, with the text of its videos."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.i18n import LANGUAGES
from services.chassis.markdown import to_text
from services.content.materials.models import Material
from services.content.search.service import Entry, drop, put


def follow(session: Session, material: Material) -> None:
    """Have a material found as it is now, or no more when it is not public."""
    if material.status == "published":
        put(session, _entry(material))
    else:
        drop(session, "material", material.id)


def entries(session: Session) -> Iterator[Entry]:
    """Every published material, for making the words of everything anew."""
    for material in session.scalars(sa.select(Material).where(Material.status == "published")):
        yield _entry(material)


def _entry(material: Material) -> Entry:
    return Entry(
        kind="material",
        id=material.id,
        title=material.title,
        text={tag: _text(material, tag) for tag in LANGUAGES},
        url=f"/library/{material.slug}",
        countries=material.countries,
        topics=material.topics,
        audience=material.audience,
        at=material.updated_at,
        languages=[tag for tag in LANGUAGES if material.body.get(tag)],
    )


def _text(material: Material, tag: str) -> str:
    said = [one.transcript or "" for one in material.files if one.language == tag]
    parts = (material.summary.get(tag, ""), to_text(material.body.get(tag, "")), *said)
    return "\n".join(part for part in parts if part)
