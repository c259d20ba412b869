"""Adding, changing, disabling people, and the walls between districts."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from services.chassis.auth import Principal
from services.chassis.database import new_id
from services.chassis.events.envelope import Envelope
from services.chassis.problems import Problem
from services.identity.database import database
from services.identity.signin.models import SignInSession
from services.identity.staff import service
from services.identity.staff.models import Staff
from services.identity.staff.schemas import StaffOut
from tests.identity.conftest import PASSWORD, Browser, Person

NEW = {
    "name": "孙丽",
    "email": "sun@lingbao.example",
    "role": "district-editor",
    "district": "110102",
    "password": "six-blue-lanterns-4",
}
Outbox = Callable[[str], list[Envelope]]


def as_principal(staff: StaffOut) -> Principal:
    return Principal("staff", staff.id, new_id(), staff.name, staff.role, staff.district)


def acts(outbox: Outbox) -> list[str]:
    return [
        event.data["action"] for event in outbox("identity") if event.type == "audit.recorded.v1"
    ]


def test_a_person_is_added_and_signs_in(person: Person, browser: Browser, outbox: Outbox) -> None:
    admin = browser(person("city-admin").email)
    form = admin.get("/staff/people/add")
    once = re.search(r'name="_once" value="([^"]+)"', form.text)
    assert once
    typed = NEW | {"_once": once[1]}
    first, again = (admin.post("/staff/people/add", data=typed) for _ in range(2))
    assert first.status_code == again.status_code == 303
    assert first.headers["location"] == again.headers["location"]
    assert "孙丽" in admin.get(first.headers["location"]).text
    assert "孙丽" in admin.get("/staff/people").text
    browser(NEW["email"], NEW["password"])
    assert acts(outbox).count("staff.added") == 2  # the administrator's own account is the other


def test_personal_data_is_sealed_where_it_is_kept(person: Person, outbox: Outbox) -> None:
    staff = person("city-admin")
    with database.engine.connect() as connection:
        row = connection.execute(sa.text("SELECT * FROM staff")).one()
    assert staff.email not in str(row)
    assert staff.name not in str(row)
    assert PASSWORD not in str(row)
    assert staff.email not in str(outbox("identity"))


BAD: list[tuple[dict[str, str], str]] = [
    ({"name": ""}, "name"),
    ({"name": "x" * 81}, "name"),
    ({"name": "a\nb"}, "name"),
    ({"email": "nobody"}, "email"),
    ({"email": "a@b.example\r\nBcc: c@d.example"}, "email"),
    ({"role": "owner"}, "role"),
    ({"role": ""}, "role"),
    ({"district": ""}, "district"),
    ({"district": "999999"}, "district"),
    ({"role": "city-editor"}, "district"),
    ({"password": ""}, "password"),
    ({"password": "short-one-1"}, "password"),
    ({"password": "aaaaaaaaaaaaaaaa"}, "password"),
    ({"password": "Password1234"}, "password"),
    ({"password": "sun@lingbao.example"}, "password"),
    ({"password": "ｓｕｎ＠ｌｉｎｇｂａｏ．ｅｘａｍｐｌｅ"}, "password"),
    ({"password": "x1y2z3" * 40}, "password"),
]


def test_what_cannot_be_taken_is_said_beside_its_field(person: Person, browser: Browser) -> None:
    admin = browser(person("city-admin").email)
    for change, field in BAD:
        answer = admin.post("/staff/people/add", data=NEW | change)
        assert answer.status_code == 422, change
        assert f'id="error-{field}"' in answer.text, change
        assert f'href="#field-{field}"' in answer.text, change
    with database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Staff)) == 1


def test_one_address_has_one_account(person: Person, browser: Browser) -> None:
    admin = browser(person("city-admin").email)
    assert admin.post("/staff/people/add", data=NEW).status_code == 303
    for email in ("sun@lingbao.example", "SUN@Lingbao.Example"):
        answer = admin.post("/staff/people/add", data=NEW | {"email": email})
        assert answer.status_code == 422
        assert "This address has a staff account already." in answer.text


def test_another_role_ends_the_sessions_at_once(
    person: Person, browser: Browser, outbox: Outbox
) -> None:
    admin, editor = browser(person("city-admin").email), person("district-editor", "110102")
    theirs = [browser(editor.email), browser(editor.email)]
    page = admin.get(f"/staff/people/{editor.id}")
    assert f'name="version" value="{editor.version}"' in page.text
    answer = admin.post(
        f"/staff/people/{editor.id}",
        data={"name": editor.name, "role": "viewer", "district": "110112", "version": "1"},
    )
    assert answer.status_code == 303
    for client in theirs:
        assert client.get("/staff").headers["location"].startswith("/staff/sign-in")
    revoked = {
        event.data["subject_id"]
        for event in outbox("identity")
        if event.type == "staff.credential_revoked.v1"
    }
    with database.transaction() as session:
        ended = session.scalars(
            sa.select(SignInSession.id).where(SignInSession.staff_id == editor.id)
        )
        assert revoked == {str(found) for found in ended}
    assert len(revoked) == 2
    assert browser(editor.email).get("/api/identity/v1/me").json()["role"] == "viewer"


def test_another_name_leaves_one_signed_in(person: Person, browser: Browser) -> None:
    admin, editor = browser(person("city-admin").email), person("city-editor")
    theirs = browser(editor.email)
    admin.post(
        f"/staff/people/{editor.id}",
        data={"name": "新名字", "role": "city-editor", "district": "", "version": "1"},
    )
    assert theirs.get("/staff").status_code == 200


def test_two_who_edit_at_once_notice_one_another(person: Person, browser: Browser) -> None:
    admin, editor = browser(person("city-admin").email), person("city-editor")
    typed = {"name": "甲", "role": "city-editor", "district": "", "version": "1"}
    assert admin.post(f"/staff/people/{editor.id}", data=typed).status_code == 303
    answer = admin.post(f"/staff/people/{editor.id}", data=typed | {"name": "乙"})
    assert answer.status_code == 409
    assert "Somebody else changed this person" in answer.text
    assert 'value="乙"' in answer.text


def test_disabling_asks_first_and_ends_everything_and_can_be_undone(
    person: Person, browser: Browser, outbox: Outbox
) -> None:
    admin, editor = browser(person("city-admin").email), person("city-editor")
    theirs = browser(editor.email)
    address = f"/staff/people/{editor.id}"
    asked = admin.get(f"{address}/disable")
    assert "signed out everywhere" in asked.text
    assert theirs.get("/staff").status_code == 200  # the GET changed nothing
    assert admin.post(f"{address}/disable").status_code == 303
    assert theirs.get("/staff").headers["location"].startswith("/staff/sign-in")
    refused = browser().post("/staff/sign-in", data={"email": editor.email, "password": PASSWORD})
    assert refused.status_code == 422
    assert editor.name not in admin.get("/staff/people").text
    assert editor.name in admin.get("/staff/people?state=disabled").text
    assert admin.post(f"{address}/disable").status_code == 303
    assert acts(outbox).count("staff.disabled") == 1
    assert admin.get(f"{address}/enable").status_code == 200
    assert admin.post(f"{address}/enable").status_code == 303
    browser(editor.email)


def test_a_new_password_ends_the_sessions_of_the_old(person: Person, browser: Browser) -> None:
    admin, editor = browser(person("city-admin").email), person("city-editor")
    theirs = browser(editor.email)
    address = f"/staff/people/{editor.id}/password"
    assert admin.get(address).status_code == 200
    for bad in ("short", editor.email):
        assert admin.post(address, data={"password": bad}).status_code == 422
    assert admin.post(address, data={"password": "nine-red-kites-21"}).status_code == 303
    assert theirs.get("/staff").headers["location"].startswith("/staff/sign-in")
    browser(editor.email, "nine-red-kites-21")


@pytest.mark.parametrize("act", ["disable", "password"])
def test_nobody_locks_themselves_out(person: Person, browser: Browser, act: str) -> None:
    own = person("city-admin")
    person("city-admin", email="other@lingbao.example")
    client = browser(own.email)
    answer = client.post(f"/staff/people/{own.id}/{act}", data={"password": "nine-red-kites-21"})
    assert answer.status_code == 409
    assert "This is your own account." in answer.text
    typed = {"name": own.name, "role": "viewer", "district": "", "version": "1"}
    assert client.post(f"/staff/people/{own.id}", data=typed).status_code == 409
    typed["role"] = "city-admin"
    assert client.post(f"/staff/people/{own.id}", data=typed).status_code == 303


def test_the_city_keeps_an_administrator(
    person: Person, browser: Browser, key: Callable[..., dict[str, str]]
) -> None:
    only = person("city-admin")
    answer = browser().post(f"/staff/people/{only.id}/disable", headers=key("city-admin"))
    assert answer.status_code == 409
    assert "This is the only city administrator." in answer.text


def _remove_each_other(person: Person) -> list[str]:
    """Two administrators disable one another at the same moment, many times."""
    outcomes = []
    for number in range(8):
        two = [person("city-admin", email=f"{number}.{name}@lingbao.example") for name in "ab"]
        barrier = threading.Barrier(2)
        said: list[str] = []

        def disable(
            mine: StaffOut,
            other: UUID,
            barrier: threading.Barrier = barrier,
            said: list[str] = said,
        ) -> None:
            barrier.wait()
            try:
                service.disable(as_principal(mine), other)
                said.append("done")
            except Problem as problem:
                said.append(problem.kind)

        threads = [
            threading.Thread(target=disable, args=(two[0], two[1].id)),
            threading.Thread(target=disable, args=(two[1], two[0].id)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        outcomes.append(" ".join(sorted(said)))
        with database.transaction() as session:  # nobody is left over for the next round
            session.execute(sa.update(Staff).values(role="viewer"))
    return outcomes


def test_two_administrators_cannot_remove_each_other(person: Person) -> None:
    assert set(_remove_each_other(person)) == {"done last-administrator"}


def test_without_the_lock_they_can(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of the test above."""

    def unlocked(session: Any) -> set[UUID]:
        found = session.scalars(sa.select(Staff.id).where(Staff.disabled_at.is_(None)))
        everybody = set(found)
        barrier.wait(timeout=60)
        return everybody

    barrier = threading.Barrier(2)
    monkeypatch.setattr(service, "_lock_administrators", unlocked)
    assert "done done" in _remove_each_other(person)


