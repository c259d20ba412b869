"""The door on a telephone: with the camera, with the network cut, signed out meanwhile."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import segno
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import PATIENCE, PHONE, chromium
from tests.journeys.making import API, lecture, register, somebody
from tests.stack import Stack, eventually

Visit = Callable[..., Page]


# How many doors, people and scans the browser keeps.
KEPT = """() => new Promise((done) => {
    const asked = indexedDB.open('lingbao-door');
    asked.onsuccess = () => {
        const names = [...asked.result.objectStoreNames];
        const read = asked.result.transaction(names);
        const counts = names.map((name) => read.objectStore(name).count());
        read.oncomplete = () => done(counts.map((count) => count.result));
    };
})"""


def an_activity_with(stack: Stack, key: str, *parties: int) -> tuple[dict[str, Any], list[str]]:
    """A lecture that begins in two hours, and the ticket codes of parties so large."""
    begins = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
    activity = lecture(stack, key, starts_at=begins.isoformat(), capacity=20)
    made = [
        register(stack, activity, somebody(), name=f"来宾{number}号", party_size=party)
        for number, party in enumerate(parties, 1)
    ]
    return activity, [one["ticket_code"] for one in made]


def came(stack: Stack, activity: dict[str, Any], key: str) -> tuple[int, int]:
    """How many people came, and how many conflicts there are."""
    _, found = stack.call("GET", f"{API}/activities/{activity['id']}/attendance", key=key)
    return found["came"], found["conflicts"]


def open_door(visit: Visit, activity: dict[str, Any], name: str) -> Page:
    page = visit(f"/staff/checkin/{activity['id']}", size=PHONE, staff="editor")
    expect(page.locator("[data-state]")).to_have_attribute("data-is", "online")
    page.evaluate("name => localStorage.setItem('lingbao-door-name', name)", name)
    return page


def type_code(page: Page, code: str) -> Any:
    page.get_by_label("入场码", exact=True).fill(code.lower())
    page.get_by_role("button", name="核验").click()
    return page.locator("#result .door-word")


def test_two_doors_and_the_network_cut(visit: Visit, house_running: Stack, editor: str) -> None:
    activity, codes = an_activity_with(house_running, editor, 1, 3, 1, 2)
    north, south = (open_door(visit, activity, name) for name in ("北门", "南门"))
    page_kept = "async path => !!(await (await caches.open('door-shells')).match(path))"
    eventually(lambda: north.evaluate(page_kept, f"/staff/checkin/{activity['id']}"))

    north.context.set_offline(True)
    expect(type_code(north, codes[0])).to_have_text("请进")
    expect(type_code(north, codes[0])).to_have_text("已经入场")
    expect(north.locator("[data-state]")).to_contain_text("没有网络")
    expect(north.locator("[data-waiting]")).to_have_attribute("data-waiting", "2")
    # Three were registered and two are here.
    expect(type_code(north, codes[1])).to_have_text("请进")
    north.get_by_role("group", name="实到人数").get_by_role("button", name="2").click()
    expect(north.locator("#result")).to_contain_text("已到 2 人，共 3 人")
    # One was let in by mistake.
    expect(type_code(north, codes[2])).to_have_text("请进")
    north.locator("#result").get_by_role("button", name="撤销").click()
    expect(north.locator("#result .door-word")).to_have_text("已撤销")

    # The other door has a network and lets in whom the first has let in a moment before.
    expect(type_code(south, codes[0])).to_have_text("请进")
    eventually(lambda: came(house_running, activity, editor) == (1, 0))

    # The browser is closed and opened again, and there is still no network.
    north.reload()
    expect(north.get_by_role("heading", level=1)).to_contain_text(activity["token"])
    expect(north.locator("[data-came]")).to_have_text("3")
    north.get_by_label("姓名或入场码开头").fill("4号")
    north.locator("[data-found]").get_by_role("button", name="入场").click()
    expect(north.locator("#result .door-name")).to_have_text("来宾4号")
    north.get_by_text("未报名者现场登记").click()
    north.get_by_label("人数", exact=True).fill("1")
    north.get_by_role("button", name="登记并入场").click()
    expect(north.locator("#result")).to_contain_text("须联网")

    north.context.set_offline(False)
    expect(north.locator("[data-state]")).to_have_text("已联网")
    eventually(lambda: came(house_running, activity, editor) == (5, 1))
    conflict = south.locator("[data-conflicts] li")
    expect(conflict).to_contain_text("南门")
    expect(conflict).to_contain_text("北门")
    conflict.get_by_role("button", name="撤销这次扫码").click()
    expect(conflict).to_have_count(0)
    eventually(lambda: came(house_running, activity, editor) == (5, 0))
    north.get_by_role("button", name="登记并入场").click()
    expect(north.locator("#result .door-name")).to_have_text("现场登记")
    expect(south.locator("[data-came]")).to_have_text("6")

    north.get_by_text("本机设置").click()
    north.get_by_role("button", name="离开签到并清除名单").click()
    north.get_by_role("button", name="离开并清除").click()
    north.wait_for_url("**/staff/checkin")
    north.wait_for_function(f"({KEPT})().then((kept) => kept.join() === '0,0,0')")


def test_signed_out_meanwhile(visit: Visit, house_running: Stack, editor: str) -> None:
    """Scans are kept, the page asks to sign in, and then they are sent."""
    activity, (code,) = an_activity_with(house_running, editor, 2)
    page = open_door(visit, activity, "北门")
    page.wait_for_load_state("networkidle")  # the list has come: the door can do without us
    cookies = list(page.context.cookies())
    page.context.clear_cookies()
    expect(type_code(page, code)).to_have_text("请进")
    expect(page.locator("[data-state]")).to_contain_text("您已退出登录")
    way = page.get_by_role("link", name="重新登录").get_attribute("href")
    assert way == f"/staff/sign-in?next=%2Fstaff%2Fcheckin%2F{activity['id']}"
    assert came(house_running, activity, editor) == (0, 0)
    # Signing out leaves the scan that waits, and no name.
    page.wait_for_function(f"({KEPT})().then((kept) => kept.join() === '1,1,1')")
    out = page.context.new_page()
    out.goto("/staff/sign-in?left=1")
    page.wait_for_function(f"({KEPT})().then((kept) => kept.join() === '0,0,1')")
    page.context.add_cookies(cookies)  # type: ignore[arg-type]  # what cookies() gave
    page.reload()
    expect(page.locator("[data-state]")).to_have_text("已联网")
    eventually(lambda: came(house_running, activity, editor) == (2, 0))


def test_the_camera_reads_a_ticket(
    browser: Browser,
    house_running: Stack,
    session_of: Callable[[str], list[Any]],
    editor: str,
    tmp_path: Path,
) -> None:
    activity, (code,) = an_activity_with(house_running, editor, 1)
    picture, frame = io.BytesIO(), io.BytesIO()
    segno.make(code, error="m", micro=False).save(picture, kind="png", scale=10, border=4)
    view = Image.new("RGB", (640, 480), "white")
    ticket = Image.open(picture).convert("RGB")
    view.paste(ticket, ((view.width - ticket.width) // 2, (view.height - ticket.height) // 2))
    view.save(frame, "JPEG", quality=90)
    video = tmp_path / "camera.mjpeg"
    video.write_bytes(frame.getvalue() * 10)
    program = browser.browser_type.launch(
        executable_path=chromium(),
        args=[
            "--no-sandbox",
            "--disable-gpu",
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={video}",
        ],
    )
    try:
        context = program.new_context(
            base_url=house_running.url,
            locale="zh-CN",
            viewport=PHONE,  # type: ignore[arg-type]
        )
        context.set_default_timeout(PATIENCE)
        context.add_cookies(session_of("editor"))
        page = context.new_page()
        page.goto(f"/staff/checkin/{activity['id']}")
        page.get_by_role("button", name="用摄像头扫码").click()
        expect(page.locator("#result .door-name")).to_have_text("来宾1号")
        eventually(lambda: came(house_running, activity, editor) == (1, 0))
        page.get_by_role("button", name="关闭摄像头").click()
        expect(page.locator("video")).to_be_hidden()
    finally:
        program.close()
