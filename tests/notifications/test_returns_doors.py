"""The doors for returned mail: LMTP and SMTP, IMAP, a signed call; and who may look."""

from __future__ import annotations

import base64
import json
import smtplib
import socketserver
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook
from starlette.testclient import TestClient

from services.chassis.settings import settings
from services.chassis.stack.ports import free_port
from services.chassis.tables import OutboxRow
from services.notifications.database import database
from services.notifications.returns import mailbox
from services.notifications.returns.models import ReturnedMessage
from services.notifications.returns.receiver import Protocol, controller
from services.notifications.returns.return_path import return_path
from services.notifications.webhooks.signing import new_secret
from tests.notifications.returning import PERSON, came_back, dsn, failed, sent

SECRET = new_secret()
CALL = "/api/notifications/v1/returns"
RETURNS = "/staff/senders/returns"


@pytest.fixture(autouse=True)
def chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "bounce_domain", "bounce.example.cn")
    monkeypatch.setattr(settings(), "returns_secret", SECRET)


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("notifications")


def kept() -> list[ReturnedMessage]:
    with database.transaction() as session:
        return list(session.scalars(sa.select(ReturnedMessage).order_by(ReturnedMessage.id)))


# --- mail ------------------------------------------------------------------------------------- #


@pytest.mark.parametrize("protocol", ["lmtp", "smtp"])
def test_the_mail_door_takes_one_message_for_each_address_and_no_others(
    protocol: Protocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    server = controller(protocol, "127.0.0.1", port)
    server.start()
    kind = smtplib.LMTP if protocol == "lmtp" else smtplib.SMTP
    message = sent()
    raw = dsn(*failed("5.1.1", "550 5.1.1 no")) + b"X: " + b"y" * 5000 + b"\r\n"
    try:
        with kind("127.0.0.1", port) as mail:
            mail.ehlo_or_helo_if_needed()
            mail.mail("")
            assert mail.rcpt("somebody@elsewhere.example")[0] == 550
            assert mail.rcpt(return_path(message))[0] == 250
            assert mail.rcpt(return_path(sent()))[0] == 452
            assert mail.data(raw)[0] == 250
            # The database is away: the mail server in front has to keep it.
            monkeypatch.setattr("services.notifications.returns.receiver.take_in", _away)
            mail.mail("")
            mail.rcpt(return_path(message))
            assert mail.data(raw + b"another")[0] == 451
    finally:
        server.stop()
    [row] = kept()
    assert (row.recipient, row.via) == (return_path(message), "mail")
    assert b"y" * 5000 in row.raw.encode("latin-1")


def _away(*_: object, **__: object) -> bool:
    raise sa.exc.OperationalError("INSERT", {}, ConnectionError())


# --- a mailbox -------------------------------------------------------------------------------- #


class Imap(socketserver.ThreadingTCPServer):
    """As much of IMAP4rev1 as a mailbox needs that is only emptied."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, messages: list[bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _ImapTalk)
        self.messages = dict(enumerate(messages, start=7))
        self.deleted: set[int] = set()
        self.said: list[str] = []


class _ImapTalk(socketserver.StreamRequestHandler):
    server: Imap

    def handle(self) -> None:
        self._send("* OK ready")
        for line in self.rfile:
            tag, _, command = line.decode().strip().partition(" ")
            self.server.said.append(command)
            name = command.upper()
            if name.startswith("CAPABILITY"):
                self._send("* CAPABILITY IMAP4rev1 ID")
            elif name.startswith("LOGIN") and "wrong" in command:
                self._send(f"{tag} NO [AUTHENTICATIONFAILED] no")
                continue
            elif name.startswith("SELECT"):
                self._send(f"* {len(self.server.messages)} EXISTS")
            elif name.startswith("UID SEARCH"):
                left = sorted(set(self.server.messages) - self.server.deleted)
                self._send("* SEARCH " + " ".join(map(str, left)))
            elif name.startswith("UID FETCH"):
                self._fetch(int(command.split()[2]))
            elif name.startswith("UID STORE"):
                self.server.deleted.add(int(command.split()[2]))
            elif name.startswith("EXPUNGE"):
                for number in self.server.deleted:
                    self.server.messages.pop(number, None)
            elif name.startswith("LOGOUT"):
                self._send("* BYE")
                self._send(f"{tag} OK")
                return
            self._send(f"{tag} OK done")

    def _fetch(self, number: int) -> None:
        raw = self.server.messages[number][: mailbox.KEPT]
        size = len(self.server.messages[number])
        self.wfile.write(
            f"* 1 FETCH (UID {number} RFC822.SIZE {size} BODY[]<0> {{{len(raw)}}}\r\n".encode()
            + raw
            + b")\r\n"
        )

    def _send(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


@pytest.fixture
def imap() -> Iterator[Callable[[list[bytes]], Imap]]:
    running: list[Imap] = []

    def start(messages: list[bytes]) -> Imap:
        server = Imap(messages)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def test_a_mailbox_is_emptied_and_a_broken_visit_takes_nothing_twice(
    imap: Callable[[list[bytes]], Imap], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mailbox.fetch() == 0  # none is set
    report = dsn(*failed("5.1.1", "550 5.1.1 no"))
    server = imap([report, b"Subject: large\r\n\r\n" + b"z" * (2 * mailbox.KEPT)])
    port = server.server_address[1]
    monkeypatch.setattr(
        settings(), "returns_imap", f"imap://me:p%40ss@127.0.0.1:{port}/Returned%20mail"
    )
    assert mailbox.fetch() == 2
    assert server.messages == {}
    assert [row.size for row in kept()] == [len(report), 2 * mailbox.KEPT + 18]
    assert any('SELECT "Returned mail"' in said for said in server.said)
    assert any(said.startswith("ID ") for said in server.said)
    # As after a crash between our commit and the deletion there.
    server.messages[9] = report
    assert mailbox.fetch() == 1
    assert len(kept()) == 2
    monkeypatch.setattr(settings(), "returns_imap", f"imap://me:wrong@127.0.0.1:{port}/INBOX")
    with pytest.raises(mailbox.MailboxAway) as away:
        mailbox.fetch()
    assert "wrong" not in str(away.value)


# --- a signed call ---------------------------------------------------------------------------- #


def signed(body: bytes, kind: str, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    moment = datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
    return {
        "content-type": kind,
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", moment, body.decode()),
    }


def test_the_call_takes_what_is_signed_once(browser: TestClient) -> None:
    raw = dsn(*failed("5.1.1", "550 5.1.1 no"))
    plain = signed(raw, "message/rfc822")
    assert browser.post(CALL, content=raw, headers=plain).json() == {"status": "taken"}
    assert browser.post(CALL, content=raw, headers=plain).json() == {"status": "known"}
    body = json.dumps(
        {"raw": base64.b64encode(raw + b"\r\n").decode(), "recipient": "b-x@bounce.example.cn"}
    ).encode()
    answer = browser.post(CALL, content=body, headers=signed(body, "application/json"))
    assert answer.status_code == 202
    assert [row.recipient for row in kept()] == [None, "b-x@bounce.example.cn"]


@pytest.mark.parametrize("case", ["unsigned", "other-secret", "old", "garbled", "changed"])
def test_the_call_refuses_what_is_not_genuine(browser: TestClient, case: str) -> None:
    raw = b"Subject: x\r\n\r\n"
    headers = {
        "unsigned": {"content-type": "message/rfc822"},
        "other-secret": signed(raw, "message/rfc822", new_secret()),
        "old": signed(raw, "message/rfc822", at=datetime.now(UTC).timestamp() - 400),
        "garbled": signed(raw, "message/rfc822") | {"webhook-signature": "v1 ,,, \u00e9"},
        "changed": signed(b"Subject: y\r\n\r\n", "message/rfc822"),
    }[case]
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = browser.post(CALL, content=raw, headers=encoded)
    assert (answer.status_code, answer.json()["type"]) == (401, "not-genuine")
    assert kept() == []


def test_the_call_says_what_is_wrong_with_its_json_and_when_it_is_closed(
    browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for body in (b"[]", b"{", b'{"raw": 7}', b'{"raw": "***"}', b"[" * 100_000):
        answer = browser.post(CALL, content=body, headers=signed(body, "application/json"))
        assert answer.status_code == 400, body[:10]
    monkeypatch.setattr(settings(), "returns_secret", None)
    assert browser.post(CALL, content=b"x").json()["type"] == "returns-closed"


# --- staff ------------------------------------------------------------------------------------ #


def test_staff_see_what_came_back_and_only_few_read_it(
    browser: TestClient, staff: Callable[..., dict[str, str]]
) -> None:
    message = sent()
    row = came_back(dsn(*failed("5.1.1", f"550 5.1.1 <{PERSON}> no")), return_path(message))
    origin = {"Origin": "http://testserver"}

    def get(path: str, role: str, district: str | None = None) -> str:
        browser.cookies.update(staff(role, district))
        answer = browser.get(f"{RETURNS}{path}", headers={"Accept-Language": "en"})
        return answer.text if answer.status_code == 200 else str(answer.status_code)

    listed = get("", "viewer")
    assert "Dead address" in listed and "w***@example.com" in listed and PERSON not in listed
    assert "w***@example.com" not in get("", "viewer", "110105")
    assert get(f"/{row.id}", "viewer", "110105") == "403"
    assert "Send there again…" not in get(f"/{row.id}", "viewer")
    assert "Send there again…" in get(f"/{row.id}", "district-editor", "110102")
    assert "w***@example.com" in get(f"/{row.id}/undo", "district-editor", "110102")
    assert browser.post(f"{RETURNS}/{row.id}", headers=origin).status_code == 403
    undone = browser.post(f"{RETURNS}/{row.id}/undo", headers=origin)
    assert undone.headers["location"].endswith("?done=undone")
    assert browser.post(f"{RETURNS}/{row.id}/undo", headers=origin).status_code == 409
    browser.cookies.update(staff("city-admin"))
    opened = browser.post(f"{RETURNS}/{row.id}", headers=origin)
    assert PERSON in opened.text and opened.headers["cache-control"] == "no-store"
    with database.transaction() as session:
        events = session.scalars(sa.select(OutboxRow).filter_by(type="audit.recorded.v1")).all()
        acts = [event.envelope["data"]["action"] for event in events]
    assert sorted(acts) == ["return.opened", "suppression.lifted"]
