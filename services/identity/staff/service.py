"""The use cases about staff. What ends somebody's access is in force at once, in every service."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.crypto import fingerprint, fingerprints
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.chassis.problems import FieldError, Invalid, NotFound, Problem
from services.chassis.validation import field_errors
from services.identity.database import database
from services.identity.operator import OPERATOR
from services.identity.roles import must_be_allowed_to_give
from services.identity.signin.sessions import end_sessions
from services.identity.staff.models import Staff
from services.identity.staff.passwords import hash_password, resembles
from services.identity.staff.schemas import NewStaff, StaffChange, StaffFilter, StaffOut


def account_key(email: str) -> str:
    """An address as accounts are told apart by it: upper and lower case are the same."""
    return email.lower()


def add_staff(email: str, name: str, role: str, district: str | None, password: str) -> StaffOut:
    """Add a person from the command line.

    Raises:
        Invalid: something given cannot be taken, with a sentence for each.
    """
    try:
        wanted = NewStaff.model_validate(
            {
                "email": email,
                "name": name,
                "role": role,
                "district": district,
                "password": password,
            }
        )
    except ValidationError as error:
        raise Invalid(field_errors(error.errors())) from error
    return add(OPERATOR, wanted, NOT_REPEATED)


def add(principal: Principal, wanted: NewStaff, once: Once) -> StaffOut:
    """Add a person, who may sign in from then on.

    Raises:
        Invalid: the address has an account, or the role is not the principal's to give.
        Problem: 403 ``other-district``.
    """
    must_be_allowed_to_give(principal, wanted.role, wanted.district)
    # Hashing takes a while on purpose, so it happens before the transaction.
    password_hash = hash_password(wanted.password)
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return StaffOut.model_validate(answer)
        if session.scalar(sa.select(Staff.id).where(has_address(wanted.email))) is not None:
            raise _address_taken()
        address = account_key(wanted.email)
        staff = Staff(
            email=address,
            email_hash=fingerprint(address),
            name=wanted.name,
            role=wanted.role,
            district=wanted.district,
            password_hash=password_hash,
        )
        session.add(staff)
        try:
            session.flush()
        except sa.exc.IntegrityError as error:  # somebody added the same address in this moment
            raise _address_taken() from error
        audit.record(
            session,
            principal,
            "staff.added",
            f"staff/{staff.id}",
            district=staff.district,
            detail=staff.role,
        )
        session.refresh(staff)
        out = StaffOut.model_validate(staff)
        once.keep(session, out.model_dump(mode="json"))
        return out


def _address_taken() -> Invalid:
    return Invalid([FieldError("email", lazy("This address has a staff account already."))])


def has_address(email: str) -> sa.ColumnElement[bool]:
    """The condition that an account is of this address, whichever key its fingerprint is of."""
    return Staff.email_hash.in_(fingerprints(account_key(email)))


def list_staff(
    principal: Principal,
    wanted: StaffFilter,
    *,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[StaffOut]:
    """The people whom the principal may see, newest first.

    Raises:
        Problem: 400 ``bad-cursor``.
    """
    query = sa.select(Staff)
    if principal.district is not None:
        query = query.where(Staff.district == principal.district)
    if wanted.district is not None:
        query = query.where(Staff.district == wanted.district)
    if wanted.role is not None:
        query = query.where(Staff.role == wanted.role)
    if wanted.state == "active":
        query = query.where(Staff.disabled_at.is_(None))
    elif wanted.state == "disabled":
        query = query.where(Staff.disabled_at.is_not(None))
    with database.transaction() as session:
        page = page_of(session, query, [Staff.id], cursor=cursor, limit=limit, descending=True)
        return page.map(StaffOut.model_validate)


def read(principal: Principal, staff_id: uuid.UUID) -> StaffOut:
    """One person.

    Raises:
        NotFound: nobody has this id.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        return StaffOut.model_validate(_theirs(session, principal, staff_id))


