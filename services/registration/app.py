"""The FastAPI application of registration, assembled."""

from __future__ import annotations

from services.chassis.app import create_app
from services.registration.activities import api as activities_api
from services.registration.activities import pages as activities_pages
from services.registration.activities import staff as activities_staff
from services.registration.activities import staff_changes as activities_changes
from services.registration.attendees import api as attendees_api
from services.registration.attendees import bulk_pages as attendees_bulk
from services.registration.attendees import change_pages as attendees_change
from services.registration.attendees import message_pages as attendees_messages
from services.registration.attendees import pages as attendees_pages
from services.registration.bookings import api as bookings_api
from services.registration.bookings import pages as bookings_pages
from services.registration.bookings import staff_pages as bookings_staff
from services.registration.catalogue import embed as catalogue_embed
from services.registration.catalogue import feeds as catalogue_feeds
from services.registration.catalogue import pages as catalogue_pages
from services.registration.certificates import api as certificates_api
from services.registration.certificates import pages as certificates_pages
from services.registration.certificates import staff_pages as certificates_staff
from services.registration.checkin import api as checkin_api
from services.registration.checkin import pages as checkin_pages
from services.registration.checkin import screen as checkin_screen
from services.registration.database import database, pages
from services.registration.events import HANDLERS, PUBLISHES
from services.registration.feedback import api as feedback_api
from services.registration.feedback import pages as feedback_pages
from services.registration.feedback import staff_pages as feedback_staff
from services.registration.home import pages as home_pages
from services.registration.links import pages as links_pages
from services.registration.pictures import api as pictures_api
from services.registration.pictures import pages as pictures_pages
from services.registration.questions import staff as questions_staff
from services.registration.registrations import api as registrations_api
from services.registration.registrations import own_pages as registrations_own
from services.registration.registrations import pages as registrations_pages
from services.registration.registrations import proxy_pages
from services.registration.resources import api as resources_api
from services.registration.resources import choice_pages as resources_choice
from services.registration.resources import lecturer_pages as resources_lecturers
from services.registration.resources import venue_pages as resources_venues
from services.registration.retention import api as retention_api
from services.registration.retention import pages as retention_pages
from services.registration.rush import api as rush_api
from services.registration.rush import pages as rush_pages
from services.registration.series import api as series_api
from services.registration.series import pages as series_pages
from services.registration.series import staff_pages as series_staff
from services.registration.verification import api as verification_api
from services.registration.verification import pages as verification_pages

app = create_app(
    "registration",
    title="Lingbao registration",
    database=database,
    pages=pages,
    apis=[
        activities_api.router,
        pictures_api.router,
        series_api.router,
        registrations_api.router,
        attendees_api.router,
        verification_api.router,
        rush_api.router,
        links_pages.api,
        proxy_pages.api,
        bookings_api.router,
        resources_api.router,
        checkin_api.router,
        certificates_api.router,
        feedback_api.router,
        retention_api.router,
    ],
    sites=[
        home_pages.router,
        catalogue_pages.router,
        catalogue_feeds.router,
        catalogue_embed.router,
        activities_pages.router,
        activities_staff.router,
        activities_changes.router,
        pictures_pages.router,
        series_pages.router,
        series_staff.router,
        questions_staff.router,
        registrations_pages.router,
        registrations_own.router,
        verification_pages.router,
        rush_pages.router,
        links_pages.router,
        proxy_pages.router,
        # The bulk pages first: `bulk` would be taken for a registration's id.
        attendees_bulk.router,
        attendees_pages.router,
        attendees_change.router,
        attendees_messages.router,
        bookings_pages.router,
        bookings_staff.router,
        resources_choice.router,
        resources_lecturers.router,
        resources_venues.router,
        checkin_pages.router,
        checkin_screen.router,
        certificates_pages.router,
        certificates_staff.router,
        feedback_pages.router,
        feedback_staff.router,
        retention_pages.router,
    ],
    publishes=PUBLISHES,
    handlers=HANDLERS,
)
