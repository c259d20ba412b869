"""What holds after every test of this service, whatever it did."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from services.registration.activities.models import Activity
from services.registration.database import database
from services.registration.registrations.models import Registration


@pytest.fixture(autouse=True)
def seats_add_up(clean: None) -> Iterator[None]:
    """An activity's ``seats_taken`` is the sum of the parties that hold its places."""
    yield
    held = (
        sa.select(sa.func.coalesce(sa.func.sum(Registration.party_size), 0))
        .where(
            Registration.activity_id == Activity.id,
            sa.or_(
                Registration.status.in_(("confirmed", "offered")),
                sa.and_(Registration.status == "unverified", Registration.seats_held > 0),
            ),
        )
        .scalar_subquery()
    )
    with database.transaction() as session:
        wrong = session.execute(
            sa.select(Activity.slug, Activity.seats_taken, held).where(Activity.seats_taken != held)
        ).all()
    assert wrong == []
