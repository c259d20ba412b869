"""A lecture's pack: proposed, worked on, published, opened on a telephone, saved, and marked."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE
from tests.journeys.making import lecture
from tests.stack import Stack, eventually

Visit = Callable[..., Page]


def _saved(page: Page, place: Path) -> str:
    """Saves the pack's ZIP, checks its sums, and answers its first page."""
    with page.expect_download() as coming:
        page.get_by_role("link", name="全部下载（ZIP）").click()
    coming.value.save_as(place)
    with zipfile.ZipFile(place) as found:
        lines = found.read("SHA256SUMS").decode().splitlines()
        assert len(lines) == len(found.namelist()) - 1
        for line in lines:
            digest, name = line.split("  ", 1)
            assert hashlib.sha256(found.read(name)).hexdigest() == digest
        return found.read("index.html").decode()


def test_a_lectures_pack(visit: Visit, house_running: Stack, editor: str, tmp_path: Path) -> None:
    activity = lecture(house_running, editor)
    token = activity["token"]
    wanted = {
        "kind": "checklist",
        "title": {"zh-CN": f"泰国清单 {token}", "en": f"Thailand checklist {token}"},
        "body": {"zh-CN": "- 护照\n- 保险单", "en": "- Passport\n- Insurance"},
        "countries": ["TH"],
    }
    materials = "/api/content/v1/materials"
    _status, material = house_running.call("POST", materials, wanted, editor)
    here = f"{materials}/{material['id']}"
    house_running.call("POST", f"{here}/publish", {}, editor)

    page = visit("/staff/packs", staff="editor")
    begin = f"{house_running.url}/staff/packs/new?activity={activity['id']}"

    def heard() -> bool:
        page.goto(begin)
        return bool(page.locator("#field-occasion").input_value())

    eventually(heard)
    page.get_by_label("中文").last.fill("请在出发前读一遍。")
    page.get_by_role("button", name="生成建议内容").click()
    row = page.locator(".pack-table > li").filter(has_text=f"泰国清单 {token}")
    expect(row).to_have_count(1)
    row.get_by_role("link", name="说明").click()
    page.locator("[id='field-note.zh-CN']").fill("最要紧的一页")
    page.get_by_role("button", name="保存").click()
    row.get_by_role("button", name="上移").click()
    expect(row).to_contain_text("最要紧的一页")
    page.get_by_role("link", name="发布", exact=True).click()
    page.get_by_role("button", name="立即发布").click()
    link = page.locator("a.text-break").get_attribute("href") or ""

    phone = visit(link.removeprefix(house_running.url), size=PHONE)
    expect(phone.get_by_role("heading", level=1)).to_contain_text(token)
    sheet = phone.locator("article").filter(has_text=f"泰国清单 {token}")
    expect(sheet).to_contain_text("最要紧的一页")
    expect(sheet).not_to_contain_text("收到后有更新")
    assert "最要紧的一页" in _saved(phone, tmp_path / "pack.zip")

    change = {"body": {"zh-CN": "- 护照\n- 保险单\n- 签证", "en": "- Passport"}}
    change |= {"changes": {"zh-CN": "增加签证", "en": "The visa"}}
    status, answer = house_running.call("PATCH", here, change, editor)
    assert status == 200, answer
    phone.reload()
    expect(sheet).to_contain_text("收到后有更新")
    expect(sheet).to_contain_text("更新内容：增加签证")
    phone.get_by_role("link", name="合并打印").click()
    expect(phone.get_by_role("img", name="资料包链接的二维码")).to_be_visible()

    def shown() -> bool:
        phone.goto(f"{house_running.url}/activities/{activity['slug']}")
        return phone.locator(f"a[href='{link}']").count() == 1

    eventually(shown)
    page.reload()
    expect(page.locator("dl.facts")).to_contain_text("2次")
