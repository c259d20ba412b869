"""The worker of the content service: it relays its events and hears of activities."""

from __future__ import annotations

from services.chassis.database import utc_now
from services.chassis.worker import Tick, Worker
from services.content.advisories import indexing
from services.content.alerts import following
from services.content.attempts import erasing
from services.content.attempts import service as attempts
from services.content.banks import importing as bank_imports
from services.content.database import database
from services.content.events import HANDLERS
from services.content.files import covers, sweep
from services.content.orders import erasing as orders
from services.content.packs import following as packs
from services.content.questions import erasing as questions
from services.content.results import telling
from services.content.search import rebuild
from services.content.search import service as searching

worker = Worker(
    "content",
    database,
    HANDLERS,
    ticks=(
        Tick("content.follow_feeds", 30, "content"),
        Tick("content.begin_advisories", 60, "content"),
        Tick("content.make_covers", 5, "content"),
        Tick("content.sweep_files", 3600, "content"),
        Tick("content.hand_in_overdue", 5, "content"),
        Tick("content.tell_results", 10, "content"),
        Tick("content.erase_attempts", 3600, "content"),
        Tick("content.forget_bank_imports", 3600, "content"),
        Tick("content.erase_orders", 3600, "content"),
        Tick("content.follow_packs", 600, "content"),
        Tick("content.keep_search", 60, "content"),
        Tick("content.erase_questions", 3600, "content"),
    ),
)


@worker.task("hand_in_overdue")
def hand_in_overdue() -> None:
    """Hand in attempts whose time is up."""
    attempts.hand_in_overdue()


@worker.task("tell_results")
def tell_results() -> None:
    """Tell the other services what quizzes came to since the last time."""
    telling.tell_results()


@worker.task("erase_attempts")
def erase_attempts() -> None:
    """Erase attempts whose time has come."""
    erasing.erase_old()


@worker.task("erase_orders")
def erase_orders() -> None:
    """Erase whose door old orders went to."""
    orders.erase_old()


@worker.task("erase_questions")
def erase_questions() -> None:
    """Erase questions whose time has come."""
    questions.erase_old()


@worker.task("make_covers")
def make_covers() -> None:
    """Make the small pictures of files that came since the last time."""
    covers.make_due()


@worker.task("sweep_files")
def sweep_files() -> None:
    """Delete what was taken out long ago, and bytes that belong to no file."""
    sweep.sweep()


@worker.task("follow_feeds")
def follow_feeds() -> None:
    """Ask the feeds of other offices' alerts that are due."""
    following.follow_due()


@worker.task("follow_packs")
def follow_packs() -> None:
    """Tell of packs in which something reads otherwise than their holders last heard."""
    packs.follow()


@worker.task("keep_search")
def keep_search() -> None:
    """Take out of the search what is over, and make anew what was made another way."""
    searching.drop_over()
    rebuild.rebuild_old()


@worker.task("forget_bank_imports")
def forget_bank_imports() -> None:
    """Delete files of items that nobody has decided about for a day."""
    bank_imports.forget_old(utc_now())


@worker.task("begin_advisories")
def begin_advisories() -> None:
    """Have advisories found that have begun since they were published."""
    indexing.follow_begun(utc_now())
