"""The web application of the content service."""

from __future__ import annotations

from services.chassis.app import create_app
from services.content.advisories import act_pages as advisories_acts
from services.content.advisories import api as advisories_api
from services.content.advisories import pages as advisories_pages
from services.content.advisories import staff_pages as advisories_staff
from services.content.alerts import api as alerts_api
from services.content.alerts import feed_pages as alerts_feeds
from services.content.alerts import staff_pages as alerts_staff
from services.content.attempts import api as attempts_api
from services.content.attempts import certificate_pages as attempts_certificates
from services.content.attempts import pages as attempts_pages
from services.content.attempts import taking_pages as attempts_taking
from services.content.banks import api as banks_api
from services.content.banks import import_pages as banks_imports
from services.content.banks import item_pages as banks_items
from services.content.banks import staff_pages as banks_staff
from services.content.database import database, pages
from services.content.destinations import api as destinations_api
from services.content.destinations import pages as destinations_pages
from services.content.destinations import staff_pages as destinations_staff
from services.content.events import HANDLERS, PUBLISHES
from services.content.files import api as files_api
from services.content.files import pages as files_pages
from services.content.files import staff_pages as files_staff
from services.content.files.intake import LARGER
from services.content.materials import api as materials_api
from services.content.materials import pages as materials_pages
from services.content.materials import staff_pages as materials_staff
from services.content.materials import version_pages as materials_versions
from services.content.orders import api as orders_api
from services.content.orders import bulk_pages as orders_bulk
from services.content.orders import desk_pages as orders_desks
from services.content.orders import own_pages as orders_own
from services.content.orders import pages as orders_pages
from services.content.orders import staff_pages as orders_staff
from services.content.packs import api as packs_api
from services.content.packs import item_pages as packs_items
from services.content.packs import pages as packs_pages
from services.content.packs import staff_pages as packs_staff
from services.content.questions import act_pages as questions_acts
from services.content.questions import answer_pages as questions_answers
from services.content.questions import api as questions_api
from services.content.questions import expert_pages as questions_experts
from services.content.questions import pages as questions_pages
from services.content.questions import staff_pages as questions_staff
from services.content.quizzes import api as quizzes_api
from services.content.quizzes import room_pages as quizzes_room
from services.content.quizzes import staff_pages as quizzes_staff
from services.content.results import api as results_api
from services.content.results import staff_pages as results_staff
from services.content.search import api as search_api
from services.content.search import pages as search_pages
from services.content.stock import api as stock_api
from services.content.stock import staff_pages as stock_staff
from services.content.today import pages as today_pages

app = create_app(
    "content",
    title="Lingbao: advisories and materials",
    database=database,
    pages=pages,
    apis=[
        advisories_api.api,
        alerts_api.api,
        materials_api.api,
        attempts_api.api,
        results_api.api,
        banks_api.api,
        quizzes_api.api,
        packs_api.api,
        files_api.api,
        destinations_api.api,
        search_api.api,
        orders_api.api,
        questions_api.api,
        stock_api.api,
    ],
    sites=[
        advisories_pages.site,
        advisories_staff.site,
        advisories_acts.site,
        alerts_staff.site,
        alerts_feeds.site,
        materials_pages.site,
        materials_staff.site,
        materials_versions.site,
        files_pages.site,
        files_staff.site,
        attempts_certificates.site,
        attempts_taking.site,
        attempts_pages.site,
        results_staff.site,
        banks_staff.site,
        banks_items.site,
        banks_imports.site,
        quizzes_staff.site,
        quizzes_room.site,
        stock_staff.site,
        questions_staff.site,
        questions_answers.site,
        questions_experts.site,
        questions_acts.site,
        questions_pages.site,
        orders_pages.site,
        orders_own.site,
        orders_staff.site,
        orders_bulk.site,
        orders_desks.site,
        packs_pages.site,
        packs_staff.site,
        packs_items.site,
        today_pages.site,
        search_pages.site,
        destinations_staff.site,
        # Last of those under /advisories: whatever no other knows is the name of a country.
        destinations_pages.site,
    ],
    publishes=PUBLISHES,
    handlers=HANDLERS,
    larger=(LARGER,),
)
