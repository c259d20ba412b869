"""Watching a broadcast go: failures by reason, single recipients, files, live parts."""

from __future__ import annotations

import asyncio
import io
import json
import re
import uuid
from collections.abc import Callable

import pytest
from openpyxl import load_workbook
from starlette.testclient import TestClient

from services.chassis.auth import Principal
from services.notifications.broadcasts import live, sending
from tests.conftest import principal
from tests.notifications.broadcasting import (
    approved,
    author,
    let,
    people,
    sent,
)

API = "/api/notifications/v1/broadcasts"
Visit = Callable[[Principal], TestClient]


def test_failures_are_grouped_by_what_the_servers_said(visit: Visit) -> None:
    addresses = people(5)
    broadcast = sent()
    for number, address in enumerate(addresses[:3]):
        reply = f"554 5.7.1 rejected, id=4Xy{number}99881{number}Q"
        let(broadcast, address, state="failed", last_reply=reply)
    let(broadcast, addresses[3], state="bounced", last_reply="550 5.1.1 no such user")
    browser = visit(author())
    groups = browser.get(f"{API}/{broadcast.id}/failures").json()
    assert [(group["state"], group["count"]) for group in groups] == [("failed", 3), ("bounced", 1)]
    assert groups[0]["reason"] == "554 5.7.1 rejected, id=…"
    assert len(groups[0]["examples"]) == 3
    assert groups[0]["examples"][0]["address"] == "p***@example.com"
    page = browser.get(f"/staff/broadcasts/{broadcast.id}").text
    assert "550 5.1.1 no such user" in page
    assert f'href="/staff/broadcasts/{broadcast.id}/resend"' in page


def test_a_recipient_is_found_and_followed(visit: Visit) -> None:
    people(2)
    broadcast = sent()
    url = f"/staff/broadcasts/{broadcast.id}"
    browser = visit(author())
    page = browser.post(f"{url}/find", data={"address": " Person1@Example.com "}).text
    found = re.search(rf'href="({url}/deliveries/[0-9a-f-]+)"', page)
    assert found, page
    history = browser.get(found[1])
    assert history.status_code == 200
    assert "Handed over" in history.text
    assert "person1@example.com" not in history.text
    nobody = browser.post(f"{url}/find", data={"address": "x@example.com"})
    assert "No message went to this address" in nobody.text
    wrong = browser.post(f"{url}/find", data={"address": "nonsense"})
    assert wrong.status_code == 422
    assert 'value="nonsense"' in wrong.text
    other = sent(title="Other")
    elsewhere = found[1].replace(str(broadcast.id), str(other.id))
    assert browser.get(elsewhere).status_code == 404
    assert visit(author("110105")).get(found[1]).status_code == 403


def test_the_file_of_recipients_runs_nothing(visit: Visit) -> None:
    people(2)
    broadcast = sent(title="=1+1")
    let(broadcast, "person0@example.com", state="failed", last_reply="=HYPERLINK(1)")
    browser = visit(author())
    url = f"/staff/broadcasts/{broadcast.id}/export"
    text = browser.post(url, data={"format": "csv"}).content.decode("utf-8-sig")
    assert "'=HYPERLINK(1)" in text
    assert text.count("\r\n") == 3
    book = load_workbook(io.BytesIO(browser.post(url, data={"format": "xlsx"}).content))
    assert book.active is not None
    rows = list(book.active.iter_rows(values_only=True))
    assert {row[1] for row in rows[1:]} == {"person0@example.com", "person1@example.com"}
    assert visit(principal("viewer")).post(url).status_code == 403


def test_it_is_told_while_it_goes(
    client: Callable[..., TestClient], key: Callable[..., dict[str, str]], visit: Visit
) -> None:
    people(2)
    broadcast = sent()
    api, url = client("notifications"), f"{API}/{broadcast.id}/events"
    told = api.get(url, headers=key("viewer"))
    assert told.headers["content-type"].startswith("text/event-stream")
    events = re.findall(r"event: (\w+)\ndata: (.*)\n", told.text)
    assert [name for name, _ in events] == ["progress", "end"]
    assert json.loads(events[0][1])["broadcast"]["counts"]["accepted"] == 2
    assert api.get(url, headers=key("district-editor", "110105")).status_code == 403
    assert api.get(f"{API}/{uuid.uuid4()}/events", headers=key("viewer")).status_code == 404
    page = visit(author()).get(f"/staff/broadcasts/{broadcast.id}/live").text
    assert 'data: <section class="section" id="progress"' in page
    assert "Handed over" in page, "in the reader's language"


def test_a_change_is_told_and_a_pause_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    people(3)
    broadcast = approved()
    sending.send(author(), broadcast.id)
    monkeypatch.setattr(live, "EVERY", 0.01)

    async def watched() -> list[str]:
        seen = []
        async for now in live.watch(author(), broadcast.id):
            seen.append(now.broadcast.status)
            if len(seen) == 1:
                await asyncio.to_thread(sending.pause, author(), broadcast.id)
            elif len(seen) == 2:
                await asyncio.to_thread(sending.cancel, author(), broadcast.id)
        return seen

    assert asyncio.run(watched()) == ["sending", "paused", "cancelled"]
