"""Staff publish a brochure with a PDF and a captioned video; a resident reads, plays, prints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from services.content.database import FOLDER
from tests.journeys.conftest import PHONE
from tests.journeys.making import a_word
from tests.stack import Stack, eventually

Visit = Callable[..., Page]

FILES = FOLDER / "samples" / "files"


def _add(page: Page, file: Path, field: str = "file") -> None:
    page.locator(f"#field-{field}").set_input_files(file)
    page.get_by_role("button", name="添加", exact=True).click()


def test_a_brochure_is_published_read_played_and_printed(
    visit: Visit, house_running: Stack
) -> None:
    title = f"出门在外 {a_word()}"
    page = visit("/staff/materials/new", staff="editor")
    page.locator("[id='field-title.zh-CN']").fill(title)
    page.locator("[id='field-title.en']").fill("Away from home")
    body = page.locator("[id='field-body.zh-CN']")
    body.fill("## 带什么\n\n- 护照和复印件")
    body.blur()
    expect(page.locator("#material-preview h3")).to_have_text("带什么")
    page.get_by_role("button", name="存为草稿").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)

    page.get_by_role("link", name="0个文件").click()
    # A document that is a picture inside is refused; then the right one.
    wrong = house_running.data_dir / "leaflet.pdf"
    wrong.write_bytes((FILES / "first-call.png").read_bytes())
    _add(page, wrong)
    expect(page.locator(".field-error")).to_contain_text("实际是PNG文件")
    _add(page, FILES / "what-12308-does.zh-CN.pdf")
    expect(page.locator(".shelf-row")).to_have_count(1)
    _add(page, FILES / "first-call.mp4")
    expect(page.locator(".shelf-row")).to_have_count(2)
    page.get_by_role("link", name="first-call", exact=True).click()
    for tag in ("zh-CN", "en"):
        page.locator("#field-part_language").select_option(tag)
        _add(page, FILES / f"first-call.{tag}.vtt", "part")
    expect(page.locator(".shelf-row")).to_have_count(2)
    page.get_by_role("link", name="文件", exact=True).click()
    page.get_by_role("button", name="上移first-call").click()
    expect(page.locator(".shelf-row").first).to_contain_text("first-call")
    page.get_by_role("link", name=title).click()
    page.get_by_role("link", name="发布").click()
    page.get_by_role("button", name="立即发布").click()
    public = page.get_by_role("link", name="查看公众页面").get_attribute("href") or ""

    reader = visit(public, size=PHONE)
    expect(reader.get_by_role("heading", level=1)).to_have_text(title)
    film = reader.locator("video")
    film.evaluate("video => { video.muted = true; video.currentTime = 9; return video.play() }")
    # What it has played, not whether it plays: it may be over by the time that somebody looks.
    shown = "video => video.played.length > 0 && video.played.end(video.played.length - 1) > 9"
    eventually(lambda: film.evaluate(shown))
    assert film.evaluate("video => [...video.textTracks].map(track => track.mode)") == [
        "showing",
        "disabled",
    ]
    source = film.locator("source").get_attribute("src") or ""
    part = reader.request.get(source, headers={"Range": "bytes=100-199"})
    assert (part.status, len(part.body())) == (206, 100)
    reader.get_by_text("阅读文字稿").click()
    expect(reader.locator(".transcript")).to_contain_text("境外拨打：+86 10 12308")
    with reader.expect_download() as coming:
        reader.get_by_role("link", name="what-12308-does.zh-CN").first.click()
    assert Path(coming.value.path()).read_bytes().startswith(b"%PDF-")
    reader.emulate_media(media="print")
    expect(film).to_be_hidden()
    expect(reader.get_by_text("带什么")).to_be_visible()
    expect(reader.get_by_text(public)).to_be_visible()


def test_a_film_that_is_too_long_is_refused_with_a_sentence(
    visit: Visit, house_running: Stack, editor: str
) -> None:
    _, made = house_running.call(
        "POST",
        "/api/content/v1/materials",
        {"kind": "video", "title": "长片", "body": "文"},
        editor,
    )
    long = house_running.data_dir / "long.mp4"
    with long.open("wb") as file:
        file.truncate(600 * 1024 * 1024)
    path = f"/staff/materials/{made['id']}/files"
    page = visit(path, staff="editor")
    page.locator("[id='field-title.en']").fill("A long film")
    _add(page, long)
    expect(page.locator(".field-error")).to_contain_text("文件过大：600 MB，最大不能超过500 MB")
    expect(page.locator("[id='field-title.en']")).to_have_value("A long film")
    # Without a script the server says so, before the film has been sent.
    plain = visit(path, staff="editor", script=False)
    _add(plain, long)
    expect(plain.get_by_role("heading", level=1)).to_contain_text("视频不能超过500 MB")
    long.unlink()
