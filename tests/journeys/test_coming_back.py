"""What comes back, as staff settle it: messages without an answer, a blocked address, a list."""

from __future__ import annotations

import urllib.request
import uuid
from datetime import UTC, datetime, timedelta

from playwright.sync_api import FilePayload, Page, expect
from standardwebhooks import Webhook

from tests.journeys.conftest import PHONE, RETURNS_SECRET
from tests.journeys.making import a_word, lecture, mails, register, somebody
from tests.journeys.sending import Visit, approve_and_send
from tests.notifications.returning import dsn, failed, original
from tests.stack import Stack, eventually

API = "/api/notifications/v1"


def a_list(name: str, addresses: list[str]) -> FilePayload:
    """People who go to Malta."""
    begins = datetime.now(UTC) + timedelta(days=9)
    rows = [f"张三,{address},马耳他,{begins:%Y-%m-%d}" for address in addresses]
    text = "\n".join(("姓名,邮箱,前往国家,出发日期", *rows))
    return {"name": name, "mimeType": "text/csv", "buffer": text.encode()}


def write(stack: Stack, key: str) -> str:
    """A broadcast to those who go to Malta, submitted for approval; its page."""
    texts = {"subject": "出行提醒", "body": "请避开集会。", "sms": ""}
    body = {
        "title": f"马耳他 {a_word()}",
        "urgency": "routine",
        "message": {"zh-CN": texts, "en": texts},
        "channels": ["email"],
        "audience": {"countries": ["MT"]},
    }
    status, made = stack.call("POST", f"{API}/broadcasts", body, key)
    assert status == 201, made
    status, told = stack.call("POST", f"{API}/broadcasts/{made['id']}/submit", {}, key)
    assert status == 200, told
    return f"/staff/broadcasts/{made['id']}"


def comes_back(stack: Stack, key: str, address: str) -> None:
    """Its provider hands in that the address does not exist, and that has been acted on."""
    message_id = dict(stack.mail(address)["headers"])["Message-ID"]
    delivery = uuid.UUID(message_id[1:37])
    said = failed("5.1.1", "550 5.1.1 <script>No such user</script>", address)
    raw = dsn(*said, returned=original(delivery, address))
    now, identifier = datetime.now(UTC), f"msg_{uuid.uuid4().hex}"
    headers = {
        "content-type": "message/rfc822",
        "webhook-id": identifier,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(RETURNS_SECRET).sign(identifier, now, raw.decode()),
    }
    call = urllib.request.Request(f"{stack.url}{API}/returns", raw, headers)
    with urllib.request.urlopen(call, timeout=60) as answer:
        assert answer.status == 202

    def suppressed() -> bool:
        _status, found = stack.call("GET", f"{API}/returns?delivery_id={delivery}", key=key)
        return any(one["effect"] == "suppressed" for one in found["items"])

    eventually(suppressed)


def settle(page: Page, act: str) -> None:
    """Press an act under the list; the button on the next page does it."""
    page.get_by_role("button", name=f"{act}…").click()
    page.get_by_role("main").get_by_role("button", name=act, exact=True).click()


def settle_both(page: Page) -> None:
    """On the broadcast's page: of two without an answer one has arrived, one is sent once more."""
    page.get_by_role("link", name="再次发送，或记为已送达").click()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="记为已送达…").click()
    expect(page.get_by_text("您没有勾选消息")).to_be_visible()
    rows.first.get_by_role("checkbox").check()
    settle(page, "记为已送达")
    expect(page.get_by_text("消息已记为送达。")).to_be_visible()
    expect(rows).to_have_count(1)
    page.locator("[name='scope'][value='all']").check()
    settle(page, "再次发送")
    expect(page.get_by_text("所有消息均已有结果")).to_be_visible()


def send_there_again(page: Page, address: str) -> None:
    """On the list of contacts: look why nothing is sent to an address, and lift that."""
    page.get_by_label("Find an address").fill(address)
    page.get_by_role("button", name="Find", exact=True).click()
    blocked = page.get_by_text("Nothing is sent to this address.")
    expect(blocked).to_be_visible()
    contact = page.url
    page.get_by_role("link", name="The message that came back").click()
    page.get_by_role("button", name="Show the message as it came").click()
    expect(page.locator(".raw-message")).to_contain_text("<script>No such user</script>")
    page.goto(contact)
    page.get_by_role("button", name="Lift the block…").click()
    page.get_by_label("Why the block is wrong").fill("Their server was being repaired")
    page.get_by_role("button", name="Send to it again").click()
    expect(page.get_by_text("Messages go to this address again.")).to_be_visible()
    expect(blocked).to_have_count(0)
    expect(page.get_by_text("Their server was being repaired")).to_be_visible()


def test_staff_settle_what_comes_back(visit: Visit, house_running: Stack, editor: str) -> None:
    stack, word = house_running, a_word()
    name, well = f"第三中学 {word}.csv", somebody()
    lost = [f"{side}-{word}@vanishes.example" for side in ("one", "other")]
    page = visit("/staff/contacts/import", staff="editor")
    page.get_by_label("名单文件").set_input_files(files=[a_list(name, [well, *lost])])
    page.get_by_role("button", name="读取文件").click()
    page.locator("[name='basis'][value='relay']").check()
    page.get_by_role("button", name="导入 3 位联系人").click()
    expect(page.get_by_text("已导入 3 位联系人")).to_be_visible()

    page.goto(f"{stack.url}{write(stack, editor)}")
    second = approve_and_send(visit, page)
    expect(second.locator(".page-head .status")).to_have_text("已发送")
    settle_both(second)
    eventually(lambda: sum(len(mails(stack, address)) for address in lost) == 3)

    comes_back(stack, editor, well)
    send_there_again(visit("/staff/contacts", staff="admin", language="en", size=PHONE), well)
    activity = lecture(stack, editor)
    register(stack, activity, well)
    stack.mail(well, activity["token"])

    # The list was a mistake altogether; its name says which it is.
    page.goto(f"{stack.url}/staff/contacts/import")
    page.get_by_role("link", name=name).click()
    page.get_by_role("link", name="撤回这份名单").click()
    expect(page.get_by_text("将删除这份名单的 3 位联系人")).to_be_visible()
    page.get_by_role("button", name="撤回名单").click()
    expect(page.get_by_text("名单中的联系人已撤出")).to_be_visible()