def change(principal: Principal, staff_id: uuid.UUID, wanted: StaffChange) -> StaffOut:
    """Change a person's name, role or district. Another role or district ends their sessions.

    Raises:
        NotFound, Invalid: as elsewhere here.
        Problem: 403 ``other-district``; 409 ``changed-meanwhile``, ``own-account`` or
            ``last-administrator``.
    """
    must_be_allowed_to_give(principal, wanted.role, wanted.district)
    with database.transaction() as session:
        administrators = _lock_administrators(session)
        staff = _theirs(session, principal, staff_id)
        if staff.version != wanted.version:
            raise Problem(
                409,
                "changed-meanwhile",
                lazy("Somebody else changed this person's account in the meantime."),
                lazy("Please open it again, look at what is there now, and repeat your change."),
            )
        moved = (staff.role, staff.district) != (wanted.role, wanted.district)
        if moved:
            _not_oneself(principal, staff)
            if wanted.role != "city-admin":
                _not_the_last(staff, administrators)
            end_sessions(session, staff.id)
        staff.name, staff.role, staff.district = wanted.name, wanted.role, wanted.district
        staff.version += 1
        audit.record(
            session,
            principal,
            "staff.role_changed" if moved else "staff.edited",
            f"staff/{staff.id}",
            district=staff.district,
            detail=staff.role if moved else "",
        )
        return StaffOut.model_validate(staff)


def disable(principal: Principal, staff_id: uuid.UUID) -> StaffOut:
    """Keep a person from signing in, and end where they are signed in. Twice is as good as once.

    Raises:
        NotFound: nobody has this id.
        Problem: 403 ``other-district``; 409 ``own-account`` or ``last-administrator``.
    """
    with database.transaction() as session:
        administrators = _lock_administrators(session)
        staff = _theirs(session, principal, staff_id)
        _not_oneself(principal, staff)
        if staff.disabled_at is None:
            _not_the_last(staff, administrators)
            staff.disabled_at = utc_now()
            staff.version += 1
            end_sessions(session, staff.id)
            audit.record(
                session, principal, "staff.disabled", f"staff/{staff.id}", district=staff.district
            )
        return StaffOut.model_validate(staff)


def enable(principal: Principal, staff_id: uuid.UUID) -> StaffOut:
    """Let a disabled person sign in again, with the password they had.

    Raises:
        NotFound, Problem: as :func:`read`.
    """
    with database.transaction() as session:
        staff = _theirs(session, principal, staff_id)
        if staff.disabled_at is not None:
            staff.disabled_at = None
            staff.version += 1
            audit.record(
                session, principal, "staff.enabled", f"staff/{staff.id}", district=staff.district
            )
        return StaffOut.model_validate(staff)


def set_password(principal: Principal, staff_id: uuid.UUID, password: str) -> None:
    """Give a person a new password and end where they are signed in.

    Args:
        password: a checked one (:data:`~services.identity.staff.passwords.NewPassword`).

    Raises:
        Invalid: it is the person's name or address.
        NotFound, Problem: as :func:`read`; 409 ``own-account`` for one's own, which is changed on
            one's own page, where the old one is asked for.
    """
    password_hash = hash_password(password)
    with database.transaction() as session:
        staff = _theirs(session, principal, staff_id)
        _not_oneself(principal, staff)
        refuse_resembling(staff, password)
        staff.password_hash = password_hash
        staff.version += 1
        end_sessions(session, staff.id)
        audit.record(
            session, principal, "staff.password_set", f"staff/{staff.id}", district=staff.district
        )


def refuse_resembling(staff: Staff, password: str) -> None:
    """Refuse a password that everybody who knows the person would try.

    Raises:
        Invalid: it is the person's name or address.
    """
    if resembles(password, staff.email, staff.name):
        raise Invalid(
            [
                FieldError(
                    "password",
                    lazy("Please choose a password that is not the person's name or address."),
                )
            ]
        )


def _theirs(session: Session, principal: Principal, staff_id: uuid.UUID) -> Staff:
    """A person whom the principal may manage, locked until the transaction ends.

    The lock makes a sign-in that is under way wait, so that it cannot slip past what ends sessions.
    """
    staff = session.get(Staff, staff_id, with_for_update=True)
    if staff is None:
        raise NotFound(lazy("There is no such person."))
    principal.must_cover(staff.district)
    return staff


def _not_oneself(principal: Principal, staff: Staff) -> None:
    if principal.id == staff.id:
        raise Problem(
            409,
            "own-account",
            lazy("This is your own account."),
            lazy("Ask another administrator, so that nobody locks themselves out."),
        )


def _lock_administrators(session: Session) -> set[uuid.UUID]:
    """Who administers the city, locked before anybody else is, so that of two who would each
    remove the other one waits and then sees what is left."""
    return set(
        session.scalars(
            sa.select(Staff.id)
            .where(Staff.role == "city-admin", Staff.disabled_at.is_(None))
            .order_by(Staff.id)
            .with_for_update()
        )
    )


def _not_the_last(staff: Staff, administrators: set[uuid.UUID]) -> None:
    if administrators == {staff.id}:
        raise Problem(
            409,
            "last-administrator",
            lazy("This is the only city administrator."),
            lazy("Please add another one first."),
        )
