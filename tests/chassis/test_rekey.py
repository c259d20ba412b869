"""Rotating the keys: after ``lingbao rekey`` the old one is needed by nothing that is stored."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from services import house
from services import rekey as rekeying
from services.chassis.crypto import SealError, fingerprint
from services.chassis.database import Database, Sealed
from services.chassis.idempotency import Once
from services.chassis.settings import settings
from services.rekey import rekey

OLD = "old-key-0123456789abcdef0123456789abcdef"
NEW = "new-key-0123456789abcdef0123456789abcdef"


@contextmanager
def keys(*secrets: str) -> Iterator[None]:
    before = os.environ["LINGBAO_SECRET_KEYS"]
    os.environ["LINGBAO_SECRET_KEYS"] = ",".join(secrets)
    settings.cache_clear()
    try:
        yield
    finally:
        os.environ["LINGBAO_SECRET_KEYS"] = before
        settings.cache_clear()


METADATA = sa.MetaData()
PEOPLE = sa.Table(
    "trial_people",
    METADATA,
    sa.Column("place", sa.Text, primary_key=True),  # a key of two columns, as some tables have
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("name", Sealed),
    sa.Column("email", Sealed),
    sa.Column("email_hash", sa.Text, unique=True),
)
OPTED_OUT = sa.Table(
    "trial_opted_out",
    METADATA,
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("address_hash", sa.Text, primary_key=True),  # a hash that is part of the key
    sa.Column("address", Sealed),
)


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """The identity database with two tables more, which ``rekey`` is told of."""
    found = house.database("identity")
    METADATA.create_all(found.engine)
    of_house = house.tables
    monkeypatch.setattr(
        house,
        "tables",
        lambda name: of_house(name) + ([PEOPLE, OPTED_OUT] if name == "identity" else []),
    )
    monkeypatch.setattr(rekeying, "BATCH", 3)
    yield found
    METADATA.drop_all(found.engine)


def add(database: Database, number: int, email: str | None, *, mark: str | None = None) -> None:
    with database.transaction() as session:
        session.execute(
            sa.insert(PEOPLE).values(
                place=f"p{number % 2}",
                number=number,
                name=f"人{number}",
                email=email,
                email_hash=mark or (fingerprint(email) if email else None),
            )
        )


def opt_out(database: Database, address: str) -> None:
    with database.transaction() as session:
        session.execute(
            sa.insert(OPTED_OUT).values(
                channel="email", address_hash=fingerprint(address.casefold()), address=address
            )
        )


def opted_out(database: Database) -> set[str]:
    with database.transaction() as session:
        return set(session.scalars(sa.select(OPTED_OUT.c.address_hash)))


def people(database: Database) -> list[sa.Row[tuple[int, str, str | None, str | None]]]:
    with database.transaction() as session:
        return list(
            session.execute(
                sa.select(
                    PEOPLE.c.number, PEOPLE.c.name, PEOPLE.c.email, PEOPLE.c.email_hash
                ).order_by(PEOPLE.c.number)
            )
        )


def test_after_rekey_the_old_key_can_go(database: Database) -> None:
    with keys(OLD):
        for number in range(8):
            add(database, number, f"{number}@example.com" if number else None)
    with keys(NEW, OLD):
        add(database, 8, "8@example.com")
        lines = list(rekey())
    assert lines == [
        "identity: trial_people.name: 8",
        "identity: trial_people.email: 7",
    ]
    with keys(NEW):
        found = people(database)
        assert [row.name for row in found] == [f"人{number}" for number in range(9)]
        assert found[0].email is None
        assert found[0].email_hash is None
        for row in found[1:]:
            assert row.email == f"{row.number}@example.com"
            assert row.email_hash == fingerprint(row.email)


def test_before_rekey_it_cannot(database: Database) -> None:
    """The control."""
    with keys(OLD):
        add(database, 1, "1@example.com")
    with keys(NEW), pytest.raises(SealError):
        people(database)
    with keys(NEW), pytest.raises(SealError):
        list(rekey())


def test_rekey_again_finds_nothing_to_do(database: Database) -> None:
    with keys(OLD):
        add(database, 1, "1@example.com")
    with keys(NEW, OLD):
        assert list(rekey())
        assert list(rekey()) == []


def test_a_break_leaves_what_can_be_taken_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with keys(OLD):
        for number in range(8):
            add(database, number, f"{number}@example.com")
    with keys(NEW, OLD):
        seen = []
        known = rekeying.is_current

        def breaks(sealed: str) -> bool:
            seen.append(sealed)
            if len(seen) == 5:
                raise KeyboardInterrupt
            return known(sealed)

        monkeypatch.setattr(rekeying, "is_current", breaks)
        with pytest.raises(KeyboardInterrupt):
            list(rekey())
        monkeypatch.setattr(rekeying, "is_current", known)
        assert len(people(database)) == 8, "both keys open both halves"
        assert next(rekey()) == "identity: trial_people.name: 5"
        list(rekey())
    with keys(NEW):
        assert len(people(database)) == 8


def test_a_hash_made_regardless_of_case_moves_too(database: Database) -> None:
    with keys(OLD):
        add(database, 1, "Wang.Fang@example.com", mark=fingerprint("wang.fang@example.com"))
        add(database, 2, "2@example.com", mark="something else")
    with keys(NEW, OLD):
        list(rekey())
    with keys(NEW):
        first, second = people(database)
        assert first.email_hash == fingerprint("wang.fang@example.com")
        assert second.email_hash == "something else"


def test_an_opt_out_is_still_known_after_the_old_key_went(database: Database) -> None:
    addresses = [f"Wang{number}@example.com" for number in range(8)]
    with keys(OLD):
        for address in addresses:
            opt_out(database, address)
    with keys(NEW, OLD):
        assert list(rekey()) == ["identity: trial_opted_out.address: 8"]
    with keys(NEW):
        assert opted_out(database) == {fingerprint(address.casefold()) for address in addresses}


def test_two_opt_outs_of_one_address_do_not_stop_it(database: Database) -> None:
    with keys(OLD):
        opt_out(database, "1@example.com")
    with keys(NEW, OLD):
        opt_out(database, "1@example.com")
        list(rekey())
        assert list(rekey()) == []
    with keys(NEW):
        assert fingerprint("1@example.com") in opted_out(database)
        with database.transaction() as session:
            assert session.scalars(sa.select(OPTED_OUT.c.address)).all() == ["1@example.com"] * 2


@pytest.mark.parametrize("service", house.SERVICES)
def test_what_the_chassis_seals_in_a_service_moves(service: str) -> None:
    database, once = house.database(service), Once("s", uuid.uuid4().hex, b"")
    with keys(OLD), database.transaction() as session:
        once.first_answer(session)
        once.keep(session, {"name": "王芳"})
    with keys(NEW, OLD):
        assert list(rekey()) == [f"{service}: idempotency_keys.answer: 1"]
    with keys(NEW), database.transaction() as session:
        assert once.first_answer(session) == {"name": "王芳"}
