"""Finding an activity on a telephone, without scripts, and on somebody else's site."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import DESK, PHONE
from tests.journeys.making import a_word, lecture
from tests.stack import Stack

Visit = Callable[..., Page]
BEIJING = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_finding_a_lecture_without_scripts(
    visit: Visit, house_running: Stack, editor: str, language: str
) -> None:
    name = f"漂流者{a_word()}"
    lecture(
        house_running,
        editor,
        title={"zh-CN": f"{name}的安全课", "en": f"A safe day for {name}"},
        countries=["FJ"],
        step_free=True,
    )
    page = visit("/activities", language=language, size=PHONE, script=False)
    chinese = language == "zh-CN"
    page.get_by_role("searchbox").fill(name)
    expect(page.locator("#field-country")).to_be_hidden()
    page.locator("summary").click()
    page.locator("#field-country").fill("斐济" if chinese else "Fiji")
    page.locator("#field-step_free").check()
    page.get_by_role("button", name="查找" if chinese else "Find").click()
    expect(page.locator(".entry")).to_have_count(1)
    expect(page.locator(".found-count")).to_have_text("共 1 场活动" if chinese else "1 activity")
    expect(page.locator(".found-by li")).to_have_count(4)
    # The further choices stay unfolded while one of them is in use.
    expect(page.locator("#field-country")).to_be_visible()
    page.locator(".entry a").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    expect(page.locator(".map-links a")).to_have_count(3)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide == PHONE["width"]


@pytest.fixture
def elsewhere() -> Iterator[Callable[[str], str]]:
    """``elsewhere("<h1>…")``: the address of somebody else's site that shows this."""
    shown = ""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(shown.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    def show(html: str) -> str:
        nonlocal shown
        shown = html
        return f"http://127.0.0.1:{server.server_port}/"

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield show
        server.shutdown()


def test_a_month_on_a_desk_and_a_list_on_another_site(
    visit: Visit,
    browser: Browser,
    house_running: Stack,
    editor: str,
    elsewhere: Callable[[str], str],
) -> None:
    name = f"框中{a_word()}"
    starts = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    lecture(
        house_running,
        editor,
        title={"zh-CN": name},
        district="110119",
        starts_at=starts.isoformat(),
        ends_at=(starts + timedelta(minutes=20)).isoformat(),
    )
    # In the last hour of a month it is on the next one's page.
    month = f"{starts.astimezone(BEIJING):%Y-%m}"
    page = visit(f"/activities/calendar?district=110119&month={month}", size=DESK)
    expect(page.locator("main")).to_contain_text(name)
    expect(page.locator("table.month th")).to_have_count(7)
    context = browser.new_context(locale="en")
    page = context.new_page()
    framed = f"{house_running.url}/embed/activities?district=110119"
    page.goto(elsewhere(f'<iframe src="{framed}" width="320"></iframe>'))
    link = page.frame_locator("iframe").get_by_role("link", name=name)
    expect(link).to_be_visible()
    assert context.cookies() == []
    with context.expect_page() as opened:
        link.click()
    expect(opened.value.get_by_role("heading", level=1)).to_have_text(name)
    assert page.url.startswith("http://127.0.0.1:"), "the other site stays where it is"
    context.close()
