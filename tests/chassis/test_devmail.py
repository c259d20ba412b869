"""The development mail server, run as it is run in the stack and spoken to as clients do."""

import asyncio
import re
import signal
import smtplib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import httpx2
import pytest

from services.chassis.devmail import sms
from services.chassis.devmail.message import read
from services.chassis.devmail.store import Store
from services.chassis.stack.ports import free_port
from services.chassis.stack.process import Child, Process

TOKEN = "a-token-for-tests"
CALENDAR = "\r\n".join(
    [
        *("BEGIN:VCALENDAR", "METHOD:REQUEST", "BEGIN:VEVENT", "UID:1@x", "END:VEVENT"),
        *("END:VCALENDAR", ""),
    ]
)
RUN = """
import sys
from pathlib import Path
from services.chassis.devmail.run import run
smtp_port, http_port, folder, token = sys.argv[1:]
run(smtp_port=int(smtp_port), http_port=int(http_port), folder=Path(folder), sms_token=token)
"""


@dataclass
class Devmail:
    smtp_port: int
    web: httpx2.Client
    child: Child

    def send(self, mail: EmailMessage) -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=60) as smtp:
            smtp.send_message(mail)

    def items(self, **query: str) -> list[dict]:
        answer = self.web.get("/dev/inbox.json", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    def sms(self, token: str = TOKEN, **body: object) -> httpx2.Response:
        whole = {"to": "+8613800138000", "text": "您好", "id": "0192", "signature": "领保中心"}
        return self.web.post(
            "/dev/sms", json={**whole, **body}, headers={"Authorization": f"Bearer {token}"}
        )


@pytest.fixture(scope="module")
def devmail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devmail]:
    folder = tmp_path_factory.mktemp("devmail")
    smtp_port, http_port = free_port(), free_port()
    child = Child(
        Process(
            name="devmail",
            argv=[sys.executable, "-c", RUN, str(smtp_port), str(http_port), str(folder), TOKEN],
            ready=f"http://127.0.0.1:{http_port}/readyz",
        ),
        tmp_path_factory.mktemp("logs") / "devmail.log",
    )
    child.spawn()
    try:
        child.wait_ready()
        with httpx2.Client(base_url=f"http://127.0.0.1:{http_port}", trust_env=False) as web:
            yield Devmail(smtp_port, web, child)
        child.ask_to_stop()
        assert child.wait_stopped(60), child.tail()
        assert child.returncode == 0, child.tail()
    finally:
        child.kill()


@pytest.fixture
def inbox(devmail: Devmail) -> Devmail:
    answer = devmail.web.post("/dev/inbox/clear")
    assert (answer.status_code, answer.headers["location"]) == (303, "/dev/inbox")
    return devmail


def confirmation(to: str = "li@example.org") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "领保 <no-reply@lingbao.example>"
    mail["To"] = to
    mail["Subject"] = "报名成功：陶然亭讲座"
    mail.set_content("您已报名。")
    mail.add_alternative(
        '<p>您已报名。<a href="https://x.example/y">查看</a></p><script>alert(1)</script>',
        subtype="html",
    )
    mail.add_attachment(CALENDAR, subtype="calendar", params={"method": "REQUEST"})
    return mail


def test_a_mail_arrives_with_its_parts(inbox: Devmail) -> None:
    inbox.send(confirmation())
    (item,) = inbox.items()
    assert item["kind"] == "mail"
    assert item["to"] == ["li@example.org"]
    assert item["from"] == "领保 <no-reply@lingbao.example>"
    assert item["subject"] == "报名成功：陶然亭讲座"
    assert item["text"].strip() == "您已报名。"
    assert "查看" in item["html"]
    assert item["calendar"].replace("\r\n", "\n").strip() == CALENDAR.replace("\r\n", "\n").strip()
    assert item["calendar_method"] == "REQUEST"
    assert ["To", "li@example.org"] in item["headers"]
    assert abs(datetime.now(UTC) - datetime.fromisoformat(item["received_at"])) < timedelta(
        minutes=1
    )


