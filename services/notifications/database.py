"""The service's own database, the base of its tables, and its templates."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.orm import DeclarativeBase

from services.chassis.database import COLUMN_TYPES, Database, metadata
from services.chassis.pages import Pages
from services.subscriptions import SUBSCRIPTIONS

FOLDER = Path(__file__).parent

database = Database("notifications", SUBSCRIPTIONS)
pages = Pages(FOLDER)


class Base(DeclarativeBase):
    """The tables of this service."""

    metadata = metadata()
    type_annotation_map = COLUMN_TYPES
