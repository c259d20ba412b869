"""The staff's pages of a material's versions: the list, one with its difference, its return."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.i18n import country_name, lazy, localized
from services.chassis.reference import city, district_name, topic_name
from services.content.database import pages
from services.content.files.shelf import size_in_words
from services.content.materials import reading, service, version_reading
from services.content.materials.kinds import AUDIENCE_NAMES, KIND_NAMES
from services.content.materials.pages import LANGUAGE_NAMES, words
from services.content.materials.versions import ACT_NAMES, FIELD_NAMES

site = APIRouter(prefix="/staff/materials/{material_id:uuid}/versions")

Viewer = Annotated[Principal, Depends(require("materials.view"))]
Editor = Annotated[Principal, Depends(require("materials.edit"))]
Number = Annotated[int, Path(ge=1, le=1_000_000)]


@site.get("")
def list_page(request: Request, material_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """Every version that is kept, the newest first."""
    return pages.render(
        request,
        "materials/versions.html",
        material=reading.get_for_staff(principal, str(material_id)).material,
        versions=version_reading.list_versions(principal, material_id),
        act_names=ACT_NAMES,
        zone=city().timezone,
    )


@site.get("/{number}")
def version_page(
    request: Request, material_id: uuid.UUID, number: Number, principal: Viewer
) -> HTMLResponse:
    """A version, and what it says otherwise than the one before."""
    version, difference = version_reading.get_version(principal, material_id, number)
    return pages.render(
        request,
        "materials/version.html",
        material=reading.get_for_staff(principal, str(material_id)).material,
        version=version,
        difference=difference,
        act_names=ACT_NAMES,
        field_names=FIELD_NAMES,
        language_names=LANGUAGE_NAMES,
        in_words=_in_words,
        zone=city().timezone,
        **words(),
    )


@site.get("/{number}/restore")
def restore_page(
    request: Request, material_id: uuid.UUID, number: Number, principal: Editor
) -> HTMLResponse:
    """What bringing a version back will do."""
    material = reading.get_for_staff(principal, str(material_id)).material
    version_reading.get_version(principal, material_id, number)  # it must be there
    consequences = [
        lazy("Its text and facts become a new version; the present one stays among the versions."),
        lazy("The files stay as they are."),
    ]
    if material.status == "published":
        consequences.append(lazy("It is public at once, and readers are told of it."))
    return pages.render(
        request,
        "confirm.html",
        title=lazy(
            "Bring back version %(number)s of “%(title)s”?",
            number=number,
            title=localized(material.title),
        ),
        text="",
        consequences=consequences,
        button=lazy("Bring it back"),
        cancel_url=f"/staff/materials/{material_id}/versions/{number}",
    )


@site.post("/{number}/restore")
def restore(material_id: uuid.UUID, number: Number, principal: Editor) -> Response:
    """Bring it back."""
    service.restore(principal, material_id, number)
    return RedirectResponse(f"/staff/materials/{material_id}", 303)


def _in_words(field: str, value: Any) -> str:  # noqa: ANN401 - as a version keeps it
    """A field's value as a page shows it."""
    if not value:
        # Without countries a material is for all of them, without a district it is the city's.
        blank = {"countries": lazy("Every destination"), "district": district_name(None)}
        return str(blank.get(field, "–"))
    if field == "files":
        return "; ".join(f"{one['name']} ({size_in_words(one['size'])})" for one in value)
    said = {
        "kind": lambda one: str(KIND_NAMES[one]),
        "topics": topic_name,
        "countries": country_name,
        "audience": lambda one: str(AUDIENCE_NAMES[one]),
        "district": district_name,
    }.get(field, str)
    return ", ".join(map(said, value)) if isinstance(value, list) else said(value)
