"""The service's own database, the base of its models, and its templates."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.orm import DeclarativeBase

from services.chassis.database import COLUMN_TYPES, Database
from services.chassis.database import metadata as fresh_metadata
from services.chassis.pages import Pages
from services.subscriptions import SUBSCRIPTIONS

FOLDER = Path(__file__).parent
database = Database("registration", SUBSCRIPTIONS)
pages = Pages(FOLDER)


class Base(DeclarativeBase):
    """The base of every table that registration owns."""

    metadata = fresh_metadata()
    type_annotation_map = COLUMN_TYPES
