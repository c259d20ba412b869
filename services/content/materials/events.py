"""What this service says about materials."""

from __future__ import annotations

from typing import ClassVar

from services.chassis.events import Event
from services.content.materials.kinds import Kind
from services.content.materials.models import Material
from services.content.materials.schemas import public_url


class MaterialPublished(Event):
    """A material was published, or changed while it is public; its body is at ``url``.

    Without ``countries`` it is for every destination.
    """

    type: ClassVar[str] = "material.published.v1"
    subject_kind: ClassVar[str] = "material"

    kind: Kind
    title: dict[str, str]
    summary: dict[str, str]
    topics: list[str]
    countries: list[str]
    url: str
    withdrawn: bool


class MaterialWithdrawn(MaterialPublished):
    """A material was taken back; its address answers that it is gone."""

    type: ClassVar[str] = "material.withdrawn.v1"


def event_of(material: Material) -> MaterialPublished:
    """The event that tells of the material's present state."""
    withdrawn = material.status == "withdrawn"
    kind = MaterialWithdrawn if withdrawn else MaterialPublished
    return kind.model_validate(
        {
            "subject_id": material.id,
            "version": material.version,
            "kind": material.kind,
            "title": material.title,
            "summary": material.summary,
            "topics": material.topics,
            "countries": material.countries,
            "url": public_url(material.slug),
            "withdrawn": withdrawn,
        }
    )
