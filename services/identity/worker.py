"""The worker of identity: keeps the audit trail, and forgets old sign-ins."""

from __future__ import annotations

from services.chassis.worker import Tick, Worker
from services.identity.database import database
from services.identity.events import HANDLERS
from services.identity.signin.attempts import forget_old_attempts
from services.identity.signin.sessions import forget_old_sessions

worker = Worker(
    "identity",
    database,
    HANDLERS,
    ticks=(Tick("identity.forget_sign_ins", 3600, "identity"),),
)


@worker.task("forget_sign_ins")
def forget_sign_ins() -> None:
    """Delete failed attempts that no longer count, and sessions that are long over."""
    with database.transaction() as session:
        forget_old_attempts(session)
        forget_old_sessions(session)
