"""Every staff page and call of registration: a permission, and the district that it belongs to."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from starlette.testclient import TestClient

from services.chassis.database import new_id
from services.registration.app import app
from tests.registration.ground import XICHENG, an_activity, register
from tests.walls import asks_permission, is_limited, routes

SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
ELSEWHERE = "110105"

# What a member of another district's staff may open of an activity: what everybody may.
PUBLIC = {
    ("GET", "/api/registration/v1/activities/{activity_id}/challenge"),
    ("GET", "/api/registration/v1/activities/{activity_id}/queue"),
    ("POST", "/api/registration/v1/activities/{activity_id}/queue"),
    ("POST", "/api/registration/v1/activities/{activity_id}/registrations"),
    ("GET", "/activities/{activity_id}/queue/state"),
}
# Staff pages for every role: a way back, a script without a secret, and today's work, of which each
# is shown what the role may see.
BARE = {
    ("GET", "/staff/activities/{activity_id}/registrations/bulk"),
    ("GET", "/staff/checkin/worker.js"),
    ("GET", "/staff/today/registration"),
}

# The bodies of calls that are read before the activity is.
BODIES: dict[str, Any] = {
    "/registrations/cancel-many": {"filters": {}},
    "/registrations/ask-many": {"filters": {}},
    "/certificates/{certificate_id}/revoke": {"reason": "x"},
    "/feedback/comments/{comment_id}": {"state": "shown"},
    "/cancel": {"reason": "Rain"},
    "/registrations/on-behalf": {"name": "Li", "language": "en"},
    "/messages": {
        "statuses": ["confirmed"],
        "channels": ["sms"],
        "message": {"en": {"sms": "Bring an umbrella."}},
    },
    "/check-ins": {"ticket_code": "AAAAAAAA"},
    "/scans": {"scans": []},
    "/walk-ins": {"id": str(new_id())},
    "/registrations/{registration_id}/confirm-at-door": {"id": str(new_id())},
    "/resources": {},
}


def _body(path: str) -> dict[str, Any]:
    """What a call takes, so that it is refused for its district and nothing else."""
    if path.startswith("/api/"):
        return {"json": BODIES.get(path.rpartition("{activity_id}")[2], {})}
    return {"data": {"act": "cancel", "scope": "matching"}}


def test_every_staff_page_asks_for_a_permission() -> None:
    found = {
        (method, path)
        for method, path, route in routes(app)
        if path.startswith("/staff") and not asks_permission(route)
    }
    assert found == BARE


def test_whatever_the_public_sends_is_limited() -> None:
    unlimited = {
        (method, path)
        for method, path, route in routes(app)
        if method != "GET" and not asks_permission(route) and not is_limited(route)
    }
    assert unlimited == set()


def test_nothing_of_an_activity_is_open_to_another_district(
    client: Callable[..., TestClient],
    staff: Callable[..., dict[str, str]],
    key: Callable[..., dict[str, str]],
) -> None:
    """Each page and call with an activity in its address, with every other id made up."""
    activity = an_activity()
    register(activity, 1)
    desk = client("registration", cookies=staff("district-admin", ELSEWHERE), headers=SAME_SITE)
    program = client("registration", headers=key("district-admin", ELSEWHERE))
    home = client("registration", cookies=staff("district-admin", XICHENG), headers=SAME_SITE)
    open_to_them = set()
    for method, path, _route in routes(app):
        if "{activity_id}" not in path or (method, path) in PUBLIC | BARE:
            continue
        known = path.replace("{activity_id}", str(activity))
        address = re.sub(r"\{\w+\}", lambda _: str(new_id()), known)
        caller = program if path.startswith("/api/") else desk
        sent = {} if method == "GET" else _body(path)
        status = caller.request(method, address, **sent).status_code
        if status != 403:
            open_to_them.add((method, path, status))
    assert open_to_them == set()
    assert home.get(f"/staff/activities/{activity}").status_code == 200
