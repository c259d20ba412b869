"""Every page and call, for every role: who may open it."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

from fastapi import APIRouter
from fastapi.routing import APIRoute

from services.chassis.database import new_id
from services.identity.app import app
from services.identity.roles import CITY_ROLES, ROLES
from tests.identity.conftest import Browser, Person

EVERYBODY = set(ROLES)
ADMINS = {"city-admin", "district-admin"}
CITY_ADMIN = {"city-admin"}

PLACES = {role: "110102" if role.startswith("district") else None for role in ROLES}

# Method and path to the roles that may. {id} is somebody who does not exist: whoever may ask at
# all is told so.
TABLE: dict[tuple[str, str], set[str]] = {
    ("GET", "/staff"): EVERYBODY,
    ("GET", "/staff/account"): EVERYBODY,
    ("POST", "/staff/account/password"): EVERYBODY,
    ("POST", "/staff/account/sessions/{id}/end"): EVERYBODY,
    ("POST", "/staff/account/sessions/end-others"): EVERYBODY,
    ("GET", "/staff/people"): ADMINS,
    ("GET", "/staff/people/add"): ADMINS,
    ("POST", "/staff/people/add"): ADMINS,
    ("GET", "/staff/people/{id}"): ADMINS,
    ("POST", "/staff/people/{id}"): ADMINS,
    ("GET", "/staff/people/{id}/password"): ADMINS,
    ("POST", "/staff/people/{id}/password"): ADMINS,
    ("GET", "/staff/people/{id}/disable"): ADMINS,
    ("POST", "/staff/people/{id}/disable"): ADMINS,
    ("GET", "/staff/people/{id}/enable"): ADMINS,
    ("POST", "/staff/people/{id}/enable"): ADMINS,
    ("GET", "/staff/apikeys"): CITY_ADMIN,
    ("GET", "/staff/apikeys/new"): CITY_ADMIN,
    ("POST", "/staff/apikeys/new"): CITY_ADMIN,
    ("GET", "/staff/apikeys/{id}/revoke"): CITY_ADMIN,
    ("POST", "/staff/apikeys/{id}/revoke"): CITY_ADMIN,
    ("GET", "/staff/audit"): ADMINS,
    ("GET", "/api/identity/v1/me"): EVERYBODY,
    ("GET", "/api/identity/v1/staff"): ADMINS,
    ("POST", "/api/identity/v1/staff"): ADMINS,
    ("GET", "/api/identity/v1/apikeys"): CITY_ADMIN,
    ("POST", "/api/identity/v1/apikeys"): CITY_ADMIN,
    ("POST", "/api/identity/v1/apikeys/{id}/revoke"): CITY_ADMIN,
}

# What nobody needs to be signed in for.
OPEN = {
    ("GET", "/staff/sign-in"),
    ("POST", "/staff/sign-in"),
    ("GET", "/staff/session/renew"),
    ("POST", "/staff/sign-out"),
}


def _plain(path: str) -> str:
    return re.sub(r"\{\w+\}", "{id}", path)


def test_the_table_names_every_page_and_call() -> None:
    calls = {
        (method.upper(), _plain(path))
        for path, methods in app.openapi()["paths"].items()
        for method in methods
        if path.startswith("/api/identity/v1/")
    }
    pages = {
        (method, _plain(route.path))
        for included in app.routes
        for route in getattr(included, "original_router", APIRouter()).routes
        if isinstance(route, APIRoute) and route.path.startswith("/staff")
        for method in route.methods or ()
    }
    # API routers' own paths begin without the prefix; one of them is /staff.
    pages -= {("GET", "/staff"), ("POST", "/staff")}
    assert calls | pages | {("GET", "/staff")} == set(TABLE) | OPEN


def test_each_role_opens_what_it_may(person: Person, browser: Browser) -> None:
    allowed: dict[tuple[str, str], set[str]] = {place: set() for place in TABLE}
    for role in ROLES:
        client = browser(person(role, PLACES[role]).email)
        for method, path in TABLE:
            answer = client.request(method, path.replace("{id}", str(new_id())))
            assert answer.status_code < 500, (role, method, path)
            assert answer.status_code != 401
            assert not answer.headers.get("location", "").startswith("/staff/sign-in")
            if answer.status_code != 403:
                allowed[method, path].add(role)
    assert allowed == TABLE


def test_nobody_who_is_not_signed_in_opens_anything(browser: Browser) -> None:
    client = browser()
    for method, path in TABLE:
        answer = client.request(method, path.replace("{id}", str(new_id())))
        if method == "GET" and not path.startswith("/api/"):
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/staff/sign-in?next=")
        else:
            assert answer.status_code == 401, (method, path)


def test_a_key_is_told_who_it_is(browser: Browser, key: Callable[..., dict[str, str]]) -> None:
    found = browser().get("/api/identity/v1/me", headers=key("district-editor", "110112")).json()
    assert (found["kind"], found["role"], found["district"]) == (
        "key",
        "district-editor",
        "110112",
    )
    assert UUID(found["id"])
    assert "activities.edit" in found["permissions"]
    assert "people.manage" not in found["permissions"]


def test_a_key_has_no_account_page(browser: Browser, key: Callable[..., dict[str, str]]) -> None:
    assert browser().get("/staff/account", headers=key("city-admin")).status_code == 403


def test_the_roles_of_the_city_are_the_roles_without_a_district() -> None:
    assert {role for role in ROLES if role.startswith("city")} == CITY_ROLES
