"""What staff do with activities, what each role may, and how access ends."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, Page, expect

from tests.journeys.making import XICHENG, a_word, invitation, lecture, mails, register, somebody
from tests.stack import Stack, eventually

Visit = Callable[..., Page]
BEIJING = ZoneInfo("Asia/Shanghai")
DAY = datetime.now(BEIJING) + timedelta(days=30)
CHAOYANG = "110105"

# A page and a call of each service that only staff get.
PAGES = ("/staff", "/staff/activities", "/staff/advisories", "/staff/broadcasts")
CALLS = (
    "/api/identity/v1/me",
    "/api/registration/v1/activities?status=draft",
    "/api/content/v1/advisories?status=draft",
    "/api/notifications/v1/broadcasts",
)


def write(page: Page, title: str) -> None:
    """Fill in the form of a new activity and save it as a draft."""
    page.goto("/staff/activities/new")
    page.locator("[name='kind'][value='lecture']").check()
    page.locator("[id='field-title.zh-CN']").fill(title)
    page.locator("[id='field-summary.zh-CN']").fill("第一段。\n\n第二段。")
    page.locator("#field-countries").fill("泰国、JP")
    page.locator("#field-starts_at").fill(f"{DAY:%Y-%m-%d}T14:00")
    page.locator("#field-ends_at").fill(f"{DAY:%Y-%m-%d}T16:00")
    page.locator("#field-district").select_option(XICHENG)
    page.locator("[id='field-venue.name.zh-CN']").fill("金融街社区中心")
    page.locator("#field-capacity").fill("３０")
    page.get_by_role("button", name="存为草稿").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_an_activity_from_draft_to_cancelled(visit: Visit, house_running: Stack) -> None:
    title, email = f"新春出行讲座 {a_word()}", somebody()
    page = visit("/staff/activities/new", staff="editor")
    page.get_by_role("button", name="存为草稿").click()
    expect(page.locator(".error-summary")).to_be_focused()
    write(page, title)
    expect(page.get_by_role("main")).to_contain_text("泰国、日本")

    public = visit(f"/activities?q={title}")
    expect(public.locator("article.entry")).to_have_count(0)
    page.get_by_role("link", name="发布").click()
    page.get_by_role("button", name="发布").click()
    expect(page.get_by_role("link", name="取消活动")).to_be_visible()
    public.reload()
    public.locator("article.entry a").click()
    expect(public.get_by_role("main")).to_contain_text("14:00–16:00")
    public.wait_for_url("**/activities/*")
    slug = public.url.rpartition("/")[2]
    _, activity = house_running.call("GET", f"/api/registration/v1/activities/{slug}")
    register(house_running, activity, email)
    first = invitation(house_running.mail(email))

    page.get_by_role("link", name="修改", exact=True).click()
    expect(page.locator("#field-starts_at")).to_have_value(f"{DAY:%Y-%m-%d}T14:00")
    page.locator("#field-starts_at").fill(f"{DAY:%Y-%m-%d}T15:00")
    page.locator("#field-ends_at").fill(f"{DAY:%Y-%m-%d}T17:00")
    page.get_by_role("button", name="保存修改").click()
    expect(page.get_by_role("main")).to_contain_text("时间或地点变更")
    page.get_by_role("button", name="保存并发送通知").click()
    expect(page.get_by_role("link", name="取消活动")).to_be_visible()
    public.reload()
    expect(public.get_by_role("main")).to_contain_text("15:00–17:00")
    changed = house_running.mail(email, "变更")
    assert invitation(changed)["SEQUENCE"] > first["SEQUENCE"]

    page.get_by_role("link", name="取消活动").click()
    expect(page.locator(".consequences")).to_contain_text("1")
    page.get_by_role("button", name="取消活动").click()
    expect(page.locator(".error-summary a")).to_have_attribute("href", "#field-reason")
    page.locator("#field-reason").fill("场地临时停电。")
    page.get_by_role("button", name="取消活动").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    public.reload()
    expect(public.get_by_role("main")).to_contain_text("场地临时停电。")
    expect(public.get_by_role("link", name="报名", exact=True)).to_have_count(0)
    eventually(lambda: mails(house_running, email)[-1]["calendar_method"] == "CANCEL")
    assert "场地临时停电。" in mails(house_running, email)[-1]["text"]


def test_an_edit_over_somebody_elses_is_not_lost(
    visit: Visit, house_running: Stack, editor: str
) -> None:
    activity = lecture(house_running, editor)
    here = f"/staff/activities/{activity['id']}"
    slow, quick = visit(f"{here}/edit", staff="editor"), visit(f"{here}/edit", staff="duty")
    quick.locator("[id='field-venue.name.zh-CN']").fill("图书馆")
    quick.get_by_role("button", name="保存修改").click()
    expect(quick.get_by_role("main")).to_contain_text("图书馆")

    slow.locator("[id='field-title.zh-CN']").fill("改过的标题")
    slow.get_by_role("button", name="保存修改").click()
    expect(slow.locator(".notice-warning")).to_be_visible()
    expect(slow.locator("[id='field-title.zh-CN']")).to_have_value("改过的标题")
    _, stored = house_running.call("GET", f"/api/registration/v1/activities/{activity['id']}")
    assert stored["venue"]["name"]["zh-CN"] == "图书馆"
    assert stored["title"]["zh-CN"] == activity["title"]["zh-CN"]


def test_a_district_sees_and_touches_only_its_own(
    visit: Visit, house_running: Stack, editor: str
) -> None:
    own = lecture(house_running, editor, district=XICHENG)
    other = lecture(house_running, editor, district=CHAOYANG)
    page = visit("/staff/activities", staff="xicheng")
    districts = page.locator("td[data-label='所在区']").all_inner_texts()
    assert districts
    assert set(districts) == {"西城区"}
    page.goto(f"/staff/activities?q={other['token']}")
    expect(page.locator("table")).to_have_count(0)

    for path in ("", "/edit", "/publish", "/cancel", "/registrations"):
        answer = page.goto(f"/staff/activities/{other['id']}{path}")
        assert answer is not None
        assert answer.status in (403, 404), path
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
    refused = page.request.post(
        f"/staff/activities/{other['id']}/cancel", form={"reason": "不是我的。"}
    )
    assert refused.status in (403, 404)
    page.goto(f"/staff/activities/{own['id']}/edit")
    options = page.locator("#field-district option")
    assert set(options.evaluate_all("all => all.map(one => one.value)")) <= {"", XICHENG}


def test_a_viewer_reads_and_changes_nothing(
    visit: Visit, house_running: Stack, editor: str
) -> None:
    activity = lecture(house_running, editor)
    page = visit("/staff/activities", staff="viewer")
    main = page.get_by_role("main")
    expect(main.get_by_role("link", name="新建活动")).to_have_count(0)
    page.goto(f"/staff/activities/{activity['id']}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(activity["token"])
    expect(main.get_by_role("link", name="修改", exact=True)).to_have_count(0)
    expect(main.get_by_role("link", name="取消活动")).to_have_count(0)
    for path in ("/staff/activities/new", f"/staff/activities/{activity['id']}/edit"):
        assert page.request.get(path).status == 403
        assert page.request.post(path, form={"title.zh-CN": "不行"}).status == 403
    assert page.request.get(f"/staff/activities/{activity['id']}/registrations").status == 403
    # Nor is there anything in the column that would be refused.
    column = page.locator(".staff-column ul a")
    for path in column.evaluate_all("all => all.map(one => one.getAttribute('href'))"):
        assert page.request.get(path).status == 200, path


def test_signing_out_ends_the_session_in_every_service(
    visit: Visit, house_running: Stack, browser: Browser
) -> None:
    """A cookie that was copied before is refused by all of them, without waiting to expire."""
    page = visit("/staff/broadcasts?status=draft")
    page.get_by_label("电子邮箱").fill("tongzhou@lingbao.example")
    page.get_by_label("密码").fill(house_running.password)
    page.get_by_role("button", name="登录").click()
    expect(page).to_have_url(re.compile(r"/staff/broadcasts\?status=draft$"))

    thief = browser.new_context(base_url=house_running.url)
    thief.add_cookies(list(page.context.cookies()))
    try:
        for path in PAGES:
            assert thief.request.get(path, max_redirects=0).status == 200, path
        page.get_by_role("button", name="退出登录").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("登录")
        for path in PAGES:
            eventually(lambda at=path: thief.request.get(at, max_redirects=0).status == 303)
        for path in CALLS:
            assert thief.request.get(path).status == 401, path
    finally:
        thief.close()


def test_a_wrong_password_says_so_and_keeps_the_address(visit: Visit) -> None:
    page = visit("/staff/activities", script=False)
    page.get_by_label("电子邮箱").fill("nobody@lingbao.example")
    page.get_by_label("密码").fill("not the password")
    page.get_by_role("button", name="登录").click()
    expect(page.locator(".error-summary a")).to_have_attribute("href", "#field-password")
    expect(page.get_by_label("电子邮箱")).to_have_value("nobody@lingbao.example")
    expect(page.get_by_label("密码")).to_have_value("")


def test_an_api_key_is_shown_once_and_can_be_ended(visit: Visit, house_running: Stack) -> None:
    name = f"订票系统 {a_word()}"
    page = visit("/staff/apikeys/new", staff="admin")
    page.locator("#field-name").fill(name)
    page.locator("#field-role").select_option("city-editor")
    page.get_by_role("button", name="创建密钥").click()
    key = page.locator("#api-key").inner_text()
    for path in CALLS:
        assert house_running.call("GET", path, key=key)[0] == 200, path

    page.goto("/staff/apikeys")
    assert key not in page.content()
    page.get_by_role("row", name=name).get_by_role("link").click()
    page.get_by_role("button", name="停用密钥").click()
    expect(page.locator(".notice-success")).to_be_visible()
    for path in CALLS:
        eventually(lambda at=path: house_running.call("GET", at, key=key)[0] == 401)
