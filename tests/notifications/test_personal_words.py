"""Words that differ from person to person: in mails and text messages, safe in any name."""

from __future__ import annotations

import uuid
from datetime import timedelta
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from typing import Any

import pytest

from services.chassis.database import utc_now
from services.chassis.i18n import speaking, words_of
from services.chassis.problems import Invalid
from services.notifications.broadcasts import sending
from services.notifications.broadcasts.message import sms_frame, sms_text
from services.notifications.contacts.models import Trip
from services.notifications.database import database
from services.notifications.delivery import lanes
from services.notifications.messages import mime
from services.notifications.messages.content import MailContent
from services.notifications.messages.filling import unstructured
from services.notifications.messages.plain import to_plain
from services.notifications.templates import liquid
from tests.notifications.broadcasting import approved, author, draft, person
from tests.sink import SmtpSink, Taken

BODY = """尊敬的{{ name }}：

{% if organisation %}请转告**{{ organisation }}**的同学。

{% endif %}您将前往{{ countries }}，详见[领事提醒](/advisories)。"""
KNOWN = ("name", "organisation", "countries")


def sent(smtp: SmtpSink, message: dict[str, Any], *addresses: str, **changes: Any) -> list[Taken]:
    broadcast = approved(message=message, **changes)
    sending.send(author(), broadcast.id)
    lanes.run_lane("urgent" if changes.get("urgency") == "emergency" else "bulk")
    return [smtp.to(address)[0] for address in addresses]


def test_each_reader_gets_their_own_words(smtp: SmtpSink) -> None:
    ann = person("ann@example.com", name="王小明", organisation="第八十中学")
    with database.transaction() as session:
        day = utc_now().date()
        over, coming = day - timedelta(days=9), day + timedelta(days=9)
        session.add(Trip(contact_id=ann, country="FR", departs_on=over, returns_on=over))
        session.add(Trip(contact_id=ann, country="JP", departs_on=day, returns_on=coming))
    person("ben@example.com", countries=[])
    mime._skeleton.cache_clear()
    message = {"zh-CN": {"subject": "{{ name }}，洪水提醒", "body": BODY}}
    known, bare = sent(
        smtp, message, "ann@example.com", "ben@example.com", audience={"districts": ["110102"]}
    )
    assert known.message["Subject"] == "王小明，洪水提醒"
    assert "尊敬的王小明：\r\n" in known.text
    assert "请转告第八十中学的同学。" in known.text
    assert "<strong>第八十中学</strong>" in known.html
    assert "您将前往日本，详见领事提醒 (http://testserver/advisories)。" in known.text
    assert 'href="http://testserver/advisories"' in known.html
    assert bare.message["Subject"] == "市民朋友，洪水提醒"
    assert "请转告" not in bare.text
    assert "您将前往目的地" in bare.html
    assert mime._skeleton.cache_info().misses == 2, "one for each shape, not for each reader"
    for taken in (known, bare):
        assert "aPersonalWord" not in taken.raw.decode()
        assert all(len(line) <= 998 for line in taken.raw.split(b"\r\n"))


def test_a_name_is_a_name_whatever_it_says(smtp: SmtpSink) -> None:
    name = 'Bob"\r\nBcc: x@example.com\r\n\r\n<script>*a*</script> [x](http://evil) {{ name }}'
    person("bob@example.com", name=f"{name}\u202e", language="en")
    message = {"en": {"subject": "Dear {{ name }}", "body": "Dear {{ name }}, _stay_ away."}}
    [taken] = sent(smtp, message, "bob@example.com")
    kept = 'Bob" Bcc: x@example.com <script>*a*</script> [x](http://evil) {{ name }}'
    assert taken.message["Bcc"] is None
    assert taken.recipients == ["bob@example.com"]
    assert str(make_header(decode_header(taken.message["Subject"]))) == f"Dear {kept}"
    assert f"Dear {kept}, stay away." in taken.text
    assert "<script>" not in taken.html
    assert "<em>a</em>" not in taken.html
    assert 'href="http://evil"' not in taken.html
    assert "&lt;script&gt;*a*" in taken.html


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{{ nmae }}", "“nmae” is not a word that we know. We know: countries, name, organisation"),
        ("a\nb {{ name.first }}", "“name.first” is not a word"),
        ("a\nb\n{{ name", "Line 3 cannot be read"),
        ("{{ name | replace: 'a', 'b' }}", "“| replace” cannot be used here"),
        ("{% for i in (1..99999999) %}x{% endfor %}", "“{% for %}” cannot be used here"),
        ("{% include 'x' %}", "“{% include %}” cannot be used here"),
        ("{% if (1..999999999) contains 'x' %}a{% endif %}", "“(1..999999999)” cannot"),
        ("{% if name %}a", "cannot be read"),
        ("{% if name %}" * 9 + "{% endif %}" * 9, "cannot be read"),
        ("{{" * 9000, "cannot be read"),
        ("[me](https://example.com/{{ name }})", "not in its address"),
        ("[me]({{ name }})", "not in its address"),
    ],
    ids=range(12),
)
def test_what_cannot_be_sent_is_refused_when_it_is_written(body: str, said: str) -> None:
    with speaking("en"), pytest.raises(Invalid) as refused:
        draft(message={"en": {"subject": "s", "body": body}})
    [error] = refused.value.errors
    assert error.field == "message.en.body"
    with speaking("en"):
        assert said in str(error.message)


