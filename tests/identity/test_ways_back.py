"""After signing in one stays on this site, whatever the address says."""

from __future__ import annotations

from services.identity.signin.ways_back import HOME, local_path
from tests.identity.conftest import PASSWORD, Browser, Person

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\x00/evil.example",
    "/\u2028/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "http:/evil.example",
    "/staff\r\nSet-Cookie: a=b",
    "//[",
    "/" + "a" * 2000,
    "",
]


def test_another_place_is_the_home() -> None:
    assert {wanted: local_path(wanted) for wanted in ELSEWHERE} == dict.fromkeys(ELSEWHERE, HOME)
    assert local_path(None) == HOME


def test_a_path_of_ours_stays() -> None:
    for wanted in ("/staff", "/staff/people?role=viewer&x=%2F%2Fy", "/library/1"):
        assert local_path(wanted) == wanted


def test_no_answer_leads_elsewhere(person: Person, browser: Browser) -> None:
    staff = person("viewer")
    client = browser()
    for wanted in ELSEWHERE:
        typed = {"email": staff.email, "password": PASSWORD, "next": wanted}
        answers = [
            client.post("/staff/sign-in", data=typed),
            client.get("/staff/session/renew", params={"next": wanted}),
            client.get("/staff/sign-in", params={"next": wanted}),
        ]
        assert [answer.headers["location"] for answer in answers] == [HOME] * 3, wanted
