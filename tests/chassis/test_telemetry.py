"""What is logged: enough to follow a request into the worker, never a token, never a person."""

from __future__ import annotations

import io
import json
import logging
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
import structlog

from services import house
from services.chassis import app, middleware, telemetry, worker
from services.chassis.events import Envelope, Event, publish
from services.chassis.settings import settings
from tests.chassis.trial import ORIGIN, browser
from tests.walls import routes

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """Logging as a process of production has it; every line that was written."""
    monkeypatch.setenv("LINGBAO_LOG_FORMAT", "json")
    settings.cache_clear()
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    known = structlog.get_config()
    telemetry.set_up_logging("web-trial")
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    handler.setStream(written)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers, root.level = handlers, level
    structlog.configure(**known)
    structlog.contextvars.clear_contextvars()
    monkeypatch.undo()
    settings.cache_clear()


# Of the form of a signed id (crypto.sign_id).
TOKEN = "AbCdEf0123456789_-AbCdEf0123456789AbCdEf012"
# What such an id is called as a part of a path.
SIGNED = re.compile(r"\{(?:token|manage_token|code_page|proof)\}")


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        (f"/registrations/{TOKEN}", "/registrations/…"),
        (f"/registrations/{TOKEN}/change", "/registrations/…/change"),
        (f"/bookings/{TOKEN}?lang=en", "/bookings/…?lang=en"),
        (f"/preferences/{TOKEN}", "/preferences/…"),
        (f"/unsubscribe/{TOKEN}/undo", "/unsubscribe/…/undo"),
        (f"/registrations/{TOKEN}/verify/{TOKEN}", "/registrations/…/verify/…"),
        ("/registrations/new", "/registrations/new"),
        ("/activities/safe-travel-2026-lecture", "/activities/safe-travel-2026-lecture"),
    ],
)
def test_a_token_is_cut_out_of_a_path(path: str, logged: str) -> None:
    assert telemetry.without_tokens(path) == logged


@pytest.mark.parametrize("service", house.SERVICES)
def test_every_page_with_a_token_is_known_to_the_scrubber(service: str) -> None:
    pages = {path for _, path, _ in routes(house.app(service)) if SIGNED.search(path)}
    # What staff sign in with is in no path.
    assert bool(pages) == (service != "identity")
    unknown = {path for path in pages if TOKEN in telemetry.without_tokens(SIGNED.sub(TOKEN, path))}
    assert unknown == set()


def test_no_line_carries_a_token(lines: Lines) -> None:
    address = f"https://lingbao.example/registrations/{TOKEN}/change"
    structlog.get_logger("a").info("event", url=address)
    structlog.get_logger("b").warning(f"words with {address}")
    logging.getLogger("library").warning("a library says %s", address)
    try:
        raise RuntimeError(address)
    except RuntimeError as error:
        structlog.get_logger("c").error("failed", exc_info=error)
        logging.getLogger("library").exception("failed")
    found = lines()
    assert len(found) == 5
    assert TOKEN not in json.dumps(found)
    assert "/registrations/…/change" in json.dumps(found, ensure_ascii=False)
    assert "Traceback" in found[3]["exception"]


def test_an_error_of_the_database_names_no_person(lines: Lines) -> None:
    person = "".join(("王", "芳"))  # not as it stands in the lines that a traceback quotes
    with (
        pytest.raises(sa.exc.DBAPIError) as caught,
        house.database("identity").transaction() as session,
    ):
        session.execute(sa.text("INSERT INTO nowhere VALUES (:name)"), {"name": person})
    structlog.get_logger("d").error("failed", exc_info=caught.value)
    (line,) = lines()
    assert "nowhere" in line["exception"]
    assert person not in json.dumps(line, ensure_ascii=False)


def test_every_line_of_a_request_carries_its_id(lines: Lines) -> None:
    with telemetry.bound(request_id="abc-0123456789"):
        structlog.get_logger("e").info("one")
        logging.getLogger("library").warning("two")
    structlog.get_logger("e").info("three")
    one, two, three = lines()
    assert one["request_id"] == two["request_id"] == "abc-0123456789"
    assert "request_id" not in three
    assert {one["process"], three["process"]} == {"web-trial"}
    assert (one["level"], two["level"], one["logger"]) == ("info", "warning", "e")


def test_a_request_is_logged_without_what_was_typed(
    monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    # Loggers of modules keep what they were first used with.
    monkeypatch.setattr(middleware, "log", structlog.get_logger("request"))
    monkeypatch.setattr(app, "log", structlog.get_logger("app"))
    client = browser(headers={"X-Request-Id": "test-0123456789"})
    client.get(f"/registrations/{TOKEN}?q=secret-word")
    client.post("/trial?q=secret-word", data={"name": "secret-word"}, headers=ORIGIN)
    client.get("/trial/away")
    client.get("/trial/find?text=secret-word%00")
    client.get("/healthz")
    found = [line for line in lines() if line["logger"] != "httpx2"]
    answered = [line for line in found if line["event"] == "answered"]
    assert [line["status"] for line in answered] == [404, 303, 503, 400]
    assert answered[0]["path"] == "/registrations/…"
    assert {line["request_id"] for line in found} == {"test-0123456789"}
    written = json.dumps(found, ensure_ascii=False)
    assert "secret-word" not in written
    assert TOKEN not in written


class Noted(Event):
    """Something was noted."""

    type: ClassVar[str] = "test.noted.v1"
    subject_kind: ClassVar[str] = "test"


def note() -> Envelope:
    from services.chassis.tables import OutboxRow

    with house.database("identity").transaction() as session:
        identifier = publish(session, Noted(subject_id=uuid.uuid4(), version=1))
        row = session.scalars(sa.select(OutboxRow).where(OutboxRow.id == identifier)).one()
        return Envelope.model_validate(row.envelope)


def test_the_id_of_a_request_travels_with_its_events() -> None:
    with telemetry.bound(request_id="abc-0123456789"):
        assert telemetry.current_request_id() == "abc-0123456789"
        assert note().requestid == "abc-0123456789"
    assert telemetry.current_request_id() is None
    assert note().requestid is None


def test_the_worker_goes_on_under_the_same_id(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str | None] = []
    with telemetry.bound(request_id="abc-0123456789"):
        envelope = note()
    monkeypatch.setattr(
        worker, "consume", lambda *_: seen.append(telemetry.current_request_id()) or True
    )
    monkeypatch.setattr(worker, "send", lambda *_, **__: None)
    house.worker("content")._consume(envelope.model_dump(mode="json"))
    assert seen == ["abc-0123456789"]
    assert telemetry.current_request_id() is None