# --- the walls between districts -----------------------------------------------------------------


def test_a_district_sees_and_touches_its_own_people_alone(person: Person, browser: Browser) -> None:
    xicheng = browser(person("district-admin", "110102").email)
    own, other = person("district-editor", "110102"), person("district-editor", "110112")
    city = person("city-admin")
    listed = xicheng.get("/staff/people").text
    assert own.email in listed
    assert other.email not in listed
    assert city.email not in listed
    for asked in ("?district=110112", "?role=city-admin", "?district=110112&state=all"):
        text = xicheng.get(f"/staff/people{asked}").text
        assert other.email not in text
        assert city.email not in text
    api = xicheng.get("/api/identity/v1/staff").json()["items"]
    assert {item["district"] for item in api} == {"110102"}
    assert xicheng.get(f"/staff/people/{own.id}").status_code == 200
    for stranger in (other, city):
        for method, path in (
            ("GET", ""),
            ("POST", ""),
            ("GET", "/password"),
            ("POST", "/password"),
            ("GET", "/disable"),
            ("POST", "/disable"),
            ("GET", "/enable"),
            ("POST", "/enable"),
        ):
            answer = xicheng.request(
                method,
                f"/staff/people/{stranger.id}{path}",
                data={
                    "name": "x",
                    "role": "viewer",
                    "district": "110102",
                    "version": "1",
                    "password": "nine-red-kites-21",
                },
            )
            assert answer.status_code == 403, (method, path)
            assert stranger.email not in answer.text
    with database.transaction() as session:
        assert session.get_one(Staff, other.id).version == 1
        assert session.get_one(Staff, city.id).version == 1


