"""The same creating call, sent twice, creates once: in a row, and at the same moment."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from starlette.datastructures import FormData
from starlette.requests import Request

from services import house
from services.chassis.database import COLUMN_TYPES, Database, metadata, utc_now
from services.chassis.forms import Typed
from services.chassis.idempotency import (
    NOT_REPEATED,
    Once,
    forget_old_keys,
    fresh_once,
    once_per_form,
)
from services.chassis.problems import Problem
from services.chassis.tables import IdempotencyKey
from tests.chassis.trial import browser

Key = Callable[..., dict[str, str]]
CALL = "/api/identity/v1/things"


class Base(DeclarativeBase):
    metadata = metadata()
    type_annotation_map = COLUMN_TYPES


class Made(Base):
    """What a creating call creates."""

    __tablename__ = "made_things"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)


@pytest.fixture
def database() -> Iterator[Database]:
    found = house.database("identity")
    Base.metadata.create_all(found.engine)
    yield found
    Base.metadata.drop_all(found.engine)


def make(database: Database, once: Once, reached: Callable[[], object] = lambda: None) -> str:
    """A use case as every service writes it."""
    with database.transaction() as session:
        if (first := once.first_answer(session)) is not None:
            return str(first["id"])
        reached()
        made = Made(id=uuid.uuid4())
        session.add(made)
        session.flush()
        once.keep(session, {"id": str(made.id)})
        return str(made.id)


def count(database: Database) -> int:
    with database.transaction() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Made)) or 0


def at_once(database: Database, first: Once, second: Once) -> list[str]:
    """Two calls of which the second begins while the first is in its transaction."""
    inside, go_on = threading.Event(), threading.Event()
    answers: dict[str, str] = {}

    def slow() -> None:
        inside.set()
        assert go_on.wait(60)

    one = threading.Thread(
        target=lambda: answers.update(first=make(database, first, slow)), daemon=True
    )
    two = threading.Thread(
        target=lambda: answers.update(second=make(database, second)), daemon=True
    )
    one.start()
    assert inside.wait(60)
    two.start()
    two.join(0.5)  # it waits for the first, or is done already
    go_on.set()
    one.join(60)
    two.join(60)
    return [answers["first"], answers["second"]]


def test_two_equal_calls_at_the_same_moment_create_once(database: Database) -> None:
    first, second = at_once(database, Once("s", "k", b"x"), Once("s", "k", b"x"))
    assert first == second
    assert count(database) == 1


def test_without_a_key_the_same_two_create_twice(database: Database) -> None:
    """The control: it is the key that holds the second back."""
    first, second = at_once(database, NOT_REPEATED, NOT_REPEATED)
    assert first != second
    assert count(database) == 2


@pytest.mark.parametrize(
    ("scope", "key"), [("another path", "k"), ("s", "another key")], ids=["scope", "key"]
)
def test_calls_that_differ_do_not_wait(database: Database, scope: str, key: str) -> None:
    first, second = at_once(database, Once("s", "k", b"x"), Once(scope, key, b"x"))
    assert first != second
    assert count(database) == 2


def test_a_call_that_failed_leaves_the_key_free(database: Database) -> None:
    def fails() -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        make(database, Once("s", "k", b"x"), fails)
    made = make(database, Once("s", "k", b"x"))
    assert make(database, Once("s", "k", b"x")) == made
    assert count(database) == 1


def test_one_key_with_another_body_is_refused(database: Database) -> None:
    make(database, Once("s", "k", b"x"))
    with pytest.raises(Problem) as caught:
        make(database, Once("s", "k", b"y"))
    assert (caught.value.status, caught.value.kind) == (422, "idempotency-key-reused")


def test_a_call_of_the_api(key: Key) -> None:
    headers = {**key("city-editor"), "Idempotency-Key": "0198-once"}
    first = browser().post(CALL, json={"name": "x"}, headers=headers)
    assert first.status_code == 201
    assert browser().post(CALL, json={"name": "x"}, headers=headers).json() == first.json()
    other = browser().post(CALL, json={"name": "y"}, headers=headers)
    assert other.status_code == 422
    assert other.json()["type"] == "idempotency-key-reused"
    somebody_else = {**headers, **key("city-editor")}
    answer = browser().post(CALL, json={"name": "x"}, headers=somebody_else)
    assert answer.json() != first.json(), "one caller's key is not another's"
    free = {name: value for name, value in headers.items() if name != "Idempotency-Key"}
    assert browser().post(CALL, json={"name": "x"}, headers=free).json() != first.json()


@pytest.mark.parametrize(("given", "status"), [("", 400), ("k" * 201, 400), ("k" * 200, 201)])
def test_a_key_has_its_length(key: Key, given: str, status: int) -> None:
    headers = {**key("city-editor"), "Idempotency-Key": given}
    answer = browser().post(CALL, json={"name": "x"}, headers=headers)
    assert answer.status_code == status


def form(*fields: tuple[str, str], path: str = "/new") -> Once:
    scope = {"type": "http", "method": "POST", "path": path, "headers": [], "query_string": b""}
    return once_per_form(Request(scope), Typed(FormData(fields)))


def test_a_form_sent_twice_creates_once(database: Database) -> None:
    once = fresh_once()
    made = make(database, form(("_once", once), ("name", "a")))
    assert make(database, form(("_once", once), ("name", "a"))) == made
    assert count(database) == 1
    for other in (
        form(("_once", once), ("name", "b")),  # corrected after going back
        form(("_once", fresh_once()), ("name", "a")),  # filled in anew
        form(("_once", once), ("name", "a"), path="/other"),
    ):
        assert make(database, other) != made
    assert count(database) == 4


@pytest.mark.parametrize("value", ["x\x00y", "领" * 5000])
def test_a_strange_hidden_value_does_no_harm(database: Database, value: str) -> None:
    made = make(database, form(("_once", value), ("name", "a")))
    assert make(database, form(("_once", value), ("name", "a"))) == made


def test_a_form_without_its_hidden_value_is_always_new(database: Database) -> None:
    assert make(database, form(("name", "a"))) != make(database, form(("name", "a")))


def test_an_answer_is_sealed_and_forgotten_in_time(database: Database) -> None:
    make(database, Once("s", "k", b"x"))
    with database.transaction() as session:
        stored = session.scalar(sa.text("SELECT answer FROM idempotency_keys"))
        assert stored.startswith("s1.")
        forget_old_keys(session)
    assert kept(database) == 1
    with database.transaction() as session:
        age(session, timedelta(days=2, minutes=1))
        forget_old_keys(session)
    assert kept(database) == 0


def age(session: Session, by: timedelta) -> None:
    session.execute(sa.update(IdempotencyKey).values(created_at=utc_now() - by))


def kept(database: Database) -> int:
    with database.transaction() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(IdempotencyKey)) or 0
