"""The worker: handles what registration hears, relays what it says, and keeps time."""

from __future__ import annotations

from services.chassis.worker import Tick, Worker
from services.registration.activities import service as activities
from services.registration.catalogue import search
from services.registration.certificates import service as certificates
from services.registration.database import database
from services.registration.events import HANDLERS
from services.registration.feedback import attended
from services.registration.links import service as links
from services.registration.registrations import upkeep
from services.registration.retention import sweep
from services.registration.rush import waiting
from services.registration.verification import service as verification

worker = Worker(
    "registration",
    database,
    HANDLERS,
    ticks=(
        Tick("registration.complete_activities", 60, "registration"),
        Tick("registration.index_activities", 60, "registration"),
        Tick("registration.expire_holds", 5, "registration"),
        Tick("registration.forget_links", 600, "registration"),
        Tick("registration.forget_rush", 600, "registration"),
        Tick("registration.after_activities", 60, "registration"),
        Tick("registration.erase_old", 3600, "registration"),
    ),
)


@worker.task("complete_activities")
def complete_activities() -> None:
    """Mark activities whose end has passed as completed."""
    activities.complete_past()


@worker.task("expire_holds")
def expire_holds() -> None:
    """End offers that nobody took and registrations that nobody verified."""
    upkeep.expire_holds()


@worker.task("forget_links")
def forget_links() -> None:
    """Drop who asked for links, once it holds nobody back."""
    links.forget()


@worker.task("forget_rush")
def forget_rush() -> None:
    """Drop codes, proofs and places in line that are of no use any more."""
    verification.forget()
    waiting.forget()


@worker.task("after_activities")
def after_activities() -> None:
    """Issue certificates of what is over, then thank everyone who came."""
    certificates.issue_due()
    attended.thank()


@worker.task("erase_old")
def erase_old() -> None:
    """Erase the personal data of registrations and bookings whose time has come."""
    sweep.sweep()


@worker.task("index_activities")
def index_activities() -> None:
    """Write the words of activities that are stored without, or with those of another way."""
    search.index_stored()
