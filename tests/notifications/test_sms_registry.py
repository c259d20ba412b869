"""The registry of approved signatures and templates, and which of them a text fits."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from services.chassis.crypto import seal
from services.chassis.i18n import speaking, words_of
from services.chassis.problems import Problem
from services.notifications.database import database
from services.notifications.messages.composers import COMPOSERS
from services.notifications.messages.content import SmsContent
from services.notifications.sms_registry import own_texts, service, trying
from services.notifications.sms_registry.fitting import fitting
from services.notifications.sms_registry.pattern import pattern_of
from services.notifications.sms_registry.schemas import (
    RuleIn,
    SignatureIn,
    StandingIn,
    TemplateIn,
    TemplateOut,
)
from tests.conftest import principal
from tests.notifications import told

ADMIN = principal("city-admin")
PAGE = "/staff/senders/sms"
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


def entered(text: str, *rules: RuleIn, provider: str = "aliyun", **changes: Any) -> TemplateOut:
    wanted = {"provider": provider, "name": "报名", "text": text, "rules": list(rules)}
    return service.enter_template(ADMIN, TemplateIn.model_validate(wanted | changes))


def approve(template: TemplateOut, code: str) -> None:
    service.move_template(ADMIN, template.id, StandingIn(standing="approved", code=code))


def sign(provider: str = "aliyun") -> None:
    made = service.enter_signature(
        ADMIN, SignatureIn.model_validate({"provider": provider, "text": "【领保中心】"})
    )
    service.move_signature(ADMIN, made.id, StandingIn(standing="approved"))


def test_the_template_with_the_most_fixed_words_that_fits() -> None:
    title = RuleIn(name="title", kind="text", longest=10)
    url = RuleIn(name="url", kind="link", longest=60)
    approve(entered("提醒：${title}，${url}", title, url), "SMS_1001")
    approve(entered("提醒：讲座${title}，${url}", title, url), "SMS_1002")
    approve(entered("国外：${title}", title, area="abroad"), "SMS_1003")
    entered("提醒：明天讲座，${url}", url)  # not approved
    text = "提醒：讲座安全，https://example.com/a"
    assert fitting(text, "aliyun") is None  # our signature is not approved there
    assert "signature" in (trying.tried("aliyun", text).reason or "")
    sign()
    fit = fitting(text, "aliyun")
    assert fit is not None
    assert (fit.code, fit.params) == (
        "SMS_1002",
        {"title": "安全", "url": "https://example.com/a"},
    )
    assert fitting("提醒：一二三四五六七八九十一，https://example.com/a", "aliyun") is None
    assert fitting("提醒：安全，javascript:alert(1)", "aliyun") is None
    assert fitting("提醒：安全，https://example.com/a 再加几个字", "aliyun") is None
    assert fitting("国外：安全", "aliyun") is None
    assert fitting("国外：安全", "aliyun", abroad=True) is not None
    # Withdrawn, it is used no more.
    [used] = [one for one in service.templates() if one.code == "SMS_1002"]
    service.move_template(ADMIN, used.id, StandingIn(standing="withdrawn"))
    fit = fitting(text, "aliyun")
    assert fit is not None
    assert fit.code == "SMS_1001"


def test_tencent_counts_its_values() -> None:
    sign("tencent")
    approve(entered("{2}前有效：{1}。{2}", provider="tencent"), "100200")
    fit = fitting("18点前有效：讲座。18点", "tencent")
    assert fit is not None
    assert list(fit.params.items()) == [("1", "讲座"), ("2", "18点")]
    assert fitting("18点前有效：讲座。19点", "tencent") is None  # one value, said twice


def test_a_template_made_to_be_slow_is_not() -> None:
    text = "a".join(f"${{p{number}}}" for number in range(12))
    pattern = pattern_of(
        text, [{"name": f"p{number}", "kind": "text", "longest": 35} for number in range(12)]
    )
    began = time.process_time()  # of this process alone, however busy the machine is
    assert pattern.values("a" * 420 + "\n") is None
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", "${a}，${b}"),
        ("text", "您好${a}${b}"),
        ("text", "您好${a b}"),
        ("text", "您好{{ a }}"),
        ("text", "您好{0}"),
        ("text", "【领保中心】您好"),
        ("text", ""),
        ("text", "字" * 501),
        ("text", "您好" + "，".join(f"${{p{number}}}" for number in range(17))),
        ("rules", "other text 5"),
        ("rules", "name poem 5"),
        ("rules", "name text five"),
        ("rules", "name text 0"),
        ("provider", "pigeon"),
        ("area", "moon"),
    ],
)
def test_what_no_provider_would_approve(field: str, value: str) -> None:
    good = {"provider": "aliyun", "name": "x", "text": "您好${name}。", "rules": "name text 8"}
    assert TemplateIn.model_validate(good).rules == [RuleIn(name="name", longest=8)]
    with pytest.raises(ValidationError):
        TemplateIn.model_validate(good | {field: value})


def test_standings_follow_each_other() -> None:
    template = entered("您好${name}。")
    for code in (None, "1234567", "SMS_12 34"):
        with pytest.raises(Problem):
            service.move_template(ADMIN, template.id, StandingIn(standing="approved", code=code))
    with pytest.raises(Problem):
        service.move_template(ADMIN, template.id, StandingIn(standing="rejected"))
    approve(template, "SMS_1001")
    other = entered("您好，${name}。")
    with pytest.raises(Problem):
        approve(other, "SMS_1001")


def kinds_composed() -> dict[str, list[str]]:
    """Text messages as they really go out, by kind, in both languages and with both addresses."""
    state = told.activity(told.soon(days=3))
    for language in ("zh-CN", "en"):
        for email in (None, seal("a@example.com")):
            who = {
                "phone": seal(told.PHONE),
                "email": email,
                "language": language,
            }
            told.registration("confirmed", state, **who)
            told.registration("waiting", state, **who)
            for cause in ("registrant", "staff", "expired", "activity"):
                registered = told.registration("confirmed", state, **who)
                told.registration("cancelled", state, registered, 2, **who | {"cause": cause})
            hold = told.soon(hours=5).isoformat()
            told.registration("offered", state, **who | {"hold_expires_at": hold})
    found: dict[str, list[str]] = {}
    with database.transaction() as session:
        for delivery in told.deliveries(channel="sms"):
            with speaking(delivery.language), words_of(database.service):
                content = COMPOSERS[delivery.kind](session, delivery)
            if isinstance(content, SmsContent):
                found.setdefault(delivery.kind, []).append(content.text)
    return found


def test_the_house_s_own_messages_are_on_the_list_to_register() -> None:
    patterns = [
        pattern_of(own.text, [rule.model_dump() for rule in own.rules])
        for language in ("zh-CN", "en")
        for own in own_texts.own_texts(language)
    ]
    composed = kinds_composed()
    assert {
        "registration-confirmed",
        "registration-waiting",
        "registration-cancelled",
        "registration-offered",
    } <= set(composed)
    for kind, texts in composed.items():
        for text in texts:
            assert any(pattern.values(text) is not None for pattern in patterns), (kind, text)
    rows = list(csv.reader(io.StringIO(own_texts.as_csv().removeprefix("\ufeff"))))
    assert len(rows) == len(patterns) + 1
    # What can be registered can be entered here as well.
    for own in own_texts.own_texts("zh-CN"):
        TemplateIn.model_validate(
            {"provider": "aliyun", "name": own.name, "text": own.text, "rules": list(own.rules)}
        )


def test_pages_and_calls(
    client: Callable[..., TestClient],
    staff: Callable[..., dict[str, str]],
    key: Callable[..., dict[str, str]],
) -> None:
    caller = client("notifications", headers=SAME_SITE)
    caller.cookies.update(staff("city-admin"))
    typed = {
        "provider": "aliyun",
        "name": "报名成功",
        "text": "您已报名${title}",
        "rules": "title words",
        "language": "zh-CN",
        "area": "mainland",
        "_once": "1",
    }
    refused = caller.post(f"{PAGE}/templates/new?lang=en", data=typed)
    assert refused.status_code == 422
    assert "Write one rule a line" in refused.text
    assert "您已报名${title}" in refused.text  # nothing is lost
    made = [
        caller.post(f"{PAGE}/templates/new", data=typed | {"rules": "title text 20"})
        for _ in range(2)
    ]
    assert made[0].headers["location"] == made[1].headers["location"]
    where = made[0].headers["location"].partition("?")[0]
    assert "提交服务商" not in caller.get(where).text
    moved = caller.post(f"{where}/standing?lang=en", data={"standing": "approved"})
    assert moved.status_code == 422
    assert "enter the code" in moved.text
    moved = caller.post(f"{where}/standing", data={"standing": "approved", "code": "SMS_2001"})
    assert moved.status_code == 303
    late = caller.post(f"{where}/edit?lang=en", data=typed | {"rules": "", "version": "1"})
    assert late.status_code == 409
    assert "cannot be changed" in late.text
    caller.post(f"{PAGE}/signatures/new", data={"provider": "aliyun", "text": "领保中心"})
    sign_page = re.search(rf"{PAGE}/signatures/[0-9a-f-]{{36}}", caller.get(PAGE).text)
    assert sign_page is not None
    caller.post(f"{sign_page.group()}/standing", data={"standing": "approved"})
    for path in ("", "/try", "/texts", "/templates/new", "/signatures/new"):
        for language in ("zh-CN", "en"):
            assert caller.get(f"{PAGE}{path}?lang={language}").status_code == 200
    tried = caller.get(f"{PAGE}/try?lang=en&provider=aliyun&text=您已报名讲座").text
    assert "SMS_2001" in tried

    editor = key("city-editor")
    fit = caller.get(
        "/api/notifications/v1/sms-templates/fitting?provider=aliyun&text=您已报名讲座",
        headers=editor,
    )
    assert fit.json()["params"] == {"title": "讲座"}
    body = {"provider": "tencent", "name": "x", "text": "您好{1}。"}
    refused = caller.post("/api/notifications/v1/sms-templates", json=body, headers=editor)
    assert refused.status_code == 403
    made_by_program = caller.post(
        "/api/notifications/v1/sms-templates", json=body, headers=key("city-admin")
    )
    assert made_by_program.status_code == 201
    assert made_by_program.json()["rules"] == [{"name": "1", "kind": "text", "longest": 35}]
