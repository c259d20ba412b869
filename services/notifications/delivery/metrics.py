"""What Prometheus is told of deliveries: how many are not finished, and how late the oldest is."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.chassis.database import utc_now
from services.chassis.operations import seconds_since
from services.notifications.broadcasts.models import Broadcast
from services.notifications.database import database
from services.notifications.delivery.models import LANES, Delivery
from services.notifications.rules.quiet import quiet_now

UNFINISHED = ("pending", "sending", "unknown")


class DeliveryFigures(Collector):
    """Deliveries by lane and state, and the age of the oldest due one of each lane.

    What waits for a broadcast's approval, its hour, the end of its pause or of the quiet
    hours is pending, not due.
    """

    def collect(self) -> Iterator[Metric]:
        """Ask the database."""
        held = sa.exists().where(
            Broadcast.id == Delivery.broadcast_id,
            sa.or_(Broadcast.status != "sending", Broadcast.urgency.in_(quiet_now(utc_now()))),
        )
        due = sa.and_(
            Delivery.state == "pending",
            Delivery.due_at <= sa.func.now(),
            Delivery.lane.in_(LANES),
            ~held,
        )
        query = (
            sa.select(
                Delivery.lane,
                Delivery.state,
                sa.func.count(),
                seconds_since(sa.func.min(Delivery.due_at).filter(due)),
            )
            # Said one by one, so that the index of each state serves: most rows are finished.
            .where(sa.or_(*(Delivery.state == state for state in UNFINISHED)))
            .group_by(Delivery.lane, Delivery.state)
        )
        with database.transaction() as session:
            found = {(lane, state): figures for lane, state, *figures in session.execute(query)}
        number = GaugeMetricFamily(
            "lingbao_deliveries", "Messages that are not finished", labels=["lane", "state"]
        )
        oldest = GaugeMetricFamily(
            "lingbao_deliveries_oldest_due_seconds",
            "How long the oldest message that could go has been due",
            labels=["lane"],
        )
        for lane in LANES:
            for state in UNFINISHED:
                number.add_metric([lane, state], found.get((lane, state), (0, 0))[0])
            oldest.add_metric([lane], float(found.get((lane, "pending"), (0, 0))[1]))
        yield number
        yield oldest
