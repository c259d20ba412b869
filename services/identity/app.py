"""The web application of identity."""

from __future__ import annotations

from services.chassis.app import create_app
from services.identity.account import pages as account_pages
from services.identity.apikeys import api as apikeys_api
from services.identity.apikeys import pages as apikeys_pages
from services.identity.audit import pages as audit_pages
from services.identity.database import database, pages
from services.identity.events import HANDLERS, PUBLISHES
from services.identity.home import pages as home_pages
from services.identity.signin import pages as signin_pages
from services.identity.staff import api as staff_api
from services.identity.staff import pages as staff_pages

app = create_app(
    "identity",
    title="Lingbao: staff and access",
    database=database,
    pages=pages,
    apis=[staff_api.router, apikeys_api.router],
    sites=[
        home_pages.router,
        signin_pages.router,
        account_pages.router,
        staff_pages.router,
        apikeys_pages.router,
        audit_pages.router,
    ],
    publishes=PUBLISHES,
    handlers=HANDLERS,
)
