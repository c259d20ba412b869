"""A book: ordered on a telephone, packed, sent, delivered; a mail at each step, one copy less."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE
from tests.journeys.making import link, somebody
from tests.stack import Stack

Visit = Callable[..., Page]
API = "/api/content/v1"


def a_book(stack: Stack, key: str) -> dict[str, Any]:
    """A title of which the city's store has seven copies."""

    def made(path: str, body: Any) -> dict[str, Any]:
        status, found = stack.call("POST", f"{API}{path}", body, key)
        assert status == 201, found
        return dict(found)

    names = {"zh-CN": "旅途手册（口袋本）", "en": "The traveller’s pocket book"}
    title = made("/titles", {"title": names, "kind": "book", "languages": ["zh-CN"]})
    made(
        "/stock/movements",
        {"act": "received", "title_id": title["id"], "store": "city", "copies": 7},
    )
    return title


def test_a_book_is_ordered_and_delivered(visit: Visit, house_running: Stack, editor: str) -> None:
    title, reader = a_book(house_running, editor), somebody()
    phone = visit("/orders", size=PHONE, script=False)
    phone.get_by_label(f"份数 · {title['title']['zh-CN']}").select_option("1")
    phone.get_by_role("button", name="下一步").click()
    phone.get_by_label("所在区").select_option("110106")
    phone.get_by_label("街道（乡镇）").fill("右安门街道")
    phone.get_by_label("街巷、楼号、门牌").fill("玉林里 12 号楼 301")
    phone.get_by_label("姓名").fill("丁秀英")
    phone.get_by_label("电话", exact=True).fill("１３７ ００１２ ４４５５")
    phone.get_by_label("电子邮箱").fill(reader)
    phone.get_by_role("button", name="提交申领").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("已收到您的申领")
    own = link(house_running, house_running.mail(reader, "已收到您的申领")["text"], "/orders/")

    desk = visit(f"/staff/orders?q={reader}", staff="editor")
    desk.locator("table a").first.click()
    for act, subject in (
        ("标记为已打包", "已打包"),
        ("标记为已寄出", "已寄出"),
        ("标记为已送达", "收到了吗"),
    ):
        desk.get_by_role("link", name=act).click()
        if act == "标记为已寄出":
            desk.get_by_label("承运单位").fill("中国邮政")
            desk.get_by_label("运单号").fill("1106 2026")
        desk.get_by_role("button", name=act).click()
        expect(desk.get_by_role("heading", level=1)).to_contain_text("申领")
        told = house_running.mail(reader, subject)
        if act == "标记为已寄出":
            assert "1106 2026" in told["text"]

    phone.goto(own)
    expect(phone.locator(".order-state")).to_contain_text("已送达")
    _, stock = house_running.call("GET", f"{API}/stock?title_id={title['id']}", key=editor)
    [line] = stock["items"]
    assert (line["on_hand"], line["reserved"]) == (6, 0)
