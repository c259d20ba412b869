"""The web application of the content service."""

from __future__ import annotations

from services.chassis.app import create_app
from services.content.advisories import api as advisories_api
from services.content.advisories import pages as advisories_pages
from services.content.advisories import staff_pages as advisories_staff
from services.content.database import database, pages
from services.content.events import HANDLERS, PUBLISHES
from services.content.materials import api as materials_api
from services.content.materials import pages as materials_pages
from services.content.materials import staff_pages as materials_staff
from services.content.today import pages as today_pages

app = create_app(
    "content",
    title="Lingbao: advisories and materials",
    database=database,
    pages=pages,
    apis=[advisories_api.api, materials_api.api],
    sites=[
        advisories_pages.site,
        advisories_staff.site,
        materials_pages.site,
        materials_staff.site,
        today_pages.site,
    ],
    publishes=PUBLISHES,
    handlers=HANDLERS,
)
