"""What Prometheus is told of senders."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.notifications.senders import health


class SenderFigures(Collector):
    """For each sender: attempts of the last hour by outcome, whether it is well, its bounces."""

    def collect(self) -> Iterator[Metric]:
        """Ask the database."""
        attempts = GaugeMetricFamily(
            "lingbao_sender_attempts_last_hour",
            "Attempts of the last hour",
            labels=["sender", "outcome"],
        )
        up = GaugeMetricFamily(
            "lingbao_sender_up", "1: it is given messages and does not fail", labels=["sender"]
        )
        bounces = GaugeMetricFamily(
            "lingbao_sender_bounce_rate",
            "Bounces and complaints among its last messages, 0 to 1",
            labels=["sender"],
        )
        for sender in health.listed():
            for outcome, number in sender.hour.model_dump().items():
                attempts.add_metric([sender.name, outcome], number)
            up.add_metric([sender.name], float(sender.standing in ("well", "quiet")))
            bounces.add_metric([sender.name], sender.bounce_rate or 0.0)
        yield attempts
        yield up
        yield bounces
