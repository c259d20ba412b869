"""People at the door without a place, and the door's page without a script."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from starlette.testclient import TestClient

from services.chassis.database import new_id, utc_now
from services.chassis.problems import Problem
from services.registration.checkin import scans, walk_ins
from services.registration.checkin.schemas import ConfirmIn, WalkInIn
from tests.registration.door import DOORKEEPER, counts, results, scan
from tests.registration.ground import (
    an_activity,
    at_once,
    begun,
    edit,
    outcome,
    register,
    seats_taken,
    stored,
)

API = "/api/registration/v1"
ORIGIN = {"Origin": "http://testserver"}


def walks_in(activity: uuid.UUID, identifier: uuid.UUID | None = None, party: int = 1) -> str:
    """How it ended: the scan's result, or the type of the problem."""
    wanted = WalkInIn(id=identifier or new_id(), party_size=party)
    try:
        return walk_ins.walk_in(DOORKEEPER, activity, wanted).result
    except Problem as problem:
        return problem.kind


def test_walk_ins_and_registrations_race_and_nothing_is_oversold() -> None:
    activity = an_activity(capacity=6, waiting_list=False)
    calls = [partial(walks_in, activity) for _ in range(10)]
    calls += [partial(outcome, activity, number) for number in range(10)]
    found = Counter(at_once(*calls[::2], *calls[1::2]))
    assert found["checked-in"] + found["confirmed"] == seats_taken(activity) == 6
    assert found["activity-full"] == 14
    assert counts(activity).walk_ins == counts(activity).came == found["checked-in"]


def test_a_walk_in_counts_once_however_often_it_is_sent() -> None:
    activity = an_activity()
    begun(activity)
    identifier = new_id()
    calls = (partial(walks_in, activity, identifier, 2) for _ in range(4))
    assert set(at_once(*calls)) == {"checked-in"}
    (row,) = stored(activity)
    assert (row.source, row.party_size, row.email) == ("door", 2, None)
    assert (seats_taken(activity), counts(activity).came) == (2, 2)


def test_a_walk_in_that_is_taken_back_gives_its_places_back() -> None:
    activity = an_activity(capacity=2)
    begun(activity)
    identifier = new_id()
    assert walks_in(activity, identifier, 2) == "checked-in"
    assert walks_in(activity) == "activity-full"  # nor does it wait: it is at the door
    assert len(stored(activity)) == 1
    for _ in range(2):
        scans.undo(DOORKEEPER, activity, identifier)
    assert (seats_taken(activity), counts(activity).came) == (0, 0)
    assert walks_in(activity) == "checked-in"


def test_nobody_walks_into_what_is_over_or_called_off() -> None:
    over, off = an_activity(), an_activity(status="cancelled")
    edit(over, starts_at=utc_now() - timedelta(hours=3), ends_at=utc_now() - timedelta(hours=1))
    assert walks_in(over) == "registration-closed"
    assert walks_in(off) == "activity-cancelled"


def test_an_activity_s_questions_do_not_hold_up_the_door() -> None:
    question = {
        "id": "diet",
        "kind": "text",
        "label": {"zh-CN": "饮食要求", "en": "Diet"},
        "required": True,
    }
    activity = an_activity(questions=[question])
    begun(activity)
    assert walks_in(activity) == "checked-in"


def test_who_waits_and_is_here_gets_what_is_free() -> None:
    activity = an_activity(capacity=2)
    first = register(activity, 1, party_size=2)
    waiting = [register(activity, number) for number in (2, 3, 4)]
    begun(activity)
    code = waiting[2].ticket_code
    assert results(activity, scan(code)) == ["waiting"]

    def confirm(registration: uuid.UUID) -> str:
        try:
            wanted = ConfirmIn(id=new_id())
            return walk_ins.confirm(DOORKEEPER, activity, registration, wanted).result
        except Problem as problem:
            return problem.kind

    assert confirm(waiting[2].id) == "activity-full"
    walk_ins.confirm(DOORKEEPER, activity, first.id, ConfirmIn(id=new_id()))
    edit(activity, capacity=4)
    found = at_once(*(partial(confirm, one.id) for one in waiting))
    assert Counter(found) == {"checked-in": 2, "activity-full": 1}
    assert seats_taken(activity) == 4


@pytest.fixture
def browser(client: Callable[..., TestClient], staff: Callable[..., dict[str, str]]) -> TestClient:
    found = client("registration")
    found.cookies = staff("check-in")
    return found


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_page_works_as_plain_forms(browser: TestClient, language: str) -> None:
    activity = an_activity(capacity=5)
    party = register(activity, 1, party_size=3)
    begun(activity)
    here = f"/staff/checkin/{activity}"
    browser.headers["Accept-Language"] = language

    def post(path: str = "", **fields: str) -> str:
        answer = browser.post(here + path, data=fields, headers=ORIGIN)
        if answer.status_code != 303:
            return answer.text
        return browser.get(answer.headers["Location"]).text

    words = {
        "zh-CN": ("请进", "入场码无效", "已撤销"),
        "en": ("Welcome", "Not a valid", "Taken back"),
    }
    welcome, refused, undone = words[language]
    code = f"{party.ticket_code[:4].lower()} {party.ticket_code[4:]}"
    page = post(code=code)
    result = page.split('id="result"')[1].split("</section>")[0]
    assert welcome in result
    assert "王小明1" in result
    (undo,) = re.findall(rf'action="{here}(/scans/[^"]+/undo)"', result)
    assert undone in post(undo).split('id="result"')[1]
    assert refused in post(code="https://example.com/").split('id="result"')[1]

    found = browser.get(here, params={"q": "小明"}).text.split("data-found")[1]
    assert str(party.id) in found.split("</ul>")[0]
    post(registration_id=str(party.id), people="2")
    assert counts(activity).came == 2
    (fresh,) = re.findall(r'name="id" value="([^"]+)">\s*<div', page)
    post("/walk-ins", id=fresh, party_size="2")
    post("/walk-ins", id=fresh, party_size="2")
    assert (counts(activity).came, seats_taken(activity)) == (4, 5)
    assert stored(activity)[1].name == {"zh-CN": "现场登记", "en": "Walk-in"}[language]
    full = browser.post(
        f"{here}/walk-ins", data={"id": str(new_id()), "party_size": "1"}, headers=ORIGIN
    )
    assert full.status_code == 409
    assert "notice-warning" in full.text
    empty = browser.post(here, data={"code": " "}, headers=ORIGIN)
    assert empty.status_code == 422
    assert 'href="#field-code"' in empty.text


def test_only_the_door_may_use_the_camera_and_its_shell_names_nobody(browser: TestClient) -> None:
    activity = an_activity()
    code = register(activity, 1).ticket_code
    assert results(activity, scan(code)) == ["checked-in"]
    page = browser.get(f"/staff/checkin/{activity}")
    shell = browser.get(f"/staff/checkin/{activity}/shell")
    for answer in (page, shell):
        assert "camera=(self)" in answer.headers["Permissions-Policy"]
        assert "script-src 'self' 'wasm-unsafe-eval'" in answer.headers["Content-Security-Policy"]
    assert "王小明1" in page.text
    assert "王小明1" not in shell.text
    elsewhere = browser.get("/staff/checkin")
    assert "camera=()" in elsewhere.headers["Permissions-Policy"]
    worker = browser.get("/staff/checkin/worker.js")
    assert worker.headers["Content-Type"].startswith("text/javascript")
    assert worker.text.startswith('self.KEPT = {"version": ')
