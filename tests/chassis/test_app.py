"""What every answer has, whatever was asked: headers, language, words for each kind of error."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
import redis
from starlette.testclient import TestClient

from services import house
from services.chassis import auth, middleware
from services.chassis.app import create_app
from services.chassis.database import Database
from services.chassis.pages import Pages, static
from services.chassis.settings import settings
from tests.chassis.trial import ORIGIN, browser

Cookies = Callable[..., dict[str, str]]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """``environment(name, value)``: a setting for one test."""

    def change(name: str, value: str) -> None:
        monkeypatch.setenv(name, value)
        settings.cache_clear()

    yield change
    monkeypatch.undo()
    settings.cache_clear()


# One of each kind of answer: pages, calls, redirects, assets, probes and every sort of error.
KINDS = [
    ("GET", "/trial", 200),
    ("HEAD", "/trial", 200),
    ("GET", "/staff/trial", 303),
    ("GET", "/api/identity/v1/things", 401),
    ("GET", "/healthz", 200),
    ("GET", "/metrics", 200),
    ("GET", "/api/identity/docs", 200),
    ("GET", "/api/identity/openapi.json", 200),
    ("GET", "/api/identity/asyncapi.json", 200),
    ("GET", f"{static('app.css')}", 200),
    ("GET", "/static/none.css", 404),
    ("GET", "/static/../app.py", 404),
    ("GET", "/nowhere", 404),
    ("GET", "/api/identity/v1/nowhere", 404),
    ("DELETE", "/trial", 405),
    ("OPTIONS", "/trial", 405),
    ("BREW", "/trial", 405),
    ("DELETE", "/api/identity/v1/open", 405),
    ("POST", "/trial", 422),
    ("POST", "/api/identity/v1/open", 422),
    ("GET", "/trial/breaks", 500),
    ("GET", "/api/identity/v1/breaks", 500),
    ("GET", "/trial/away", 503),
]


@pytest.mark.parametrize(("method", "path", "status"), KINDS)
def test_every_answer_has_the_safe_headers(method: str, path: str, status: int) -> None:
    answer = browser().request(method, path, headers={"X-Request-Id": "test-0123456789"})
    assert answer.status_code == status
    for name, value in middleware.SECURITY_HEADERS.items():
        assert answer.headers[name] == value
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-request-id"] == "test-0123456789"
    assert answer.headers["content-language"] == "en"
    assert "server" not in answer.headers
    if path.startswith("/static/app"):
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "cookie" not in answer.headers.get("vary", "").lower()
    else:
        assert answer.headers["cache-control"] == "private, no-cache"
        assert answer.headers["vary"] == "Accept-Language, Cookie"


@pytest.mark.parametrize(("method", "path", "status"), KINDS)
def test_an_error_is_a_page_for_people_and_a_problem_for_programs(
    method: str, path: str, status: int
) -> None:
    answer = browser().request(method, path)
    if status < 400 or (path == "/trial" and status == 422):
        assert "problem" not in answer.headers.get("content-type", "")
    elif path.startswith("/api/"):
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == status
        assert re.fullmatch(r"[a-z-]+", problem["type"])
        assert problem["title"].endswith(".")
        assert not CHINESE.search(problem["title"])
    else:
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert f"{status} ·" in answer.text
        assert answer.headers["x-request-id"] in answer.text


@pytest.mark.parametrize("path", ["/nowhere", "/trial/breaks", "/trial/away", "/trial"])
def test_errors_are_said_in_both_languages(path: str) -> None:
    method = "POST" if path == "/trial" else "GET"
    chinese = browser(headers={"Accept-Language": "zh-CN,zh;q=0.9"}).request(method, path)
    assert '<html lang="zh-CN">' in chinese.text
    assert chinese.headers["content-language"] == "zh-CN"
    assert '<html lang="en">' in browser().request(method, path).text


def test_a_call_is_refused_in_the_callers_language() -> None:
    answer = browser(headers={"Accept-Language": "zh"}).post("/api/identity/v1/open", json={})
    assert CHINESE.search(answer.json()["title"])
    assert answer.json()["errors"][0]["field"] == "name"
    assert CHINESE.search(answer.json()["errors"][0]["message"])


@pytest.mark.parametrize(("path", "allowed"), [("/trial", {"GET", "POST"}), ("/healthz", {"GET"})])
def test_405_says_what_is_allowed(path: str, allowed: set[str]) -> None:
    answer = browser().delete(path)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) <= allowed


def test_head_is_get_without_a_body() -> None:
    head, get = browser().head("/trial"), browser().get("/trial")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]
    assert browser().head(static("app.css")).content == b""


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("{", "The body is not valid JSON."),
        ("[]", "This is not of the kind that is expected here."),
        ('{"name": null}', "Please fill this in."),
        ('{"name": "x", "count": 0}', "Please write a number that is at least 1."),
        ('{"name": "x", "body": 5}', "This is not of the kind that is expected here."),
        ('{"name": "\\ud800"}', "Please write this on one line, without special characters."),
    ],
)
def test_422_says_what_is_wrong(body: str, says: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = browser().post("/api/identity/v1/open", content=body, headers=headers)
    assert answer.status_code == 422
    assert says in [error["message"] for error in answer.json()["errors"]]


def test_a_field_that_is_called_body_is_named() -> None:
    answer = browser().post("/api/identity/v1/open", json={"name": "x", "body": "\x00"})
    assert [error["field"] for error in answer.json()["errors"]] == ["body"]


@pytest.mark.parametrize("path", ["/trial", "/api/identity/v1/open"])
def test_a_body_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(middleware, "LARGEST_BODY", 1000)
    headers = {"Content-Type": "application/json" if "api" in path else "text/plain"}
    said = browser().post(path, content=b"x" * 1001, headers=headers)
    assert said.status_code == 413

    def pieces() -> Iterator[bytes]:
        yield from (b"x" * 100 for _ in range(11))

    form = {
        "Content-Type": headers["Content-Type"].replace(
            "text/plain", "multipart/form-data; boundary=x"
        )
    }
    unsaid = browser().post(path, content=pieces(), headers=form)
    assert unsaid.status_code == 413, "a body that does not say its length"
    strange = {"Content-Length": b"\xb2"}
    assert browser().post(path, content=b"x", headers=strange).status_code < 500  # type: ignore[arg-type]


def test_a_failure_tells_the_visitor_nothing_about_itself() -> None:
    for path in ("/trial/breaks", "/api/identity/v1/breaks", "/trial/away"):
        text = browser().get(path).text
        assert "on purpose" not in text
        assert "Traceback" not in text
        assert "SELECT" not in text
        assert "王芳" not in text


@pytest.mark.parametrize("text", ["%00", "a%00b"])
def test_what_no_database_can_hold_is_a_bad_request(text: str) -> None:
    assert browser().get(f"/trial/find?text={text}").status_code == 400


# The origin of unsafe requests


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({}, True),  # a program: no cookie, nothing that could be misused
        ({"Origin": "http://testserver"}, True),
        ({"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Referer": "http://testserver/trial?x=1"}, True),
        ({"Origin": "null"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "http://testserver:8001"}, False),
        ({"Origin": "http://testserver.evil.example"}, False),
        ({"Origin": "http://testserver@evil.example"}, False),
        ({"Origin": "http://["}, False),
        ({"Origin": "", "Referer": "http://evil.example/http://testserver"}, False),
        ({"Origin": "http://evil.example", "Referer": "http://testserver/"}, False),
        ({"Referer": "http://evil.example/"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"}, False),
        ({"Authorization": "Basic x", "Origin": "http://evil.example"}, False),
    ],
)
def test_only_this_site_may_send_forms(headers: dict[str, str], taken: bool) -> None:
    answer = browser().post("/trial", data={"name": "x"}, headers=headers)
    assert answer.status_code == (303 if taken else 403)
    if not taken:
        assert "This was sent from another site" in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "BREW"])
def test_a_session_without_an_origin_is_refused(staff: Cookies, method: str) -> None:
    client = browser(cookies=staff("city-editor"))
    assert client.request(method, "/api/identity/v1/things", json={}).status_code == 403
    assert client.request(method, "/nowhere").status_code == 403


def test_a_strange_cookie_does_not_hide_the_session(staff: Cookies) -> None:
    session = f"{auth.SESSION_COOKIE}={staff('city-editor')[auth.SESSION_COOKIE]}"
    for cookies in (f'odd[x]={{"a":1}}; {session}', f"{session}; a b=c"):
        answer = browser().post("/staff/trial", data={}, headers={"Cookie": cookies})
        assert answer.status_code == 403


def test_a_key_needs_no_origin(key: Callable[..., dict[str, str]]) -> None:
    headers = {**key("city-editor"), "Origin": "http://evil.example"}
    answer = browser().post("/api/identity/v1/things", json={"name": "x"}, headers=headers)
    assert answer.status_code == 201


def test_the_same_name_without_tls_is_another_site(environment: Callable[[str, str], None]) -> None:
    environment("LINGBAO_BASE_URL", "https://testserver")
    for origin, status in (("http://testserver", 403), ("https://testserver", 303)):
        answer = browser().post("/trial", data={"name": "x"}, headers={"Origin": origin})
        assert answer.status_code == status
        assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_a_refused_form_leads_back_to_its_own_page() -> None:
    answer = browser().post("/trial", data={"name": "x"}, headers={"Origin": "null"})
    assert 'href="/trial?lang=zh-CN"' in answer.text


# Request ids


@pytest.mark.parametrize("given", ["abc-DEF_1.2", "x" * 64])
def test_a_request_id_is_kept(given: str) -> None:
    answer = browser().get("/trial", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "with space", "<script>alert</script>"])
def test_a_request_id_that_is_none_is_replaced(given: str) -> None:
    answer = browser().get("/trial", headers={"X-Request-Id": given})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])


# Languages


@pytest.mark.parametrize(
    ("query", "cookie", "header", "spoken"),
    [
        ("", None, "", "zh-CN"),
        ("", None, "fr", "zh-CN"),
        ("", None, "en-GB,en;q=0.9", "en"),
        ("", None, "zh-TW;q=0.5, en;q=0.7", "en"),
        ("", None, "en;q=0, zh", "zh-CN"),
        ("", None, "en;q=0", "zh-CN"),
        ("", None, "en;q=very", "zh-CN"),
        ("", "en", "zh-CN", "en"),
        ("", "fr", "en", "en"),
        ("lang=en", "zh-CN", "zh-CN", "en"),
        ("lang=zh-CN", "en", "en", "zh-CN"),
        ("lang=xx", "en", "zh", "en"),
        ("lang=", None, "en", "en"),
        ("lang=zh-CN&lang=en", None, "", "en"),
    ],
)
def test_the_language_of_an_answer(
    query: str, cookie: str | None, header: str, spoken: str
) -> None:
    client = TestClient(browser().app, headers={"Accept-Language": header})
    if cookie:
        client.cookies.set("lingbao_language", cookie)
    answer = client.get(f"/trial?{query}")
    assert f'<html lang="{spoken}">' in answer.text
    assert answer.headers["content-language"] == spoken
    if "lang=zh-CN" in query or "lang=en" in query:
        assert f"={spoken};" in answer.headers["set-cookie"], "what is shown is remembered"
    else:
        assert "set-cookie" not in answer.headers


def test_the_choice_is_remembered() -> None:
    client = browser(headers={"Accept-Language": "zh"})
    client.get("/trial?lang=en")
    assert '<html lang="en">' in client.get("/trial").text
    strange = {"Cookie": 'odd={"a": [1]}; lingbao_language=en'}
    answer = browser(headers={"Accept-Language": "zh"}).get("/trial", headers=strange)
    assert '<html lang="en">' in answer.text, "another cookie that is odd hides it not"


def test_the_switch_keeps_path_and_query() -> None:
    answer = browser().get("/trial?q=%E9%A2%86%E4%BF%9D&topic=travel&topic=fraud&lang=en")
    link = "/trial?q=%E9%A2%86%E4%BF%9D&amp;topic=travel&amp;topic=fraud&amp;lang=zh-CN"
    assert f'href="{link}"' in answer.text


@pytest.mark.parametrize(
    "path", ["//evil.example", "///evil.example/x", "/\\evil.example", "//a%2Fb"]
)
def test_no_link_of_ours_leads_elsewhere(path: str) -> None:
    answer = browser().get(f"http://testserver{path}")
    assert answer.status_code == 404
    links = re.findall(r'href="([^"]*)"', answer.text)
    assert any("lang=zh-CN" in link for link in links)
    assert not [link for link in links if link.startswith(("//", "/\\", "http"))]


def test_what_is_in_an_address_is_text_on_the_page() -> None:
    answer = browser().get('/%22%3E%3Cscript%3Ex?q="><script>x')
    assert "<script>x" not in answer.text


# Probes


def test_the_probes_are_open_in_both_places() -> None:
    for place in ("", "/api/identity"):
        assert browser().get(f"{place}/healthz").json() == {"status": "ok", "service": "identity"}
        assert browser().get(f"{place}/readyz").json() == {
            "status": "ok",
            "database": "ok",
            "broker": "ok",
        }
        figures = browser().get(f"{place}/metrics")
        assert figures.headers["content-type"].startswith("text/plain")
        assert 'lingbao_outbox_unconfirmed{service="identity"} 0.0' in figures.text


def test_not_ready_says_which_part_does_not_answer(environment: Callable[[str, str], None]) -> None:
    environment("LINGBAO_REDIS_URL", "redis://127.0.0.1:1/0")
    with pytest.raises(redis.RedisError):
        redis.Redis.from_url("redis://127.0.0.1:1/0").ping()
    answer = browser().get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "database": "ok", "broker": "no answer"}
    assert browser().get("/healthz").status_code == 200


def test_figures_are_there_while_the_database_is_away(
    environment: Callable[[str, str], None], tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment("LINGBAO_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/postgres")
    folder = tmp_path_factory.mktemp("away")
    app = create_app(
        "identity",
        title="Away",
        database=Database("identity", {}),
        pages=Pages(folder),
        apis=[],
        sites=[],
    )
    client = TestClient(app)
    assert client.get("/readyz").json()["database"] == "no answer"
    assert "lingbao_requests_total" in client.get("/metrics").text
    assert client.get("/healthz").status_code == 200


def test_a_made_up_method_makes_no_series_of_its_own() -> None:
    browser().request("BREW", "/trial")
    text = browser().get("/metrics").text
    assert "BREW" not in text
    assert 'method="other"' in text


@pytest.mark.parametrize("service", house.SERVICES)
def test_every_service_has_the_probes(client: Callable[..., TestClient], service: str) -> None:
    assert client(service).get("/healthz").json()["service"] == service
    assert client(service).get(f"/api/{service}/readyz").status_code == 200


def test_a_form_that_is_well_is_taken() -> None:
    answer = browser().post("/trial", data={"name": "Ada"}, headers=ORIGIN)
    assert answer.headers["location"] == "/trial?name=3"
