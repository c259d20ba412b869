"""Staff hand a school's list in, look at the report, take it in, and take it out again."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import FilePayload, Page, expect

from tests.journeys.making import somebody

Visit = Callable[..., Page]


def a_school_s_list(address: str) -> FilePayload:
    """As an old Excel saves it: in GB18030, with a title and with what is wrong."""
    text = (
        "出国学生登记表,,\n学生,联系方式（邮箱）,前往国家\n"
        f'王小明,{address},泰国、日本\n李雷,不是邮箱,英国\n王小明,{address},"泰国,日本"\n'
    )
    return {"name": "名单.csv", "mimeType": "text/csv", "buffer": text.encode("gb18030")}


def test_a_list_goes_in_and_out_again(visit: Visit) -> None:
    address = somebody()
    page = visit("/staff/contacts/import", staff="editor")
    page.get_by_label("名单文件").set_input_files(files=[a_school_s_list(address)])
    page.get_by_role("button", name="读取文件").click()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("“不是邮箱”不是电话号码")  # what is wrong comes first
    expect(rows.nth(1)).to_contain_text("将导入")
    expect(rows.nth(2)).to_contain_text("与第 3 行内容相同")
    page.get_by_text("各列的内容").click()
    page.get_by_label("学生").select_option(label="姓名")
    page.get_by_role("button", name="重新读取").click()
    expect(rows.nth(1)).to_contain_text("王小明 ·")
    page.get_by_role("button", name="导入 1 位联系人").click()
    expect(page.get_by_role("alert")).to_contain_text("请填写此项")
    page.get_by_label("他们仅为紧急情况留下联系方式").check()
    page.get_by_role("button", name="导入 1 位联系人").click()
    expect(page.get_by_text("已导入 1 位联系人")).to_be_visible()

    page.get_by_role("link", name="联系人", exact=True).click()
    page.get_by_label("查找联系方式").fill(address.upper())
    page.get_by_role("button", name="查找").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("王小明")
    expect(page.get_by_text("仅紧急消息")).to_be_visible()
    expect(page.get_by_text("未验证")).to_be_visible()
    assert address not in page.url.lower()

    page.get_by_role("link", name="随名单导入").first.click()
    page.get_by_role("link", name="撤回这份名单").click()
    expect(page.get_by_text("将删除这份名单的 1 位联系人")).to_be_visible()
    page.get_by_role("button", name="撤回名单").click()
    expect(page.get_by_text("名单中的联系人已撤出")).to_be_visible()
