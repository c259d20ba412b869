"""The worker of the content service: it relays its events and hears of activities."""

from __future__ import annotations

from services.chassis.worker import Worker
from services.content.database import database
from services.content.events import HANDLERS

worker = Worker("content", database, HANDLERS)
