"""The FastAPI application of notifications, assembled."""

from __future__ import annotations

from services.chassis.app import create_app
from services.notifications.broadcasts import acts as broadcasts_acts
from services.notifications.broadcasts import api as broadcasts_api
from services.notifications.broadcasts import pages as broadcasts_pages
from services.notifications.database import database, pages
from services.notifications.delivery import pages as delivery_pages
from services.notifications.delivery.metrics import DeliveryFigures
from services.notifications.events import HANDLERS, PUBLISHES
from services.notifications.home import pages as home_pages
from services.notifications.unsubscribing import pages as unsubscribing_pages

app = create_app(
    "notifications",
    title="Lingbao notifications",
    database=database,
    pages=pages,
    apis=[broadcasts_api.router],
    sites=[
        broadcasts_pages.router,
        broadcasts_acts.router,
        delivery_pages.router,
        home_pages.router,
        unsubscribing_pages.router,
    ],
    publishes=PUBLISHES,
    handlers=HANDLERS,
    collectors=[DeliveryFigures()],
)
