"""Events between services: published with the change they tell of, handled once.

A use case calls :func:`publish` inside its transaction; the row lands in the service's *outbox*.
The :mod:`relay <services.chassis.events.relay>` hands it to Celery, one message per subscribed
service. The subscriber :func:`consumes <services.chassis.events.inbox.consume>` it in one
transaction with an *inbox* row and confirms; whatever stays unconfirmed is sent again.
"""

from services.chassis.events.envelope import Envelope, Event, Payload
from services.chassis.events.inbox import Subscription, consume
from services.chassis.events.outbox import publish

__all__ = ["Envelope", "Event", "Payload", "Subscription", "consume", "publish"]
