"""Outbox, relay, inbox, confirmation: nothing is lost, nothing happens twice."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.orm import Session

from services import house
from services.chassis.database import Database
from services.chassis.events import Envelope, Event, Payload, Subscription, consume, publish
from services.chassis.events.envelope import SealedText
from services.chassis.events.outbox import confirm
from services.chassis.events.relay import claim, relay_once
from services.chassis.tables import InboxRow, OutboxRow


class Told(Event):
    """Something was told."""

    type: ClassVar[str] = "test.told.v1"
    subject_kind: ClassVar[str] = "test"
    word: str
    secret: SealedText


class Heard(Payload):
    word: str
    secret: SealedText


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    found = house.database("identity")
    monkeypatch.setattr(
        found, "subscriptions", {**found.subscriptions, Told.type: ("identity", "content")}
    )
    return found


def tell(
    database: Database, word: str = "one", version: int = 1, subject: uuid.UUID | None = None
) -> Envelope:
    with database.transaction() as session:
        publish(
            session,
            Told(subject_id=subject or uuid.uuid4(), version=version, word=word, secret="王芳"),
        )
        row = session.scalars(sa.select(OutboxRow).order_by(OutboxRow.position.desc())).first()
        assert row
        return Envelope.model_validate(row.envelope)


def listener(heard: list[str]) -> dict[str, Subscription[Any]]:
    def handle(session: Session, payload: Heard, envelope: Envelope) -> None:
        heard.append(payload.word)

    return {Told.type: Subscription(Heard, handle)}


def make_due(database: Database) -> None:
    with database.transaction() as session:
        session.execute(sa.update(OutboxRow).values(due_at=sa.func.now()))


def test_the_envelope_is_a_cloudevent_and_personal_data_is_sealed(database: Database) -> None:
    envelope = tell(database)
    assert envelope.specversion == "1.0"
    assert envelope.source == "/services/identity"
    assert envelope.publisher == "identity"
    assert envelope.subject.startswith("test/")
    assert "王芳" not in envelope.model_dump_json()
    assert envelope.read(Heard).secret == "王芳"


def test_a_name_that_looks_sealed_is_a_name(database: Database) -> None:
    told = Told(subject_id=uuid.uuid4(), version=1, word="one", secret="s1.Smith")
    with database.transaction() as session:
        publish(session, told)
    [row] = claim(database)
    assert Envelope.model_validate(row.envelope).read(Heard).secret == "s1.Smith"


def test_an_event_of_a_failed_transaction_is_never_told(database: Database) -> None:
    with pytest.raises(RuntimeError), database.transaction() as session:
        publish(session, Told(subject_id=uuid.uuid4(), version=1, word="no", secret="x"))
        raise RuntimeError
    assert claim(database) == []


def test_a_second_delivery_changes_nothing(database: Database) -> None:
    envelope, heard = tell(database), []
    assert consume(database, listener(heard), envelope) is True
    assert consume(database, listener(heard), envelope) is False
    assert heard == ["one"]


def test_an_older_version_of_a_subject_is_left(database: Database) -> None:
    subject, heard = uuid.uuid4(), []
    old = tell(database, "old", 1, subject)
    new = tell(database, "new", 2, subject)
    assert consume(database, listener(heard), new) is True
    assert consume(database, listener(heard), old) is False
    assert heard == ["new"]
    with database.transaction() as session:
        assert session.get_one(InboxRow, old.id).stale is True


def test_a_handler_that_fails_leaves_no_trace_and_is_tried_again(database: Database) -> None:
    envelope = tell(database)
    heard: list[str] = []

    def fails(session: Session, payload: Heard, envelope: Envelope) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        consume(database, {Told.type: Subscription(Heard, fails)}, envelope)
    assert consume(database, listener(heard), envelope) is True
    assert heard == ["one"]


def test_a_payload_without_what_is_read_stays_unconfirmed(database: Database) -> None:
    envelope = tell(database)
    del envelope.data["word"]
    with pytest.raises(ValidationError):
        consume(database, listener([]), envelope)
    with database.transaction() as session:
        assert session.get(InboxRow, envelope.id) is None


def test_the_relay_sends_to_each_subscriber_until_it_confirms(database: Database) -> None:
    envelope = tell(database)
    sent: list[str] = []

    def send(subscriber: str, message: dict[str, Any]) -> None:
        assert message["id"] == str(envelope.id)
        sent.append(subscriber)

    assert relay_once(database, send) == 1
    assert sent == ["identity", "content"]
    assert relay_once(database, send) == 0, "it is not due again so soon"
    with database.transaction() as session:
        confirm(session, envelope.id, "identity")
    make_due(database)
    assert relay_once(database, send) == 1
    assert sent == ["identity", "content", "content"], "only who has not confirmed"
    with database.transaction() as session:
        confirm(session, envelope.id, "content")
        confirm(session, envelope.id, "content")
    make_due(database)
    assert relay_once(database, send) == 0


def test_a_queue_that_is_away_loses_nothing(database: Database) -> None:
    tell(database, "first")
    tell(database, "second")

    def away(subscriber: str, message: dict[str, Any]) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        relay_once(database, away)
    words: list[str] = []
    relay_once(database, lambda subscriber, message: words.append(message["data"]["word"]))
    assert words == ["first", "first", "second", "second"]


def test_two_relays_share_the_rows(database: Database) -> None:
    tell(database)
    with database.transaction() as session:
        session.execute(sa.select(OutboxRow).with_for_update())
        assert claim(database) == [], "a row that another relay holds is passed over"
    assert len(claim(database)) == 1


def test_every_subscription_has_a_handler_and_the_other_way_round() -> None:
    from services.subscriptions import SUBSCRIPTIONS

    said = {(event, service) for event, services in SUBSCRIPTIONS.items() for service in services}
    handled = {
        (event, service)
        for service in house.SERVICES
        for event in house.worker(service).handlers
        # Identity ends credentials in its own transaction and does not listen to itself.
        if (event, service) != ("staff.credential_revoked.v1", "identity")
    }
    assert said == handled


def test_every_event_is_published_by_one_service_and_documented(
    client: Callable[..., Any],
) -> None:
    from services.subscriptions import SUBSCRIPTIONS

    published: dict[str, str] = {}
    for service in house.SERVICES:
        document = client(service).get(f"/api/{service}/asyncapi.json").json()
        assert document["asyncapi"] == "3.0.0"
        for operation in document["operations"].values():
            if operation["action"] == "send":
                name = operation["channel"]["$ref"].rsplit("/", 1)[-1]
                message = document["channels"][name]["messages"]["event"]
                assert message["description"], f"{name} has no docstring"
                if name != "audit.recorded.v1":
                    assert name not in published
                published[name] = service
    assert set(SUBSCRIPTIONS) <= set(published)
