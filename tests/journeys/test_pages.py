"""Every page, in both languages, at every width: what must hold wherever somebody arrives."""

from __future__ import annotations

import gzip
import json
import re
import urllib.request
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE
from tests.journeys.sights import Sights
from tests.stack import ROOT, Stack

Visit = Callable[..., Page]
WIDTHS = (320, 768, 1280)
# In the suite each page is looked at once: one in Chinese, with axe on a telephone, and the next in
# English, with axe at a desk. With --long every page is looked at in both, at every width.
AXE_AT = {"zh-CN": 375, "en": 1280}
ALL_WIDTHS = (320, 375, 768, 1280, 1920)
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LIMIT = 100_000
ASSET = re.compile(r"""(?:href|src)="(/static/[^"#]+)""")


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    assert AXE.is_file(), "axe-core is not installed; `python3 deploy/setup.py` fetches it."
    return AXE.read_text("utf-8")


def violations(page: Page, axe: str) -> list[str]:
    """What axe finds wrong on the page, a line for each place."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(axe)
    found: list[dict[str, Any]] = page.evaluate(
        """async (tags) => (await axe.run(document, {
            runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'],
        })).violations""",
        RULES,
    )
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


@dataclass(frozen=True)
class Looking:
    """How closely pages are looked at.

    Attributes:
        axe: the source of axe-core.
        long: every page at every width, and with axe on a telephone and at a desk.
    """

    axe: str
    long: bool

    def faults(self, page: Page, paths: Sequence[str], language: str) -> list[str]:
        """What is wrong with each of the pages, wherever it is looked at."""
        found = []
        page.context.add_init_script(self.axe)
        for place, path in enumerate(paths):
            if not self.long and ("zh-CN", "en")[place % 2] != language:
                continue
            answer = page.goto(path)
            assert answer is not None
            wrong = [] if answer.status == 200 else [f"status {answer.status}"]
            # Parts that are fetched after the page: those of the staff's home.
            expect(page.locator("[hx-get][hx-trigger='load']")).to_have_count(0)
            at = AXE_AT.values() if self.long else [AXE_AT[language]]
            wrong += looked_at(page, language, self.axe, at, ALL_WIDTHS if self.long else WIDTHS)
            found += [f"{path} ({language}): {line}" for line in wrong]
        return found


@pytest.fixture
def looking(axe: str, request: pytest.FixtureRequest) -> Looking:
    """As closely as this run has time for."""
    return Looking(axe, bool(request.config.getoption("--long")))


def looked_at(
    page: Page,
    language: str,
    axe: str,
    axe_at: Collection[int] | None = None,
    widths: Collection[int] = WIDTHS,
) -> list[str]:
    """What is wrong with the page that is open, at every width; with axe at its language's own."""
    axe_at = [AXE_AT[language]] if axe_at is None else axe_at
    found = []
    if page.locator("html").get_attribute("lang") != language:
        found.append("wrong lang")
    if (headings := page.locator("h1").count()) != 1:
        found.append(f"{headings} h1")
    if len(page.title().split(" · ")) < 2:
        found.append(f"title “{page.title()}”")
    # The width that it has already comes first: laying a page out anew is what costs most here.
    before = page.viewport_size
    wanted = sorted(
        {*widths, *axe_at}, reverse=before is not None and before["width"] >= max(widths)
    )
    for width in wanted:
        page.set_viewport_size({"width": width, "height": 900})
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            found.append(f"{wide} px of content in {width} px")
        if width in axe_at:
            found += [f"{width} px, {line}" for line in violations(page, axe)]
    return found


# There are many by now: each test looks at every third one.
THIRDS = range(3)


@pytest.mark.parametrize("third", THIRDS)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_public_pages(
    *, visit: Visit, sights: Sights, looking: Looking, language: str, third: int
) -> None:
    page = visit("/", language=language)
    found = looking.faults(page, sights.public[third :: len(THIRDS)], language)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("third", THIRDS)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_staff_pages(
    *, visit: Visit, sights: Sights, looking: Looking, language: str, third: int
) -> None:
    page = visit("/staff", language=language, staff="admin")
    found = looking.faults(page, sights.staff[third :: len(THIRDS)], language)
    assert not found, "\n".join(found)


def test_a_page_that_is_wrong_is_found(visit: Visit, axe: str) -> None:
    """The checks above, on a page that was right until something was put into it."""
    page = visit("/privacy")
    assert looked_at(page, "zh-CN", axe, [375, 1280]) == []
    page.evaluate(
        """() => {
            const wide = document.createElement('p');
            wide.textContent = 'x'.repeat(400);
            wide.style.whiteSpace = 'pre';
            wide.style.overflowWrap = 'normal';
            const button = document.createElement('button');
            document.querySelector('main').append(wide, button, document.createElement('h1'));
        }"""
    )
    found = "\n".join(looked_at(page, "en", axe))
    for word in ("wrong lang", "2 h1", "px of content in 1280 px", "button-name"):
        assert word in found


