"""Whoever runs the command line on the server: not a member of staff, and yet on the record."""

from __future__ import annotations

import uuid

from services.chassis.auth import Principal

OPERATOR = Principal(
    kind="key",
    id=uuid.UUID(int=0),
    credential_id=uuid.UUID(int=0),
    name="lingbao",
    role="city-admin",
    district=None,
)
