"""The staff's pages: writing, asking first, acting, watching."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.chassis import auth
from services.chassis.auth import Principal
from services.notifications.broadcasts import reading, sending, writing
from services.notifications.broadcasts.schemas import BroadcastChange
from services.notifications.delivery import lanes
from tests.conftest import principal
from tests.notifications.broadcasting import MESSAGE, approved, author, draft, people, person

HERE = {"Sec-Fetch-Site": "same-origin"}
Outbox = Callable[[str], list[Any]]


@pytest.fixture
def visit(client: Callable[..., TestClient]) -> Callable[[Principal], TestClient]:
    """A browser in which somebody is signed in."""

    def make(who: Principal) -> TestClient:
        found = client("notifications", headers=HERE)
        found.cookies.set(auth.SESSION_COOKIE, auth.credential_for(who))
        return found

    return make


Visit = Callable[[Principal], TestClient]


def typed(**changes: Any) -> dict[str, Any]:
    form: dict[str, Any] = {
        "title": "Floods",
        "urgency": "routine",
        "channels": ["email", "sms"],
        "audience.districts": ["110102"],
        "timezone": "Asia/Shanghai",
        "_once": "abc",
    }
    for tag, words in MESSAGE.items():
        form |= {f"message.{tag}.{field}": text for field, text in words.items()}
    return form | changes


def test_writing_one(visit: Visit) -> None:
    people(2)
    browser = visit(author())
    page = browser.get("/staff/broadcasts/new")
    assert page.status_code == 200
    assert "style=" not in page.text
    saved = browser.post("/staff/broadcasts/new", data=typed(send_at="2099-01-02T08:30"))
    assert saved.status_code == 303, saved.text
    again = browser.post("/staff/broadcasts/new", data=typed(send_at="2099-01-02T08:30"))
    assert again.headers["location"] == saved.headers["location"], "a double press creates once"
    [line] = reading.listed(author()).items
    assert line.send_at == datetime(2099, 1, 2, 0, 30, tzinfo=UTC), "read in Beijing's time"
    shown = browser.get(saved.headers["location"])
    assert "泰国南部洪水" in shown.text
    assert "<strong>远离</strong>" in shown.text
    form = browser.get(f"/staff/broadcasts/{line.id}/edit").text
    assert 'value="2099-01-02T08:30"' in form
    assert "Stay **away**." in form


def test_a_refused_form_keeps_everything(visit: Visit) -> None:
    browser = visit(author())
    fields = typed(title="", **{"message.en.body": "", "audience.topics": ["fraud"]})
    page = browser.post("/staff/broadcasts/new", data=fields)
    assert page.status_code == 422
    assert "Floods in southern Thailand" in page.text
    assert re.search(r'value="fraud"\s+checked', page.text)
    assert 'href="#field-title"' in page.text
    page = browser.post("/staff/broadcasts/new", data=typed(**{"message.en.body": ""}))
    assert 'href="#field-message.en.body"' in page.text


def test_the_reach_follows_the_choices(visit: Visit) -> None:
    people(3)
    person("ann@example.com", language="en", districts=["110105"])
    browser = visit(author())
    fields = typed(channels=["email"])
    assert "3" in people_shown(browser.post("/staff/broadcasts/reach", data=fields).text)
    wider = fields | {"audience.districts": []}
    assert "4" in people_shown(browser.post("/staff/broadcasts/reach", data=wider).text)
    nothing = browser.post("/staff/broadcasts/reach", data={"urgency": "routine"})
    assert nothing.status_code == 200
    own = visit(author("110105")).post("/staff/broadcasts/reach", data=wider)
    assert "1" in people_shown(own.text)


def people_shown(page: str) -> str:
    found = re.search(r'id="reach-people">([^<]+)<', page)
    assert found, page
    return found[1]


def test_approving_and_sending_ask_first(visit: Visit) -> None:
    people(2)
    writer, second = author(), author()
    broadcast = draft(writer)
    url = f"/staff/broadcasts/{broadcast.id}"
    mine, theirs = visit(writer), visit(second)
    for name in ("submit", "approve", "send", "pause", "resume", "cancel"):
        assert mine.get(f"{url}/{name}").status_code == 200
    assert reading.read(writer, broadcast.id).status == "draft", "a GET changes nothing"
    assert mine.post(f"{url}/submit").status_code == 303
    assert f"{url}/approve" not in mine.get(url).text
    refused = mine.post(f"{url}/approve")
    assert refused.status_code == 403
    assert "Floods" in refused.text
    way = re.search(rf'href="({url}/approve\?seen=\w+)"', theirs.get(url).text)
    assert way is not None
    ask = theirs.get(way[1])
    assert "2" in ask.text
    value = re.search(r'name="content_hash" value="(\w+)"', ask.text)
    assert value is not None
    assert theirs.post(f"{url}/approve", data={"content_hash": "other"}).status_code == 409
    assert theirs.post(f"{url}/approve", data={"content_hash": value[1]}).status_code == 303
    assert mine.post(f"{url}/send").status_code == 303
    page = mine.get(url)
    assert "data-poll=" in page.text
    assert f'data-live="{url}/live?seen=sending"' in page.text
    lanes.run_lane("bulk", sending.look_after)
    part = mine.get(f"{url}/progress?seen=sending")
    assert part.headers["HX-Redirect"] == url
    assert "data-poll=" not in part.text


def test_an_edit_that_crosses_another_keeps_what_was_typed(visit: Visit) -> None:
    broadcast = draft()
    browser = visit(author())
    writing.edit(author(), broadcast.id, BroadcastChange(title="Theirs"))
    url = f"/staff/broadcasts/{broadcast.id}/edit"
    page = browser.post(url, data=typed(title="Mine", version=str(broadcast.version)))
    assert page.status_code == 409
    assert 'value="Mine"' in page.text
    assert reading.read(author(), broadcast.id).title == "Theirs"


def test_recipients_are_masked_until_opened(visit: Visit, outbox: Outbox) -> None:
    person("li@example.com")
    broadcast = approved()
    url = f"/staff/broadcasts/{broadcast.id}/deliveries"
    browser = visit(author())
    assert "li@example.com" not in browser.get(url).text
    assert "li@example.com" in browser.post(url).text
    acts = [envelope.data.get("action") for envelope in outbox("notifications")]
    assert "broadcast.addresses-opened" in acts
    viewer = visit(principal("viewer"))
    assert viewer.get(url).status_code == 200
    assert viewer.post(url).status_code == 403
    assert "li@example.com" not in browser.get("/staff/deliveries?state=pending").text
    assert "l***@example.com" in browser.get("/staff/deliveries?state=pending").text


def test_a_district_sees_its_own(visit: Visit) -> None:
    person("li@example.com")
    approved()
    browser = visit(author("110105"))
    assert "l***@example.com" not in browser.get("/staff/deliveries").text
    assert "Floods" not in browser.get("/staff/broadcasts").text
    assert "Floods" in visit(author()).get("/staff/broadcasts").text


def test_the_home_fragment(visit: Visit) -> None:
    people(1)
    writer = author()
    broadcast = draft(writer, urgency="emergency")
    writing.submit(writer, broadcast.id)
    part = visit(author()).get("/staff/today/notifications")
    assert part.status_code == 200
    assert "<html" not in part.text
    assert str(broadcast.id) in part.text
    assert (
        str(broadcast.id) not in visit(principal("viewer")).get("/staff/today/notifications").text
    )


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize(
    "path", ["/staff/broadcasts", "/staff/broadcasts/new", "/staff/deliveries"]
)
def test_pages_in_both_languages_and_empty(visit: Visit, path: str, language: str) -> None:
    page = visit(author()).get(f"{path}?lang={language}&cursor=&status=odd&state=odd")
    assert page.status_code == 200
    assert f'<html lang="{language}"' in page.text


def test_a_trial_from_the_page(visit: Visit) -> None:
    broadcast = draft()
    url = f"/staff/broadcasts/{broadcast.id}"
    browser = visit(author())
    wrong = browser.post(f"{url}/test", data={"to": "not-an-address"})
    assert wrong.status_code == 422
    assert "not-an-address" in wrong.text
    assert browser.post(f"{url}/test", data={"to": ""}).status_code == 422
    right = browser.post(f"{url}/test", data={"to": "duty@example.com, night@example.com"})
    assert right.headers["location"].endswith("done=tested")