def test_the_language_is_strict_when_it_renders_too() -> None:
    assert liquid.render("{{ name | default: '您好' | append: '！' }}", {"name": ""}) == "您好！"
    assert liquid.render("{{ name }}", {"name": ""}, {"name": "朋友"}) == "朋友"
    for source in ("{{ other }}", "{{ name", "{% assign x = name %}"):
        with pytest.raises(liquid.NotWritten):
            liquid.render(source, {"name": "a"})
    assert liquid.check("plain } text { with %} signs }}", KNOWN) == []


def test_who_reads_another_language_is_told_so(smtp: SmtpSink) -> None:
    person("ann@example.com", language="en")
    person("ben@example.com")
    message = {"zh-CN": {"subject": "提醒", "body": "请注意安全。"}}
    english, chinese = sent(smtp, message, "ann@example.com", "ben@example.com")
    first = "This message is written in Chinese only."
    assert english.text.startswith(first)
    assert english.html.index(first) < english.html.index("请注意安全")
    assert english.message["Content-Language"] == "zh-CN"
    assert "only" not in chinese.text


def test_an_emergency_that_asks(smtp: SmtpSink) -> None:
    person("ann@example.com")
    message = {"zh-CN": {"subject": "地震", "body": "请到空旷处。", "sms": "请到空旷处。"}}
    changes = {"urgency": "emergency", "asks": True}
    [taken] = sent(smtp, message, "ann@example.com", **changes)
    assert "/answer/" in taken.html
    assert "/preferences/" in taken.html
    assert taken.message["Precedence"] is None, "some servers let bulk mail wait"
    assert taken.message["Importance"] == "high"
    assert taken.message["Feedback-ID"].endswith(":emergency:broadcast:lingbao")
    with words_of("notifications"):
        asked = sms_text("{{ name }}，请到空旷处。", "zh-CN", "emergency", asks=True)
    assert asked.startswith("王小明，请到空旷处。 您是否平安")
    assert "/unsubscribe/" not in asked
    stopped = sms_text("天气提醒。", "zh-CN", "routine")
    endings = sms_frame("zh-CN")["endings"]
    assert stopped == "天气提醒。" + endings[1]["text"], "what the form counts is what goes out"


@pytest.mark.parametrize("text", ["短", "Plain", "=?utf-8?b?x?=", "很长的标题" * 30, "a\r\nb: c"])
def test_a_subject_comes_back_as_it_was(text: str) -> None:
    folded = unstructured(text)
    assert all(len(line) <= 76 for line in f"Subject: {folded}".split("\r\n"))
    assert "\r\nb" not in folded
    assert str(make_header(decode_header(folded))) == text


def test_values_stand_wherever_a_line_broke() -> None:
    for length in range(60, 90):
        content = MailContent(
            "s",
            "zh-CN",
            "x" * length + "SLOTSLOT01" + "y" * length,
            "<p>" + "x" * length + "SLOTSLOT01</p>",
            slots={"SLOTSLOT01": "王=<&.\n" * 9},
        )
        raw = mime.message_bytes(content, uuid.uuid4(), "a@example.com")
        found = message_from_bytes(raw, policy=policy.default)
        text = found.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert text.strip() == "x" * length + "王=<&.\n" * 9 + "y" * length
        html = found.get_body(("html",)).get_content()  # type: ignore[union-attr]
        assert "王=&lt;&amp;." in html


def test_markdown_reads_as_plain_text() -> None:
    source = "# A\n\n- **one**\n- two\n  1. x\n\n> q\n\n[l](https://a.b), <https://c.d>"
    assert to_plain(source) == ("A\n\n- one\n- two\n  1. x\n\n> q\n\nl (https://a.b), https://c.d")