def test_newest_first_filtered_by_recipient_words_and_time(inbox: Devmail) -> None:
    inbox.send(confirmation("a@example.org"))
    inbox.send(confirmation("b@example.org"))
    first, second = inbox.items()[::-1]
    assert [item["to"] for item in inbox.items()] == [["b@example.org"], ["a@example.org"]]
    assert [item["id"] for item in inbox.items(to="A@EXAMPLE")] == [first["id"]]
    assert inbox.items(q="nothing like it") == []
    assert len(inbox.items(q="陶然亭")) == 2
    later = [item["id"] for item in inbox.items(since=second["received_at"])]
    assert second["id"] in later
    assert inbox.items(since="2999-01-01T00:00:00Z") == []
    assert inbox.web.get("/dev/inbox.json", params={"since": "soon"}).status_code == 400


def test_the_page_of_a_mail_shows_its_html_without_letting_it_act(inbox: Devmail) -> None:
    inbox.send(confirmation())
    message_id = inbox.items()[0]["id"]
    page = inbox.web.get(f"/dev/inbox/{message_id}", headers={"Accept-Language": "en"}).text
    frame = re.search(r"<iframe[^>]*>", page)
    assert frame is not None
    assert "allow-scripts" not in frame[0]
    assert "allow-same-origin" not in frame[0]
    assert "BEGIN:VCALENDAR" in page
    html = inbox.web.get(f"/dev/inbox/{message_id}/html")
    policy = html.headers["content-security-policy"]
    assert policy.startswith("sandbox")
    assert "allow-scripts" not in policy
    assert "default-src 'none'" in policy
    raw = inbox.web.get(f"/dev/inbox/{message_id}/raw")
    assert raw.headers["content-type"].startswith("text/plain")
    assert "Subject:" in raw.text
    saved = inbox.web.get(f"/dev/inbox/{message_id}/attachments/0")
    assert saved.headers["content-disposition"].startswith("attachment")
    assert inbox.web.get(f"/dev/inbox/{message_id}/attachments/7").status_code == 404
    for view in ("text", "headers"):
        assert inbox.web.get(f"/dev/inbox/{message_id}", params={"view": view}).status_code == 200


def test_a_subject_with_markup_is_text(inbox: Devmail) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@x.org", "b@x.org", "<b>bold</b>"
    mail.set_content("text")
    inbox.send(mail)
    page = inbox.web.get("/dev/inbox").text
    assert "<b>bold" not in page
    assert "&lt;b&gt;bold" in page


def test_both_languages(inbox: Devmail) -> None:
    english = inbox.web.get("/dev/inbox?lang=en").text
    chinese = inbox.web.get("/dev/inbox?lang=zh-CN").text
    assert "Development inbox" in english
    assert "开发收件箱" in chinese
    assert "Development inbox" not in chinese
    inbox.web.cookies.clear()


def test_utf8_addresses_on_one_connection(inbox: Devmail) -> None:
    async def send() -> None:
        async with aiosmtplib.SMTP(
            hostname="127.0.0.1", port=inbox.smtp_port, start_tls=False
        ) as smtp:
            await smtp.ehlo()
            assert smtp.supports_extension("smtputf8")
            assert smtp.supports_extension("8bitmime")
            for number in range(20):
                await smtp.sendmail(
                    "no-reply@lingbao.example",
                    [f"用户{number}@例子.example"],
                    f"Subject: {number}\r\n\r\ntext".encode(),
                    mail_options=["SMTPUTF8", "BODY=8BITMIME"],
                )

    asyncio.run(send())
    assert len(inbox.items(to="@例子.example")) == 20


def test_a_mail_that_is_too_large_is_refused(inbox: Devmail) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@x.org", "b@x.org", "large"
    mail.set_content("x" * 70 + "\n")
    mail.add_attachment(b"\0" * (9 * 1024 * 1024), maintype="application", subtype="zip")
    with pytest.raises(smtplib.SMTPResponseException) as refused:
        inbox.send(mail)
    assert refused.value.smtp_code == 552
    assert inbox.items() == []


def test_one_domain_leaves_a_message_without_an_answer_once(inbox: Devmail) -> None:
    mail = confirmation("li@vanishes.example")
    mail["Message-ID"] = "<one@lingbao.example>"
    with pytest.raises(smtplib.SMTPServerDisconnected):
        inbox.send(mail)
    assert len(inbox.items()) == 1, "it was taken all the same"
    inbox.send(mail)
    assert len(inbox.items()) == 2


