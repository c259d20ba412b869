"""Templates: versions, what is refused, whose they are, and what broadcasts begin with."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from services.chassis import auth
from services.chassis.auth import Principal
from services.chassis.i18n import words_of
from services.chassis.problems import Invalid, Problem
from services.notifications.broadcasts.schemas import Message
from services.notifications.delivery import lanes
from services.notifications.templates import reading, service
from services.notifications.templates.difference import difference
from services.notifications.templates.schemas import TemplateChange, TemplateIn, TemplateOut
from tests.conftest import principal
from tests.notifications.broadcasting import author, draft
from tests.sink import SmtpSink

API = "/api/notifications/v1/templates"
HERE = {"Sec-Fetch-Site": "same-origin"}
MESSAGE = {
    "zh-CN": {
        "subject": "{{ name }}，洪水提醒",
        "body": "尊敬的{{ name | default: '同学' }}：\n\n请远离河岸。",
        "sms": "{{ countries }}洪水，请远离河岸。",
    }
}
XICHENG, CHAOYANG = "110102", "110105"

Calling = Callable[..., TestClient]
Keys = Callable[..., dict[str, str]]


def written(by: Principal | None = None, name: str = "洪水", **words: str) -> TemplateOut:
    message = {"zh-CN": {**MESSAGE["zh-CN"], **words}}
    return service.create(
        by or author(), TemplateIn.model_validate({"name": name, "message": message})
    )


def changed(template: TemplateOut, **words: str) -> TemplateChange:
    message = {"zh-CN": {**MESSAGE["zh-CN"], **words}}
    return TemplateChange.model_validate(
        {"name": template.name, "message": message, "version": template.version, "note": "更短"}
    )


def test_a_template_s_life_as_json(client: Calling, key: Keys) -> None:
    browser, editor = client("notifications"), key("city-editor")
    body = {"name": "洪水", "message": MESSAGE}
    once = {**editor, "Idempotency-Key": "abc"}
    made = browser.post(API, json=body, headers=once)
    assert made.status_code == 201, made.text
    assert browser.post(API, json=body, headers=once).json() == made.json()
    template = made.json()
    here = f"{API}/{template['id']}"
    shorter = {"zh-CN": {**MESSAGE["zh-CN"], "sms": "请远离河岸。"}}
    saved = browser.put(
        here, json={**body, "message": shorter, "version": 1, "note": "更短"}, headers=editor
    ).json()
    assert (saved["version"], saved["message"]["zh-CN"]["sms"]) == (2, "请远离河岸。")
    again = browser.put(here, json={**body, "message": shorter, "version": 1}, headers=editor)
    assert (again.status_code, again.json()["type"]) == (409, "template-changed")
    renamed = browser.put(
        here, json={**body, "name": "河水", "message": shorter}, headers=editor
    ).json()
    assert (renamed["version"], renamed["name"]) == (2, "河水"), "a name makes no version"
    restored = browser.post(f"{here}/restore", json={"number": 1}, headers=editor).json()
    assert restored["version"] == 3
    assert restored["message"]["zh-CN"] == MESSAGE["zh-CN"]
    found = browser.get(f"{here}/versions", headers=editor).json()
    assert [(v["number"], v["restored_from"], v["note"]) for v in found] == [
        (3, 1, ""),
        (2, None, "更短"),
        (1, None, ""),
    ]
    shown = browser.post(f"{API}/preview?known=false", json={"message": MESSAGE}, headers=editor)
    assert shown.json()["subject"] == "市民朋友，洪水提醒"
    assert "尊敬的同学：" in shown.json()["text"]
    assert shown.json()["sms"].startswith("【领保中心】目的地洪水")
    english = browser.post(f"{API}/preview?language=en", json={"message": MESSAGE}, headers=editor)
    assert (english.json()["language"], english.json()["written_in"]) == ("en", "zh-CN")
    assert "written in Chinese only" in english.json()["text"]
    assert browser.post(f"{here}/archive", headers=editor).json()["archived_at"]
    refused = browser.put(here, json=body, headers=editor)
    assert refused.json()["type"] == "template-archived"
    assert browser.get(API, headers=editor).json()["items"] == []
    assert browser.post(f"{here}/take-back", headers=editor).json()["archived_at"] is None
    assert [item["name"] for item in browser.get(API, headers=editor).json()["items"]] == ["河水"]


@pytest.mark.parametrize(
    ("words", "field", "said"),
    [
        ({"body": "{{ surname }}"}, "message.zh-CN.body", "没有“surname”这个词语"),
        ({"sms": "{{ name | size }}"}, "message.zh-CN.sms", "这里不能使用“| size”"),
        ({"subject": "{% for x in y %}{% endfor %}"}, "message.zh-CN.subject", "{% for %}"),
        ({"subject": ""}, "message.zh-CN.subject", "主题"),
        ({"body": "字" * 20_001}, "message.zh-CN.body", "20000"),
        ({"body": "x" * 9_900_000}, "message.zh-CN.body", "20000"),
        ({"subject": "a\nBcc: b@example.com"}, "message.zh-CN.subject", "一行"),
    ],
    ids=range(7),
)
def test_what_is_refused_names_the_field_and_says_why(
    words: dict[str, str], field: str, said: str, client: Calling, key: Keys
) -> None:
    body = {"name": "洪水", "message": {"zh-CN": {**MESSAGE["zh-CN"], **words}}}
    refused = client("notifications").post(API, json=body, headers=key("city-editor"))
    assert refused.status_code == 422
    [error] = refused.json()["errors"]
    assert error["field"] == field
    assert said in error["message"]
    assert reading.listed(author()).items == []


def test_a_body_of_ten_megabytes_is_refused_with_a_sentence(client: Calling, key: Keys) -> None:
    body = {"name": "洪水", "message": {"zh-CN": {"subject": "x", "body": "字" * 4_000_000}}}
    refused = client("notifications").post(API, json=body, headers=key("city-editor"))
    assert refused.status_code == 413
    assert "10" in refused.json()["detail"]


def test_a_version_that_no_column_could_hold_is_none(
    client: Calling, key: Keys, staff: Keys
) -> None:
    made = written()
    program = client("notifications", headers=key("city-editor"))
    refused = program.post(f"{API}/{made.id}/restore", json={"number": 2**40})
    assert refused.status_code == 422
    desk = client("notifications", cookies=staff("city-editor"), headers=HERE)
    answer = desk.post(f"/staff/templates/{made.id}/restore", data={"number": str(2**40)})
    assert answer.status_code == 404


def test_offices_use_the_city_s_and_change_their_own(client: Calling, key: Keys) -> None:
    browser = client("notifications")
    city, xicheng = written(name="市"), written(author(XICHENG), "西城")
    other = key("district-editor", CHAOYANG)
    names = [item["name"] for item in browser.get(API, headers=other).json()["items"]]
    assert names == ["市"]
    assert browser.get(f"{API}/{xicheng.id}", headers=other).status_code == 403
    assert browser.get(f"{API}/{city.id}", headers=other).json()["editable"] is False
    for act in ("archive", "take-back"):
        assert browser.post(f"{API}/{city.id}/{act}", headers=other).status_code == 403
    assert browser.get(API, headers=key("viewer")).status_code == 403
    assert browser.get(API).status_code == 401
    written(author(CHAOYANG), "市")  # a name is one office's
    with pytest.raises(Invalid):
        written(name="市")
    with pytest.raises(Problem, match="other-district"):
        service.texts_of(xicheng.version_id, author(CHAOYANG))
    began = service.texts_of(city.version_id, author(CHAOYANG))
    assert began["channels"] == ["email", "sms"]


def test_two_at_once_make_one_version_and_one_name() -> None:
    template = written()
    gate = threading.Barrier(4)

    def act(number: int) -> str:
        gate.wait()
        try:
            if number < 2:
                service.save(author(), template.id, changed(template, sms=f"{number}"))
            else:
                written(name="新")
        except Problem as problem:
            return problem.kind
        return "done"

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(act, range(4)))
    assert sorted(outcomes[:2]) == ["done", "template-changed"]
    assert sorted(outcomes[2:]) == ["done", "invalid"]
    assert reading.read(author(), template.id).version == 2


def test_usage_and_the_way_from_a_template_to_a_broadcast(client: Calling, staff: Keys) -> None:
    template = written()
    texts = service.texts_of(template.version_id, author())
    made = draft(author(XICHENG), message=MESSAGE, template_version_id=texts["template_version_id"])
    service.save(author(), template.id, changed(template, sms="请远离。"))
    [used] = reading.usage(author(), template.id)
    assert (used.id, used.number) == (made.id, 1)
    assert [line.broadcasts for line in reading.versions(author(), template.id)] == [0, 1]
    assert reading.usage(author(CHAOYANG), template.id) == [], "another office's broadcast"
    browser = client("notifications", headers=HERE)
    browser.cookies.update(staff("city-editor"))
    form = browser.get(f"/staff/broadcasts/new?template={template.version_id}")
    assert "洪水，请远离河岸。" in form.text
    assert str(template.version_id) in form.text


def test_a_test_goes_out_in_each_language_marked(
    smtp: SmtpSink, client: Calling, key: Keys
) -> None:
    template = written()
    browser, editor = client("notifications"), key("city-editor")
    asked = browser.post(
        f"{API}/{template.id}/test", json={"to": ["ann@example.com"]}, headers=editor
    )
    assert (asked.status_code, asked.json()) == (202, {"planned": 1})
    lanes.run_lane("transactional")
    [taken] = smtp.to("ann@example.com")
    assert taken.message["Subject"] == "【测试】王小明，洪水提醒"
    refused = browser.post(f"{API}/{template.id}/test", json={"to": ["nobody"]}, headers=editor)
    assert refused.json()["errors"][0]["field"] == "to"


def test_the_difference_of_two_versions() -> None:
    before = Message.model_validate(MESSAGE)
    after = Message.model_validate(
        {"zh-CN": {**MESSAGE["zh-CN"], "body": MESSAGE["zh-CN"]["body"].replace("远离", "避开")}}
    )
    [change] = difference(before, after)
    assert change.field == "body"
    assert [run for run in change.runs if run[0] != "same"] == [("gone", "远离"), ("new", "避开")]
    for side, kept in ((MESSAGE["zh-CN"]["body"], "gone"), (after.chinese.body, "new")):
        assert "".join(text for kind, text in change.runs if kind in ("same", kept)) == side


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_pages(language: str, client: Calling) -> None:
    who = principal("city-editor")
    browser = client("notifications", headers=HERE)
    browser.cookies.set(auth.SESSION_COOKIE, auth.credential_for(who))
    browser.cookies.set("lingbao_language", language)
    assert browser.get("/staff/templates").status_code == 200, "empty"
    fields = {f"message.zh-CN.{name}": text for name, text in MESSAGE["zh-CN"].items()}
    fields |= {"name": "洪水", "_once": "a"}
    bad = browser.post("/staff/templates/new", data=fields | {"message.zh-CN.sms": "{{ x }}"})
    assert bad.status_code == 422
    assert 'href="#field-message.zh-CN.sms"' in bad.text
    assert "请远离河岸。" in bad.text, "nothing is lost"
    made = browser.post("/staff/templates/new", data=fields)
    assert made.status_code == 303, made.text
    twice = browser.post("/staff/templates/new", data=fields)
    assert twice.headers["location"] == made.headers["location"]
    here = made.headers["location"].partition("?")[0]
    page = browser.get(here)
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    mail = browser.get(f"{here}/versions/1/mail?reader=en&known=1")
    assert mail.headers["Content-Security-Policy"].startswith("sandbox ")
    assert "<script" not in mail.text
    assert "王小明" in mail.text
    panel = browser.post("/staff/templates/preview", data=fields)
    assert "王小明，洪水提醒" in panel.text
    edited = fields | {"version": "1", "message.zh-CN.sms": "快走。", "note": "短"}
    assert browser.post(f"{here}/edit", data=edited).status_code == 303
    stale = browser.post(f"{here}/edit", data=edited | {"message.zh-CN.sms": "别去。"})
    assert stale.status_code == 409
    assert "别去。" in stale.text
    assert "<del>" in browser.get(f"{here}/versions/1").text
    assert browser.post(f"{here}/restore", data={"number": "1"}).status_code == 303
    assert browser.post(f"{here}/restore", data={"number": "x"}).status_code == 404
    assert browser.post(f"{here}/test", data={"to": "rubbish"}).status_code == 422
    assert browser.post(f"{here}/archive").status_code == 303
    assert browser.get(f"{here}/edit").status_code == 303
    assert browser.post(f"{here}/take-back").status_code == 303
    for path in ("/staff/templates", "/staff/templates/new", here, f"{here}/edit"):
        text = browser.get(path).text
        assert "style=" not in text
        assert "kept" not in text
    with words_of("notifications"):
        assert reading.read(who, reading.listed(who).items[0].id).version == 3
