"""Models and migration agree, and the database keeps its own rules."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from services.chassis.database import new_id, utc_now
from services.chassis.migrate import differences
from services.identity import app  # noqa: F401 - every model
from services.identity.apikeys.models import ApiKey
from services.identity.audit.models import AuditEntry
from services.identity.database import Base, database


def test_models_and_migration_agree() -> None:
    assert differences(database, Base.metadata) == []


@pytest.mark.parametrize(
    ("role", "district"),
    [("city-admin", "110102"), ("district-admin", None), ("owner", None)],
)
def test_a_role_without_its_place_is_refused_by_the_database(
    role: str, district: str | None
) -> None:
    with pytest.raises(sa.exc.IntegrityError), database.transaction() as session:
        session.add(ApiKey(name="n", role=role, district=district))


def _entry() -> AuditEntry:
    return AuditEntry(
        id=new_id(),
        at=utc_now(),
        service="registration",
        actor_kind="staff",
        actor_id=new_id(),
        actor_name="周敏",
        actor_role="city-admin",
        district=None,
        action="activity.published",
        target=f"activity/{new_id()}",
        detail="",
    )


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entries SET action = 'x'", "DELETE FROM audit_entries"]
)
def test_the_audit_trail_cannot_be_rewritten(statement: str) -> None:
    with database.transaction() as session:
        session.add(_entry())
    with (
        pytest.raises(sa.exc.DBAPIError, match="never changed"),
        database.transaction() as session,
    ):
        session.execute(sa.text(statement))


def test_a_name_in_the_audit_trail_may_be_sealed_anew() -> None:
    with database.transaction() as session:
        session.add(_entry())
    with database.transaction() as session:
        session.execute(sa.update(AuditEntry).values(actor_name="周敏"))