def test_an_sms_is_accepted_and_shown_with_its_signature(inbox: Devmail) -> None:
    answer = inbox.sms(text="讲座明天14:00开始。", id="ref-1")
    assert (answer.status_code, answer.json()) == (202, {"id": "ref-1", "parts": 1})
    (item,) = inbox.items(to="+8613800138000")
    assert item["kind"] == "sms"
    assert item["text"] == "【领保中心】讲座明天14:00开始。"
    assert item["reference"] == "ref-1"
    page = inbox.web.get(f"/dev/inbox/{item['id']}")
    assert "讲座明天14:00开始。" in page.text
    assert inbox.web.get(f"/dev/inbox/{item['id']}/html").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"to": "13800138000"}, "to"),
        ({"to": "+0138001380"}, "to"),
        ({"to": "+86138001380001234"}, "to"),
        ({"to": "+8613800138000\n"}, "to"),
        ({"to": "＋8613800138000"}, "to"),
        ({"text": ""}, "text"),
        ({"text": " \n"}, "text"),
        ({"text": "字" * 501}, "text"),
        ({"text": 5}, "text"),
        ({"id": ""}, "id"),
        ({"signature": "【领保】"}, "signature"),
    ],
)
def test_a_wrong_sms_is_refused_with_the_field(
    inbox: Devmail, wrong: dict[str, object], field: str
) -> None:
    answer = inbox.sms(**wrong)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert inbox.items() == []


def test_an_sms_needs_the_token_json_and_a_bounded_body(inbox: Devmail) -> None:
    assert inbox.sms(token="another").status_code == 401
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert inbox.web.post("/dev/sms", content=b"not json", headers=bearer).status_code == 400
    assert inbox.web.post("/dev/sms", content=b"x" * 20_000, headers=bearer).status_code == 413


def test_another_site_cannot_empty_the_inbox(inbox: Devmail) -> None:
    inbox.sms()
    answer = inbox.web.post("/dev/inbox/clear", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert len(inbox.items()) == 1


def test_an_unknown_message_is_a_page(inbox: Devmail) -> None:
    for path in ("", "/html", "/raw", "/attachments/0"):
        answer = inbox.web.get(f"/dev/inbox/nothing{path}")
        assert answer.status_code == 404
        assert "/dev/inbox" in answer.text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("字" * 70, 1),
        ("字" * 71, 2),
        ("字" * 134, 2),
        ("字" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_parts_of_an_sms(text: str, parts: int) -> None:
    assert sms.parts(text) == parts


def test_the_store_keeps_the_newest_and_finds_them_after_a_restart(tmp_path: Path) -> None:
    store = Store(tmp_path, kept=3)
    for number in range(5):
        store.add(kind="sms", to=["+8610"], sender="", subject=str(number), content=b"x")
    assert [meta.subject for meta in store.newest()] == ["4", "3", "2"]
    assert len(list(tmp_path.iterdir())) == 6
    (tmp_path / "torn.json").write_text("{")
    again = Store(tmp_path, kept=3)
    assert [meta.subject for meta in again.newest()] == ["4", "3", "2"]
    assert again.clear() == 3
    assert again.newest() == []


def test_a_picture_in_the_mail_is_put_in_its_place() -> None:
    mail = EmailMessage()
    mail["Subject"] = "picture"
    mail.set_content("text")
    mail.add_alternative('<img src="cid:ticket@x">', subtype="html")
    html = mail.get_payload()[1]
    html.add_related(b"png", "image", "png", cid="<ticket@x>")
    assert '<img src="data:image/png;base64,' in read(mail.as_bytes()).html


def test_a_mail_in_an_unknown_character_set_is_still_shown() -> None:
    raw = b"Subject: x\r\nContent-Type: text/plain; charset=klingon\r\n\r\nhello\r\n"
    assert read(raw).text.strip() == "hello"


def test_a_stop_signal_ends_it_at_once(tmp_path: Path) -> None:
    child = Child(
        Process(
            name="devmail",
            argv=[
                *(sys.executable, "-c", RUN, str(free_port()), str(port := free_port())),
                *(str(tmp_path / "inbox"), TOKEN),
            ],
            ready=f"http://127.0.0.1:{port}/readyz",
            stop_signal=signal.SIGINT,
        ),
        tmp_path / "log",
    )
    child.spawn()
    child.wait_ready()
    assert child.stop()
    assert child.returncode == 0
