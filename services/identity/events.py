"""What identity says and hears.

It says ``staff.credential_revoked.v1``, so that what was ended is refused everywhere, and tells of
its own acts of staff like every other service. It hears those of all and keeps them.
"""

from __future__ import annotations

from services.chassis.audit import AuditRecorded
from services.chassis.auth import CredentialRevoked
from services.chassis.events.envelope import Event
from services.chassis.events.inbox import Handlers, Subscription
from services.identity.audit.events import ActOfStaff, keep

PUBLISHES: tuple[type[Event], ...] = (CredentialRevoked, AuditRecorded)

HANDLERS: Handlers = {AuditRecorded.type: Subscription(reads=ActOfStaff, handler=keep)}
