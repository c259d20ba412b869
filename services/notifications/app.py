"""The FastAPI application of notifications, assembled."""

from __future__ import annotations

from services.chassis.app import create_app
from services.notifications.answers import pages as answers_pages
from services.notifications.answers import staff_pages as answers_staff_pages
from services.notifications.broadcasts import acts as broadcasts_acts
from services.notifications.broadcasts import api as broadcasts_api
from services.notifications.broadcasts import form_pages as broadcasts_form_pages
from services.notifications.broadcasts import live_pages as broadcasts_live_pages
from services.notifications.broadcasts import pages as broadcasts_pages
from services.notifications.contacts import act_pages as contacts_act_pages
from services.notifications.contacts import api as contacts_api
from services.notifications.contacts import pages as contacts_pages
from services.notifications.contacts import suppression_pages as contacts_suppression_pages
from services.notifications.database import database, pages
from services.notifications.delivery import api as delivery_api
from services.notifications.delivery import pages as delivery_pages
from services.notifications.delivery import recipients_pages, unknown_pages
from services.notifications.delivery.metrics import DeliveryFigures
from services.notifications.events import HANDLERS, PUBLISHES
from services.notifications.home import pages as home_pages
from services.notifications.imports import api as imports_api
from services.notifications.imports import pages as imports_pages
from services.notifications.inbound import api as inbound_api
from services.notifications.inbound import pages as inbound_pages
from services.notifications.preferences import api as preferences_api
from services.notifications.preferences import pages as preferences_pages
from services.notifications.returns import api as returns_api
from services.notifications.returns import pages as returns_pages
from services.notifications.rules import pages as rules_pages
from services.notifications.senders import health_api as senders_api
from services.notifications.senders import health_pages as senders_pages
from services.notifications.senders.metrics import SenderFigures
from services.notifications.sms_registry import api as sms_registry_api
from services.notifications.sms_registry import pages as sms_registry_pages
from services.notifications.subscribing import api as subscribing_api
from services.notifications.subscribing import pages as subscribing_pages
from services.notifications.templates import api as templates_api
from services.notifications.templates import pages as templates_pages
from services.notifications.unsubscribing import pages as unsubscribing_pages
from services.notifications.webhooks import api as webhooks_api
from services.notifications.webhooks import pages as webhooks_pages

app = create_app(
    "notifications",
    title="Lingbao notifications",
    database=database,
    pages=pages,
    apis=[
        subscribing_api.router,
        preferences_api.router,
        imports_api.router,
        contacts_api.router,
        broadcasts_api.router,
        delivery_api.router,
        senders_api.router,
        returns_api.router,
        webhooks_api.router,
        templates_api.router,
        inbound_api.router,
        sms_registry_api.router,
    ],
    sites=[
        rules_pages.router,
        broadcasts_form_pages.router,
        broadcasts_pages.router,
        broadcasts_live_pages.router,
        broadcasts_acts.router,
        answers_pages.router,
        answers_staff_pages.router,
        unknown_pages.router,
        delivery_pages.router,
        recipients_pages.router,
        home_pages.router,
        senders_pages.router,
        returns_pages.router,
        webhooks_pages.router,
        imports_pages.router,
        contacts_suppression_pages.router,
        contacts_act_pages.router,
        contacts_pages.router,
        preferences_pages.router,
        subscribing_pages.router,
        templates_pages.router,
        unsubscribing_pages.router,
        inbound_pages.router,
        sms_registry_pages.router,
    ],
    publishes=PUBLISHES,
    handlers=HANDLERS,
    collectors=[DeliveryFigures(), SenderFigures()],
)