GIVEN = [
    ("district-admin", "110102", 303),
    ("district-editor", "110102", 303),
    ("check-in", "110102", 303),
    ("viewer", "110102", 303),
    ("district-editor", "110112", 403),
    ("viewer", "110112", 403),
    ("viewer", "", 403),
    ("city-admin", "", 422),
    ("city-editor", "", 422),
]


def test_a_district_gives_its_own_roles_alone(person: Person, browser: Browser) -> None:
    xicheng = browser(person("district-admin", "110102").email)
    for number, (role, district, status) in enumerate(GIVEN):
        wanted = {"role": role, "district": district}
        new = NEW | wanted | {"email": f"new{number}@lingbao.example"}
        assert xicheng.post("/staff/people/add", data=new).status_code == status, wanted
        own = person("district-editor", "110102", f"own{number}@lingbao.example")
        changed = xicheng.post(
            f"/staff/people/{own.id}", data={"name": own.name, "version": "1", **wanted}
        )
        assert changed.status_code == status, wanted


def test_the_list_goes_on(person: Person, browser: Browser) -> None:
    admin = browser(person("city-admin").email)
    added = [person("viewer", email=f"v{number}@lingbao.example").email for number in range(5)]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = admin.get(f"/api/identity/v1/staff?role=viewer&limit=2&cursor={cursor}").json()
        seen += [item["email"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == added[::-1]
    assert admin.get("/staff/people?cursor=nonsense").status_code == 400
    assert admin.get("/staff/people?role=owner").status_code == 422


def test_adding_by_api_once(person: Person, browser: Browser) -> None:
    admin = browser(person("city-admin").email)
    headers = {"Idempotency-Key": "one"}
    first = admin.post("/api/identity/v1/staff", json=NEW, headers=headers)
    again = admin.post("/api/identity/v1/staff", json=NEW, headers=headers)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert "password" not in str(first.json())
    other = admin.post("/api/identity/v1/staff", json=NEW | {"name": "x"}, headers=headers)
    assert other.json()["type"] == "idempotency-key-reused"
    surplus = admin.post("/api/identity/v1/staff", json=NEW | {"admin": True})
    assert surplus.status_code == 422
