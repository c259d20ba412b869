"""The countries that the coming programme speaks of."""

from __future__ import annotations

import functools
import time

import sqlalchemy as sa

from services.chassis.database import utc_now
from services.chassis.i18n import country_name, language
from services.registration.activities.models import Activity
from services.registration.database import database

# Seconds for which a list may be old: it only helps with typing.
FRESH_FOR = 60


def destinations() -> list[str]:
    """Their names in the language of the moment and its order, for the field that takes one."""
    names = map(country_name, _codes(int(time.monotonic()) // FRESH_FOR))
    if language() == "en":
        return sorted(names, key=str.casefold)
    # GB 2312 lists the common characters by their pinyin, and GB 18030 keeps that order.
    return sorted(names, key=lambda name: name.encode("gb18030"))


@functools.lru_cache(maxsize=1)
def _codes(_when: int) -> list[str]:
    """Read once in a while: thousands of activities are looked at for it."""
    query = sa.select(sa.func.unnest(Activity.countries)).where(
        Activity.status == "published", Activity.ends_at > utc_now()
    )
    with database.transaction() as session:
        return list(session.scalars(query.distinct()))
