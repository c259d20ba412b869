"""The FastAPI application of registration, assembled."""

from __future__ import annotations

from services.chassis.app import create_app
from services.registration.activities import api as activities_api
from services.registration.activities import pages as activities_pages
from services.registration.activities import staff as activities_staff
from services.registration.bookings import api as bookings_api
from services.registration.bookings import pages as bookings_pages
from services.registration.bookings import staff_pages as bookings_staff
from services.registration.database import database, pages
from services.registration.events import HANDLERS, PUBLISHES
from services.registration.home import pages as home_pages
from services.registration.registrations import api as registrations_api
from services.registration.registrations import own_pages as registrations_own
from services.registration.registrations import pages as registrations_pages
from services.registration.registrations import staff_pages as registrations_staff

app = create_app(
    "registration",
    title="Lingbao registration",
    database=database,
    pages=pages,
    apis=[activities_api.router, registrations_api.router, bookings_api.router],
    sites=[
        home_pages.router,
        activities_pages.router,
        activities_staff.router,
        registrations_pages.router,
        registrations_own.router,
        registrations_staff.router,
        bookings_pages.router,
        bookings_staff.router,
    ],
    publishes=PUBLISHES,
    handlers=HANDLERS,
)
