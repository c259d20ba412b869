"""The use cases about API keys."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from pydantic import ValidationError

from services.chassis import audit
from services.chassis.auth import Principal, key_for
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.chassis.problems import Invalid, NotFound
from services.chassis.validation import field_errors
from services.identity.apikeys.models import ApiKey
from services.identity.apikeys.schemas import IssuedKey, KeyOut, NewKey
from services.identity.database import database
from services.identity.operator import OPERATOR
from services.identity.roles import must_be_allowed_to_give
from services.identity.signin.sessions import refuse_everywhere
from services.identity.staff.models import Staff


def create_key(
    name: str, role: str, district: str | None, created_by: Principal | None = None
) -> str:
    """Make an API key, good in every service at once.

    Args:
        created_by: who makes it; the command line when it is ``None``.

    Returns:
        The key. It is kept nowhere.

    Raises:
        Invalid: something given cannot be taken, with a sentence for each.
    """
    try:
        wanted = NewKey.model_validate({"name": name, "role": role, "district": district})
    except ValidationError as error:
        raise Invalid(field_errors(error.errors())) from error
    return issue(created_by or OPERATOR, wanted, NOT_REPEATED).key


def issue(principal: Principal, wanted: NewKey, once: Once) -> IssuedKey:
    """Make an API key.

    Raises:
        Invalid: the role is not the principal's to give.
        Problem: 403 ``other-district``.
    """
    must_be_allowed_to_give(principal, wanted.role, wanted.district)
    with database.transaction() as session:
        if first := once.first_answer(session):
            return _with_key(session.get_one(ApiKey, uuid.UUID(first["id"])))
        key = ApiKey(
            name=wanted.name,
            role=wanted.role,
            district=wanted.district,
            created_by=principal.id if principal.kind == "staff" else None,
        )
        session.add(key)
        session.flush()
        session.refresh(key)
        # The same key can be signed again for whoever repeats the call, so its id is enough.
        once.keep(session, {"id": str(key.id)})
        audit.record(
            session,
            principal,
            "apikey.created",
            f"apikey/{key.id}",
            district=key.district,
            detail=key.role,
        )
        return _with_key(key)


def _with_key(key: ApiKey) -> IssuedKey:
    return IssuedKey(**KeyOut.model_validate(key).model_dump(), key=key_for(key.principal))


def list_keys(
    *, ended: bool = True, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[KeyOut]:
    """The keys, newest first.

    Args:
        ended: whether to list those that no longer work as well.

    Raises:
        Problem: 400 ``bad-cursor``.
    """
    query = sa.select(ApiKey)
    if not ended:
        query = query.where(ApiKey.revoked_at.is_(None))
    with database.transaction() as session:
        page = page_of(session, query, [ApiKey.id], cursor=cursor, limit=limit, descending=True)
        return page.map(KeyOut.model_validate)


def names_of_makers(keys: Page[KeyOut]) -> dict[uuid.UUID, str]:
    """The names of those who made the keys of a page, by their ids."""
    makers = {key.created_by for key in keys.items if key.created_by is not None}
    with database.transaction() as session:
        rows = session.execute(sa.select(Staff.id, Staff.name).where(Staff.id.in_(makers)))
        return {row.id: row.name for row in rows}


def read_key(key_id: uuid.UUID) -> KeyOut:
    """One key, without the key itself.

    Raises:
        NotFound: there is none such.
    """
    with database.transaction() as session:
        key = session.get(ApiKey, key_id)
        if key is None:
            raise NotFound(lazy("There is no such API key."))
        return KeyOut.model_validate(key)


def count_made_by(staff_id: uuid.UUID) -> int:
    """How many working keys a member of staff has made."""
    with database.transaction() as session:
        return session.scalars(
            sa.select(sa.func.count())
            .select_from(ApiKey)
            .where(ApiKey.created_by == staff_id, ApiKey.revoked_at.is_(None))
        ).one()


def revoke_key(principal: Principal, key_id: uuid.UUID) -> KeyOut:
    """End a key, in every service. Twice is as good as once.

    Raises:
        NotFound: there is none such.
    """
    with database.transaction() as session:
        key = session.get(ApiKey, key_id, with_for_update=True)
        if key is None:
            raise NotFound(lazy("There is no such API key."))
        if key.revoked_at is None:
            key.revoked_at = utc_now()
            refuse_everywhere(session, key.id)
            audit.record(
                session, principal, "apikey.revoked", f"apikey/{key.id}", district=key.district
            )
        return KeyOut.model_validate(key)
