"""The JSON calls about destinations and the missions in them."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.chassis.auth import Principal, require
from services.chassis.fields import Country
from services.chassis.i18n import LANGUAGES, country_name, speaking
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import PageOut
from services.chassis.reference import aliases, countries
from services.content.advisories.schemas import public_url
from services.content.destinations import reading, service
from services.content.destinations.schemas import (
    DestinationName,
    DestinationOut,
    MissionIn,
    MissionOut,
    MissionPatch,
    NumbersOut,
)

api = APIRouter(tags=["destinations"])

Editor = Annotated[Principal, Depends(require("advisories.edit"))]


@api.get("/destinations")
def list_destinations() -> PageOut[DestinationName]:
    """Every country and region by its code, with what people call it; all on one page."""
    items = [
        DestinationName(
            country=code, name=_names(code), aliases=aliases(code), url=public_url(code)
        )
        for code in sorted(countries())
    ]
    return PageOut(items=items, next_cursor=None)


@api.get("/destinations/{country}")
def get_destination(country: Country) -> DestinationOut:
    """What there is to know about going to a country."""
    found = reading.destination(country)
    return DestinationOut(
        country=country,
        name=_names(country),
        url=public_url(country),
        advisories=found.advisories,
        emergency_numbers=found.numbers and NumbersOut.model_validate(found.numbers),
        missions=found.missions,
        materials=[*found.materials, *found.cases],
    )


@api.get("/missions")
def list_missions(country: Country | None = None) -> PageOut[MissionOut]:
    """China's embassies and consulates that we have checked, by country; all on one page."""
    return PageOut(items=reading.list_missions(country), next_cursor=None)


@api.post("/missions", status_code=201)
def add_mission(wanted: MissionIn, principal: Editor, once: OncePerKey) -> MissionOut:
    """Add one; it is on its country's page at once."""
    return service.add(principal, wanted, once)


@api.put("/missions/{mission_id:uuid}")
def change_mission(mission_id: uuid.UUID, patch: MissionPatch, principal: Editor) -> MissionOut:
    """Change one as a whole."""
    return service.change(principal, mission_id, patch.mission, patch.version)


@api.delete("/missions/{mission_id:uuid}", status_code=204)
def remove_mission(mission_id: uuid.UUID, principal: Editor) -> Response:
    """Remove one."""
    service.remove(principal, mission_id)
    return Response(status_code=204)


def _names(code: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for tag in LANGUAGES:
        with speaking(tag):
            found[tag] = country_name(code)
    return found
