"""Materials of the library as links to put into a text: a mail carries addresses, not files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from services.chassis.i18n import LANGUAGES, localized
from services.notifications.database import database
from services.notifications.trips.models import MaterialSeen

# More than fit into a list that a person reads.
MOST: Final = 30
_SIGNS: Final = re.compile(r"([\\\[\]])")


@dataclass(frozen=True)
class Linked:
    """A material: its title in the language of the moment, and its link in Markdown by language."""

    title: str
    links: dict[str, str]


def offered() -> list[Linked]:
    """The newest materials that are published."""
    newest = (
        sa.select(MaterialSeen)
        .where(~MaterialSeen.withdrawn)
        .order_by(MaterialSeen.id.desc())
        .limit(MOST)
    )
    with database.transaction() as session:
        return [
            Linked(
                localized(material.title),
                {tag: _link(localized(material.title, tag), material.url) for tag in LANGUAGES},
            )
            for material in session.scalars(newest)
        ]


def _link(title: str, url: str) -> str:
    escaped = _SIGNS.sub(r"\\\1", title)
    return f"[{escaped}]({url})"