def test_every_page_is_looked_at(sights: Sights) -> None:
    """A page that is new to the menu or the head of the site is among those above."""
    listed = {path.partition("?")[0] for path in (*sights.public, *sights.staff)}
    frames = ROOT / "services" / "chassis"
    menu = re.findall(r'\("(/staff[a-z/]*)", i18n', (frames / "pages.py").read_text("utf-8"))
    head = re.findall(
        r"public_link\('(/[a-z]+)'", (frames / "templates/frame.html").read_text("utf-8")
    )
    assert menu
    assert head
    assert {*menu, *head} <= listed


def test_a_public_page_is_light(house_running: Stack, sights: Sights) -> None:
    def fetched(path: str) -> tuple[int, str]:
        """Bytes on the wire, and the text."""
        request = urllib.request.Request(
            house_running.url + quote(path, safe="/?&=%"), headers={"Accept-Encoding": "gzip"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            raw = answer.read()
            packed = answer.headers["Content-Encoding"] == "gzip"
            return len(raw), (gzip.decompress(raw) if packed else raw).decode()

    for path in sights.public:
        weight, html = fetched(path)
        total = weight + sum(fetched(asset)[0] for asset in set(ASSET.findall(html)))
        assert total < LIMIT, f"{path}: {total} bytes"


def test_public_pages_without_scripts_are_the_same(
    visit: Visit, sights: Sights, looking: Looking
) -> None:
    page = visit("/")
    plain = visit("/", script=False)
    for path in sights.public if looking.long else sights.public[::3]:
        page.goto(path)
        plain.goto(path)
        # Such as the count under a field.
        page.locator(".only-script").evaluate_all("all => all.forEach(one => one.remove())")
        assert plain.locator("main").inner_text() == page.locator("main").inner_text(), path


def focused(page: Page) -> dict[str, Any]:
    """What has the focus, and whether one can see that it has."""
    return dict(
        page.evaluate(
            """() => {
                const now = document.activeElement, look = getComputedStyle(now);
                const box = now.getBoundingClientRect();
                return {
                    name: now.name || '', type: now.type || '',
                    href: now.getAttribute('href') || '',
                    ring: (look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) > 0)
                        || look.boxShadow !== 'none',
                    seen: box.width > 0 && box.height > 0 && box.bottom > 0
                        && box.top < innerHeight,
                };
            }"""
        )
    )


@pytest.mark.parametrize("size", [PHONE, {"width": 1280, "height": 900}])
def test_everything_by_keyboard(visit: Visit, sights: Sights, size: dict[str, int]) -> None:
    """Tab reaches the skip link first and then each field in its order, always in sight."""
    page = visit(sights.form, size=size)
    page.keyboard.press("Tab")
    assert focused(page)["href"] == "#main"
    assert focused(page)["seen"]
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    reached: list[str] = []
    while focused(page)["type"] != "submit":
        page.keyboard.press("Tab")
        now = focused(page)
        assert now["ring"], f"no ring on {now}"
        assert now["seen"], f"out of sight: {now}"
        reached.append(now["name"])
        assert len(reached) < 30, reached
    fields = page.locator("form.form").locator("input:not([type=hidden]), select, textarea")
    names = fields.evaluate_all("all => all.map(one => one.name)")
    assert [name for name in reached if name] == names


def test_print_leaves_out_what_paper_cannot_do(visit: Visit, sights: Sights) -> None:
    page = visit(sights.activity)
    page.emulate_media(media="print")
    for part in (".site-nav", ".skip", ".language", ".sticky-action"):
        expect(page.locator(part)).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page = visit("/staff/activities", staff="admin")
    page.emulate_media(media="print")
    expect(page.locator(".staff-column")).to_be_hidden()
    expect(page.locator(".staff-tools form")).to_be_hidden()
    expect(page.locator("table")).to_be_visible()


def test_motion_is_left_out_where_it_is_not_wanted(visit: Visit) -> None:
    page = visit("/")
    page.emulate_media(reduced_motion="reduce")
    moving = page.evaluate(
        """() => [...document.querySelectorAll('*')].filter(one => {
            const look = getComputedStyle(one);
            const long = text => text.split(',').some(part => parseFloat(part) > 0.01);
            return long(look.transitionDuration) || long(look.animationDuration);
        }).map(one => one.className).slice(0, 5)"""
    )
    assert moving == []


def test_the_interface_documents_are_readable(visit: Visit) -> None:
    """The page of each service's calls, made from its OpenAPI document."""
    page = visit("/")
    for service in ("identity", "content", "registration", "notifications"):
        answer = page.goto(f"/api/{service}/docs")
        assert answer is not None
        assert answer.status == 200
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        document = page.request.get(f"/api/{service}/openapi.json")
        assert json.loads(document.text())["paths"]
