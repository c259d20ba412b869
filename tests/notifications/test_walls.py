"""Every page and call of notifications: who may open it, whose it is, and that looking is free."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.database import new_id, utc_now
from services.chassis.i18n import words_of
from services.notifications.answers.service import answer_url
from services.notifications.app import app
from services.notifications.broadcasts import sending, writing
from services.notifications.broadcasts.schemas import BroadcastIn
from services.notifications.database import database
from services.notifications.imports import service as imports
from services.notifications.inbound.models import InboundMessage
from services.notifications.preferences.links import KIND as ASKED_FOR
from services.notifications.preferences.links import preferences_token
from services.notifications.returns.models import ReturnedMessage
from services.notifications.sms_registry.models import SmsSignature, SmsTemplate
from services.notifications.subscribing import service as subscribing
from services.notifications.subscribing.models import Subscription
from services.notifications.subscribing.schemas import SubscriptionIn
from services.notifications.templates import service as templates
from services.notifications.templates.schemas import TemplateIn
from services.notifications.unsubscribing.service import unsubscribe_token
from services.notifications.webhooks.models import WebhookCall, WebhookEndpoint
from tests.conftest import principal
from tests.notifications.broadcasting import MESSAGE, body, person
from tests.notifications.returning import sent
from tests.walls import asks_permission, is_limited, routes

Client = Callable[..., TestClient]
Headers = Callable[..., dict[str, str]]

SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
XICHENG, CHAOYANG = "110102", "110105"
API = "/api/notifications/v1"

# Ways back to a page, for whoever reloads the answer to a form: they say nothing to anybody.
BARE = {
    ("GET", "/staff/contacts/drill-list"),
    ("GET", "/staff/contacts/search"),
    ("GET", "/staff/contacts/suppressions/undo"),
}
# Machines call these in bursts; each shows by a signature who it is.
SIGNED = {
    ("POST", f"{API}/returns"),
    ("POST", f"{API}/receipts/{{provider}}"),
    ("POST", f"{API}/inbound/{{provider}}"),
}
# The texts that the providers have approved are the city's, and every office writes by them.
OF_THE_CITY = ("/staff/senders/sms/", f"{API}/sms-templates/", f"{API}/sms-signatures/")
# What leads nowhere for this caller: nobody rests a relay there is not, or asks without a text.
NOWHERE = {"/staff/senders/{name}/rest", f"{API}/sms-templates/fitting"}
# A report with people in it was taken: that is noted, and goes out as an event.
NOTED = {"outbox"}

# The bodies of calls that are read before their subject is.
BODIES: dict[str, Any] = {
    "/columns": {"columns": []},
    "/confirm": {"basis": "emergency"},
    "/broadcasts/{broadcast_id}/test": {"to": ["wang@example.com"]},
    "/templates/{template_id}/test": {"to": ["wang@example.com"]},
    "/templates/{template_id}": {"name": "Floods", "message": MESSAGE},
    "/restore": {"number": 1},
}

Places = dict[str, str]


def add(row: object) -> uuid.UUID:
    with database.transaction() as session:
        session.add(row)
        session.flush()
        return uuid.UUID(str(sa.inspect(row).identity[0]))


def of_xicheng() -> Places:
    """Something of the district for every id that stands in an address."""
    office = principal("district-editor", XICHENG)
    contact = person("wang@example.com", districts=[XICHENG])
    with words_of("notifications"):
        broadcast = writing.create(office, _broadcast())
        writing.submit(office, broadcast.id)
        writing.approve(principal("district-admin", XICHENG), broadcast.id)
        sending.cancel(office, broadcast.id)
        listed = imports.read(office, "list.csv", b"Name,E-mail\nLi,li@example.com\n")
        template = templates.create(
            office, TemplateIn.model_validate({"name": "Floods", "message": MESSAGE})
        )
    delivery = sent("wang@example.com", broadcast_id=broadcast.id, contact_id=contact)
    returned = ReturnedMessage(
        via="mail", raw="x", raw_hash="x", size=1, kind="hard", effect="suppressed",
        delivery_id=delivery, district=XICHENG, address="wang@example.com", address_hash="x",
    )  # fmt: skip
    return {
        "broadcast_id": str(broadcast.id),
        "contact_id": str(contact),
        "delivery_id": str(delivery),
        "import_id": str(listed),
        "template_id": str(template.id),
        "return_id": str(add(returned)),
        "number": "1",
        "group": "none",
        "name": "relay",
    }


def _broadcast() -> BroadcastIn:
    return BroadcastIn.model_validate(body(audience={"districts": [XICHENG]}))


def of_the_city() -> Places:
    """The same for what no district has."""
    texting = InboundMessage(
        provider="aliyun", message_id="1", address="+8613800138000", address_hash="x",
        text="?", meaning="other", sent_at=utc_now(),
    )  # fmt: skip
    endpoint = add(
        WebhookEndpoint(
            name="Archive", url="https://archive.example.com/", events=["broadcast.started.v1"],
            secret="whsec_c2VjcmV0",
        )
    )  # fmt: skip
    call = WebhookCall(
        endpoint_id=endpoint, event_id=new_id(), event_type="broadcast.started.v1", body="{}"
    )
    return {
        "message_id": str(add(texting)),
        "endpoint_id": str(endpoint),
        "call_id": str(add(call)),
    }


def of_every_office() -> Places:
    """The same for the texts that the providers approve."""
    template = SmsTemplate(
        provider="aliyun", name="Floods", language="zh-CN", area="mainland", text="x", rules=[]
    )
    signature = SmsSignature(provider="aliyun", text="领保中心")
    return {"template_id": str(add(template)), "signature_id": str(add(signature))}


def address(path: str, places: Places) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: places[found[1]], path)


def sent_along(method: str, path: str) -> dict[str, Any]:
    if method == "GET":
        return {}
    if not path.startswith("/api/"):
        return {"data": {"act": "send-again"}}
    known = [body for ending, body in BODIES.items() if path.endswith(ending)]
    return {"json": known[0] if known else {}}


def test_every_staff_page_asks_for_a_permission() -> None:
    found = {
        (method, path)
        for method, path, route in routes(app)
        if path.startswith("/staff") and not asks_permission(route)
    }
    assert found == BARE


def test_whatever_the_public_sends_is_limited_or_signed(client: Client) -> None:
    unlimited = {
        (method, path)
        for method, path, route in routes(app)
        if method != "GET" and not asks_permission(route) and not is_limited(route)
    }
    assert unlimited == SIGNED
    stranger = client("notifications")
    for _method, path in SIGNED:
        for provider in ("aliyun", "tencent", "webhook", "nobody"):
            answer = stranger.post(path.replace("{provider}", provider), json={"raw": "eA=="})
            assert answer.status_code in (401, 403, 404), path


def test_nothing_of_a_district_is_open_to_another(
    client: Client, staff: Headers, key: Headers
) -> None:
    """Each page and call with something of Xicheng in its address, for Chaoyang; and each list."""
    places = of_xicheng() | of_the_city()
    desk = client("notifications", cookies=staff("district-admin", CHAOYANG), headers=SAME_SITE)
    program = client("notifications", headers=key("district-admin", CHAOYANG))
    home = client("notifications", cookies=staff("district-admin", XICHENG), headers=SAME_SITE)
    ids = {place for name, place in places.items() if name.endswith("_id")}
    open_to_them, seen = set(), set()
    for method, path, route in routes(app):
        if not asks_permission(route) or path.startswith(OF_THE_CITY):
            continue
        caller = program if path.startswith("/api/") else desk
        answer = caller.request(method, address(path, places), **sent_along(method, path))
        if "{" in path:
            if answer.status_code not in (403, 404):
                open_to_them.add((method, path, answer.status_code))
        elif any(found in answer.text for found in ids):
            seen.add((method, path))
    assert open_to_them == set()
    assert seen == set()
    for path in ("broadcasts/{broadcast_id}", "contacts/{contact_id}", "templates/{template_id}"):
        assert home.get(address(f"/staff/{path}", places)).status_code == 200


def test_looking_changes_nothing(client: Client, staff: Headers, key: Headers) -> None:
    """Mail scanners and browsers open every link; each page and call here is opened once."""
    places = of_xicheng() | of_the_city()
    texts = of_every_office()
    link = sent("wang@example.com", kind=ASKED_FOR)
    broadcast = uuid.UUID(places["delivery_id"])
    wanted = SubscriptionIn.model_validate({"phone": "13800138000"})
    code_page = subscribing.ask(wanted)
    with database.transaction() as session:
        asked = session.scalars(sa.select(Subscription.id)).one()
    tokens = {
        "/preferences/": preferences_token(link),
        f"{API}/preferences/": preferences_token(link),
        "/unsubscribe/": unsubscribe_token(broadcast),
        "/answer/": answer_url(broadcast).rpartition("/")[2],
        "/subscribe/": subscribing.token_of(asked),
    }
    desk = client("notifications", cookies=staff("city-admin"), headers=SAME_SITE)
    program = client("notifications", headers=key("city-admin"))
    before, failed = stored(), set()
    for method, path, _route in routes(app):
        if method != "GET":
            continue
        token = next((one for start, one in tokens.items() if path.startswith(start)), "")
        here = places | {"token": token, "code_page": code_page}
        if path.startswith(OF_THE_CITY):
            here |= texts
        caller = program if path.startswith("/api/") else desk
        status = caller.get(address(path, here)).status_code
        if status not in (200, 303):
            failed.add(path)
    after = stored()
    assert failed == NOWHERE
    assert {name for name in before if sorted(before[name]) != sorted(after[name])} == NOTED


def stored() -> dict[str, list[str]]:
    """Every row of notifications as a text, by table."""
    whole: sa.ColumnElement[str] = sa.literal_column("t::text")
    with database.transaction() as session:
        return {
            name: list(session.scalars(sa.select(whole).select_from(sa.table(name).alias("t"))))
            for name in sa.inspect(session.connection()).get_table_names()
        }
