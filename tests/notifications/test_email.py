"""Mails as they leave: parts, headers, languages, advisories, and nothing injected."""

from __future__ import annotations

import subprocess
import sys
import uuid

import pytest

from services.notifications.delivery import lanes
from services.notifications.messages.content import MailContent
from services.notifications.messages.mime import message_bytes
from services.notifications.senders.background import background
from services.notifications.senders.configured import senders
from tests.notifications import told
from tests.sink import SmtpSink, Taken


def _only(smtp: SmtpSink) -> Taken:
    lanes.run_lane("transactional")
    [taken] = smtp.to(told.EMAIL)
    return taken


def test_a_confirmation(smtp: SmtpSink) -> None:
    told.registration("confirmed", told.activity(told.soon(days=3)))
    taken = _only(smtp)
    message = taken.message
    [delivery] = told.deliveries()
    assert message["Subject"].startswith("报名成功：安全出行讲座，")
    assert message["To"] == told.EMAIL
    assert message["From"].addresses[0].addr_spec == "no-reply@lingbao.example" == taken.sender
    assert message["Message-ID"] == f"<{delivery.id}@testserver>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "zh-CN"
    assert message["Date"].datetime is not None
    for part in (taken.text, taken.html):
        for needed in ("王丽", "陶然亭街道活动中心", "K7QX 2M9P", "2 人", "token-of-the-reg"):
            assert needed in part
    assert message.get_content_type() == "multipart/mixed"
    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "text/calendar", "application/ics"]
    assert taken.raw.isascii()
    assert all(len(line) <= 998 for line in taken.raw.splitlines())


def test_it_speaks_the_registrants_language(smtp: SmtpSink) -> None:
    told.registration("confirmed", told.activity(told.soon(days=3)), language="en")
    taken = _only(smtp)
    assert taken.message["Subject"].startswith("You are registered: Travelling safely, ")
    assert "Dear 王丽," in taken.text
    assert "2 people" in taken.text
    assert "Taoranting Centre, 1 Some Road, Xicheng" in taken.text


def test_the_text_has_no_escapes_and_the_html_has(smtp: SmtpSink) -> None:
    title = {"zh-CN": "<b>“A & B”</b>"}
    told.registration("confirmed", told.activity(told.soon(days=3), title=title))
    taken = _only(smtp)
    assert "<b>“A & B”</b>" in taken.text
    assert "&lt;b&gt;“A &amp; B”&lt;/b&gt;" in taken.html
    assert "<b>" not in taken.html


def test_advisories_of_its_countries_stand_in_the_mail(smtp: SmtpSink) -> None:
    identifier = str(uuid.uuid4())
    advisory = {
        "subject_id": identifier,
        "version": 1,
        "country": "TH",
        "region": {},
        "level": "orange",
        "word": "travel-with-caution",
        "headline": {"zh-CN": "近期谨慎前往边境地区"},
        "advice": {"zh-CN": "请结伴出行"},
        "valid_from": told.soon(days=-1).isoformat(),
        "valid_until": None,
        "url": "http://testserver/advisories/TH",
        "withdrawn": False,
    }
    told.hear("advisory.published.v1", f"advisory/{identifier}", 1, advisory)
    told.registration("confirmed", told.activity(told.soon(days=3)))
    taken = _only(smtp)
    for part in (taken.text, taken.html):
        assert "泰国" in part
        assert "谨慎前往 · 橙色" in part
        assert "近期谨慎前往边境地区" in part


def test_waiting_and_then_promoted(smtp: SmtpSink) -> None:
    state = told.activity(told.soon(days=3))
    identifier = told.registration("waiting", state)
    lanes.run_lane("transactional")
    told.registration("confirmed", state, identifier, version=2, promoted=True)
    lanes.run_lane("transactional")
    waiting, promoted = smtp.to(told.EMAIL)
    assert waiting.message["Subject"].startswith("已进入候补名单：")
    assert "候补顺序：3" in waiting.text
    assert waiting.calendar is None
    assert promoted.message["Subject"].startswith("您已候补成功：")


def test_a_confirmation_that_was_overtaken_is_not_sent(smtp: SmtpSink) -> None:
    state = told.activity(told.soon(days=3))
    identifier = told.registration("confirmed", state)
    told.registration("cancelled", state, identifier, version=2)
    taken = _only(smtp)
    assert taken.message["Subject"].startswith("报名已取消：")
    assert told.states() == ["cancelled", "accepted"]


@pytest.mark.parametrize(
    "address", ["a@b.cn\r\nBcc: x@y.cn", "a b@c.cn", "王@例.cn", "no-at-sign", "a@b.cn\n"]
)
def test_no_address_reaches_a_header_unless_it_is_plain(address: str) -> None:
    content = MailContent("Subject", "en", "text", "<p>html</p>")
    with pytest.raises(ValueError, match="plain ASCII"):
        message_bytes(content, uuid.uuid4(), address)


def test_no_header_takes_a_line_break() -> None:
    content = MailContent("Subject\r\nBcc: x@y.cn", "en", "text", "<p>html</p>")
    with pytest.raises(ValueError, match="linefeed"):
        message_bytes(content, uuid.uuid4(), "a@b.cn")


def test_a_title_with_a_line_break_stays_one_subject(smtp: SmtpSink) -> None:
    title = {"zh-CN": "讲座\r\nBcc: x@y.cn"}
    told.registration("confirmed", told.activity(told.soon(days=3), title=title))
    taken = _only(smtp)
    assert taken.message["Bcc"] is None
    assert taken.recipients == [told.EMAIL]


def test_slots_are_filled_wherever_the_encoding_broke_their_marks(smtp: SmtpSink) -> None:
    mark = "SLOTFORTHELINK0000"
    link = "https://lingbao.example/unsubscribe/" + "a=b-" * 20
    lengths = range(60, 90)
    text = "\n".join("字" * (length // 3) + "x" * (length % 7) + mark for length in lengths)
    content = MailContent(
        "Subject",
        "zh-CN",
        text,
        f"<p><a href='{mark}'>x</a></p>",
        headers=(("List-Unsubscribe", f"<{mark}>"),),
        slots={mark: link},
    )
    background().run(
        senders().email.send(
            "no-reply@lingbao.example",
            told.EMAIL,
            message_bytes(content, uuid.uuid4(), told.EMAIL),
        )
    )
    [taken] = smtp.to(told.EMAIL)
    assert taken.text.count(link) == len(lengths)
    assert mark not in taken.text
    assert f"href='{link}'" in taken.html
    assert taken.message["List-Unsubscribe"] == f"<{link}>"


def test_threads_that_come_first_at_once_share_one_loop() -> None:
    """In a process of its own, because this one has its loop already."""
    script = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
from services.notifications.senders.background import background
sys.setswitchinterval(1e-6)
start = threading.Barrier(16)
def first(_):
    start.wait()
    return background()
with ThreadPoolExecutor(16) as pool:
    sys.exit(len(set(map(id, pool.map(first, range(16))))) - 1)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == 0
