"""What Prometheus is told of deliveries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from services.chassis.database import utc_now
from services.notifications.broadcasts import sending
from services.notifications.database import database
from services.notifications.delivery.models import Delivery
from tests.notifications import told
from tests.notifications.broadcasting import approved, author, people

Client = Callable[..., TestClient]


def figures(client: Client) -> dict[tuple[str, ...], float]:
    """The value of each figure about deliveries: its name, and its labels' values."""
    text = client("notifications").get("/api/notifications/metrics").text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("lingbao_deliver")
    }


def age() -> None:
    """Let everything have been due for ten minutes."""
    with database.transaction() as session:
        session.execute(sa.update(Delivery).values(due_at=utc_now() - timedelta(minutes=10)))


def test_nothing_at_all_is_nought_in_every_lane(client: Client) -> None:
    found = figures(client)
    assert len(found) == 3 * 3 + 3
    assert set(found.values()) == {0}


def test_what_is_not_finished_by_lane_and_state(client: Client) -> None:
    told.registration("confirmed", told.activity(told.soon(days=3)))
    people(3)
    approved()
    age()
    found = figures(client)
    assert found["lingbao_deliveries", "transactional", "pending"] == 1
    assert found["lingbao_deliveries", "bulk", "pending"] == 3
    assert 600 <= found["lingbao_deliveries_oldest_due_seconds", "transactional"] < 660


def test_a_broadcast_that_waits_for_its_sending_is_not_late(client: Client) -> None:
    people(1)
    broadcast = approved()
    age()
    name = ("lingbao_deliveries_oldest_due_seconds", "bulk")
    assert figures(client)[name] == 0
    sending.send(author(), broadcast.id)
    age()
    assert figures(client)[name] >= 600


def test_what_nobody_answered_for_stays_in_sight(client: Client) -> None:
    told.registration("confirmed", told.activity(told.soon(days=3)))
    with database.transaction() as session:
        session.execute(sa.update(Delivery).values(state="unknown"))
    assert figures(client)["lingbao_deliveries", "transactional", "unknown"] == 1
