"""Long lists: the worker reads them, takes them in and out; whoever asks is answered at once."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.database import utc_now
from services.chassis.i18n import words_of
from services.notifications.consents.models import Consent
from services.notifications.contacts.models import Contact
from services.notifications.database import database
from services.notifications.imports import files, jobs, judging, service
from services.notifications.imports.basis import BasisIn
from services.notifications.imports.known import known
from services.notifications.imports.models import (
    ContactImport,
    ContactImportJob,
    ContactImportRow,
)
from tests.conftest import principal
from tests.notifications.lists import PATH, hand_in

Client = Callable[..., TestClient]
Headers = Callable[..., dict[str, str]]

ORIGIN = {"Origin": "http://testserver"}
TEXT = "姓名,邮箱\n" + "".join(f"人{number},p{number}@example.com\n" for number in range(7))
GROUND = {"dry_run": "false", "basis": "emergency"}


@pytest.fixture(autouse=True)
def long_and_in_pieces(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Seven rows are a long list, and are read two by two."""
    monkeypatch.setattr(files, "_SHORT_LINES", 3)
    monkeypatch.setattr(jobs, "SHORT", 3)
    monkeypatch.setattr(judging, "AT_ONCE", 2)
    with words_of("notifications"):
        yield


def count(table: type) -> int:
    with database.transaction() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def stored() -> ContactImport:
    with database.transaction() as session:
        return session.scalars(sa.select(ContactImport)).one()


class Killed(BaseException):
    """Nothing catches it, so it ends a worker's transaction like the end of the worker."""


def test_a_worker_killed_in_the_middle_begins_again_and_doubles_nothing(
    client: Client, staff: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = client("notifications", cookies=staff("city-editor"))
    file = {"file": ("名单.csv", TEXT.encode("gb18030"))}
    made = browser.post("/staff/contacts/import", headers=ORIGIN, files=file)
    here = made.headers["location"]
    assert "几秒后开始处理" in browser.get(here).text
    with database.transaction() as session:
        kept = session.execute(sa.text("SELECT file FROM contact_import_jobs")).scalar_one()
    assert kept.startswith("s1."), "the bytes wait sealed"
    refused = browser.post(f"{here}/discard", headers=ORIGIN)
    assert (refused.status_code, service.AT_WORK[0]) == (409, stored().status)

    seen: list[str] = []

    def killed(*args: Any) -> Any:
        seen.append(browser.get(f"{here}?lang=en").text)
        if len(seen) == 3:
            raise Killed
        return known(*args)

    with monkeypatch.context() as patch:
        patch.setattr(judging, "known", killed)
        with pytest.raises(Killed):
            jobs.work()
    assert "0 of 7" in seen[0]
    assert "4 of 7" in seen[2]
    assert 'http-equiv="refresh"' in seen[2], "a browser without scripts asks again too"
    assert (count(ContactImportRow), stored().total, stored().attempts) == (0, 0, 1)

    assert jobs.work() == 1
    found = stored()
    assert (found.status, found.total, found.good) == ("waiting", 7, 7)
    assert (count(ContactImportRow), count(ContactImportJob)) == (7, 0)
    assert "p0@example.com" in browser.get(here).text
    columns = {"column.0": "name", "column.1": ""}
    browser.post(f"{here}/columns", headers=ORIGIN, data=columns)
    assert jobs.work() == 1
    assert (stored().good, stored().problems, count(ContactImportRow)) == (0, 7, 7)


def test_a_program_is_told_where_to_ask_and_the_rest_goes_by_itself(
    client: Client, key: Headers
) -> None:
    browser = client("notifications")
    own = key("city-editor")
    made = hand_in(browser, own, TEXT.encode(), **GROUND)
    assert made.status_code == 202, made.text
    place = made.headers["location"]
    assert place == f"{PATH}/{made.json()['id']}"
    assert (made.json()["status"], made.json()["items"]) == ("reading", [])
    assert jobs.work() == 2, "read, and then taken in"
    done = browser.get(place, headers=own).json()
    assert (done["status"], done["written"], done["basis"]) == ("done", 7, "emergency")
    assert count(Contact) == count(Consent) == 7
    gone = browser.post(f"{place}/undo", headers=own)
    assert gone.json()["status"] == "undoing"
    assert browser.post(f"{place}/undo", headers=own).status_code == 409
    assert jobs.work() == 1
    assert (stored().status, count(Contact)) == ("undone", 0)


def test_what_cannot_be_read_says_why_on_its_page_and_leaves_nothing(
    client: Client, key: Headers, staff: Headers
) -> None:
    text = "一句话\n" * 9
    made = hand_in(client("notifications"), key("city-editor"), text.encode())
    assert jobs.work() == 1
    assert (stored().status, count(ContactImportJob)) == ("refused", 0)
    pages = client("notifications", cookies=staff("city-editor"))
    page = f"/staff/contacts/import/{made.json()['id']}"
    assert "表头" in pages.get(page).text
    assert "neither headings nor any address" in pages.get(f"{page}?lang=en").text


def test_what_kills_its_worker_every_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    editor = principal("city-editor")
    made = service.read(editor, "list.csv", TEXT.encode())

    def broken(*_args: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(judging, "known", broken)
    assert jobs.work() == 1, "put off: the next one is due in a minute"
    assert jobs.work() == 0
    for _ in range(2):
        with database.transaction() as session:
            session.execute(sa.update(ContactImportJob).values(due_at=utc_now()))
        assert jobs.work() == 1
    assert (stored().id, stored().status) == (made, "refused")
    assert stored().refusal is not None
    assert count(ContactImportJob) == 0


def test_one_worker_at_a_time_and_a_short_list_does_not_wait_for_a_long_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jobs, "_PATIENCE_SECONDS", 0.1)
    editor = principal("city-editor")
    service.read(editor, "long.csv", TEXT.encode())
    short = service.read(editor, "short.csv", b"E-mail\nq@example.com\n")
    with database.transaction() as session:
        assert jobs._claimed(session) is not None
        assert jobs.work() == 0
        jobs.one_at_a_time(session)
        ground = BasisIn(basis="emergency")
        assert service.confirm(editor, short, ground).status == "taking", "left to the worker"
    assert jobs.work() == 2
    with database.transaction() as session:
        assert session.get_one(ContactImport, uuid.UUID(str(short))).status == "done"
