"""From a school's list to the people whom the broadcast did not reach, as staff do it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import FilePayload, expect

from tests.journeys.conftest import PHONE
from tests.journeys.making import a_word, somebody
from tests.journeys.sending import Visit, approve_and_send, press, reached
from tests.journeys.things import write_template
from tests.stack import Stack, eventually


def a_list(well: str) -> FilePayload:
    """Three who go to Iceland, of whom the mail server takes one, and a row with a mistake."""
    begins = datetime.now(UTC) + timedelta(days=9)
    days = f"冰岛,{begins:%Y-%m-%d},{begins + timedelta(days=5):%Y-%m-%d}"
    word = a_word()
    rows = (
        f"安然,{well},{days}",
        f"不在,{word}@gone.example,{days}",
        f"拒收,{word}@refuses.example,{days}",
        f"写错,不是邮箱,{days}",
    )
    text = "\n".join(("姓名,邮箱,前往国家,出发日期,回国日期", *rows))
    return {"name": "名单.csv", "mimeType": "text/csv", "buffer": text.encode()}


def test_from_a_list_to_those_not_reached(visit: Visit, house_running: Stack, editor: str) -> None:
    well = somebody()
    page = visit("/staff/contacts/import", staff="editor")
    page.get_by_label("名单文件").set_input_files(files=[a_list(well)])
    page.get_by_role("button", name="读取文件").click()
    # What has to be read comes before what may be believed.
    expect(page.locator("tbody tr").first).to_contain_text("“不是邮箱”")
    page.locator("[name='basis'][value='relay']").check()
    page.get_by_role("button", name="导入 3 位联系人").click()
    expect(page.get_by_text("已导入 3 位联系人")).to_be_visible()

    page.goto(f"{house_running.url}/staff/templates/{write_template(house_running, editor)}")
    page.get_by_role("link", name="用它新建群发").click()
    subject = page.locator("[id='field-message.zh-CN.subject']")
    expect(subject).to_have_value("{{ name }}，出行提醒")
    # Offered because somebody travels there, although nobody follows it.
    page.locator("[name='audience.countries'][value='IS']").check()
    eventually(lambda: reached(page) == 3)
    page.get_by_role("button", name="保存草稿").click()
    press(page, "提交审批")

    second = approve_and_send(visit, page)
    expect(second.locator(".page-head .status")).to_have_text("已发送")
    assert house_running.mail(well)["subject"] == "安然，出行提醒"
    failures = second.locator("section", has=second.locator("#failures-title")).locator("tbody tr")
    expect(failures).to_have_count(2)
    expect(failures.filter(has_text="550 5.1.1")).to_contain_text("***@gone.example")
    expect(failures.filter(has_text="554 5.7.1")).to_contain_text("***@refuses.example")

    # On a telephone as on a desk, the number stays in sight to the end of the page.
    second.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    second.locator("#who-title").scroll_into_view_if_needed()
    expect(second.locator("#reached")).to_be_in_viewport()

    # Again to the one whose server refused; the address that does not exist is blocked.
    press(second, "向未送达的人补发")
    expect(second.locator(".page-head .status")).to_have_text("草稿")
    expect(second.locator("#reached strong")).to_have_text("1")
