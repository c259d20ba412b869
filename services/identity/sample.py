"""The sample staff: one of each kind, to sign in as and try."""

from __future__ import annotations

import sqlalchemy as sa

from services.identity.database import database
from services.identity.staff.models import Staff
from services.identity.staff.service import add_staff, has_address

PEOPLE: tuple[tuple[str, str, str, str | None], ...] = (
    ("admin@lingbao.example", "周敏", "city-admin", None),
    ("editor@lingbao.example", "陈思远", "city-editor", None),
    ("duty@lingbao.example", "王海燕", "city-editor", None),
    ("xicheng@lingbao.example", "刘建国", "district-admin", "110102"),
    ("tongzhou@lingbao.example", "赵雨桐", "district-editor", "110112"),
    ("door@lingbao.example", "孙志强", "check-in", None),
    ("viewer@lingbao.example", "李文静", "viewer", None),
)


def load(password: str) -> list[tuple[str, str, str | None]]:
    """Add the sample staff who are not there yet.

    Args:
        password: the one password of them all.

    Returns:
        Address, role and district of each who was added.
    """
    added = []
    for email, name, role, district in PEOPLE:
        with database.transaction() as session:
            known = session.scalar(sa.select(Staff.id).where(has_address(email)))
        if known is None:
            add_staff(email, name, role, district, password)
            added.append((email, role, district))
    return added
