"""Relays that refuse, stall, break off or die, and who takes over."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterable

import pytest

from services.chassis.relays import DomainLimit, MailRelay, domain_limits, mail_relays
from services.chassis.stack.ports import free_port
from services.notifications.senders.breaker import (
    FAILURES,
    FIRST_REST,
    LONGEST_REST,
    STEADY,
    Breaker,
)
from services.notifications.senders.email import MailSender, Orders
from services.notifications.senders.outcome import Outcome, Verdict
from services.notifications.senders.replies import GREYLISTED_SECONDS
from services.notifications.senders.wire import dotted
from tests.notifications.scripted import DROP, STALL, Scripted

FROM = "no-reply@lingbao.example"
TO = "person@example.com"
TEXT = b"Subject: x\r\n\r\nHello\r\n"


def _send(
    urls: str | Iterable[str],
    number: int = 1,
    *,
    timeout: float = 5.0,
    orders: Orders | None = None,
) -> list[Outcome]:
    """One after the other, by one sender over its relays."""

    async def work() -> list[Outcome]:
        relays = mail_relays(urls if isinstance(urls, str) else " ".join(urls))
        sender = MailSender(relays, "test", timeout=timeout)
        sender.obey(orders or Orders())
        outcomes = [await sender.send(FROM, TO, TEXT, bulk=True) for _ in range(number)]
        await sender.close()
        return outcomes

    return asyncio.run(work())


@pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "step-by-step"])
@pytest.mark.parametrize(
    ("stage", "reply", "verdict"),
    [
        ("MAIL", "421 4.3.2 closing", Verdict.UNREACHABLE),
        ("MAIL", "530 5.7.0 sign in first", Verdict.UNREACHABLE),
        ("MAIL", "550 5.1.8 we do not know you", Verdict.REFUSED),
        ("RCPT", "450 4.2.0 busy", Verdict.LATER),
        ("RCPT", "550 5.1.1 no such user", Verdict.BOUNCED),
        ("RCPT", "550 no such user", Verdict.BOUNCED),
        ("RCPT", "550 blocked by a list", Verdict.REFUSED),
        ("RCPT", "552 5.2.2 mailbox full", Verdict.REFUSED),
        ("RCPT", "550 5.7.1 relaying denied", Verdict.REFUSED),
        ("DATA", "451 4.3.0 not now", Verdict.LATER),
        ("message", "554 5.6.0 content", Verdict.REFUSED),
        ("message", "550 5.1.1 no such user after all", Verdict.BOUNCED),
        ("MAIL", DROP, Verdict.UNREACHABLE),
        ("RCPT", DROP, Verdict.UNREACHABLE),
        ("DATA", DROP, Verdict.UNREACHABLE),
        ("message", DROP, Verdict.UNKNOWN),
        ("RCPT", STALL, Verdict.UNREACHABLE),
        ("message", STALL, Verdict.UNKNOWN),
        ("RCPT", "this is no SMTP", Verdict.UNREACHABLE),
    ],
)
def test_every_answer_means_something(
    stage: str, reply: str, verdict: Verdict, pipelining: bool
) -> None:
    with Scripted(pipelining=pipelining, **{stage: [reply]}).running() as server:
        first, second = _send(server.url, 2, timeout=2.0 if reply == STALL else 30.0)
        assert first.verdict is verdict
        assert first.sender == server.name
        # The next message goes whatever befell the one before, and only once.
        assert second.verdict is Verdict.ACCEPTED
        assert second.provider_id == "ABCDEF12"
        assert server.messages == [TEXT + b".\r\n"]


def test_what_stands_behind_a_code_is_the_servers_own() -> None:
    """Tabs are allowed (RFC 5321 §4.2), Chinese spaces come all the same: it was taken."""
    with Scripted(message=["250 2.0.0\tOk,\u3000queued as ABCDEF12"]).running() as server:
        [outcome] = _send(server.url)
    assert (outcome.verdict, outcome.provider_id) == (Verdict.ACCEPTED, "ABCDEF12")


def test_greylisting_is_waited_for() -> None:
    replies = ["450 4.7.1 come back", "451 greylisted, try again", "451 4.4.1 busy"]
    with Scripted(RCPT=replies).running() as server:
        waits = [outcome.wait for outcome in _send(server.url, 3)]
    assert waits == [GREYLISTED_SECONDS, GREYLISTED_SECONDS, 0.0]


def test_a_lenient_server_that_wants_the_text_of_a_refused_message_gets_none() -> None:
    """RFC 2920 §3.1: it says 354 although it has no recipient."""
    answers = {"RCPT": ["550 5.1.1 no"], "message": ["554 no recipients"]}
    with Scripted(lenient=True, **answers).running() as server:
        first, second = _send(server.url, 2)
        assert (first.verdict, second.verdict) == (Verdict.BOUNCED, Verdict.ACCEPTED)
        assert (len(server.messages), server.connections) == (1, 1)


def test_kept_connections_that_died_are_replaced() -> None:
    async def work(server: Scripted) -> list[Verdict]:
        sender = MailSender(mail_relays(server.url), "test", timeout=1.0)
        found = [(await sender.send(FROM, TO, TEXT)).verdict]
        server.say_unasked("421 4.4.2 idle for too long")
        await asyncio.sleep(0.05)
        found.append((await sender.send(FROM, TO, TEXT)).verdict)
        server.answers["MAIL"] = [STALL]  # the peer is gone without a word: half-open
        found.append((await sender.send(FROM, TO, TEXT)).verdict)
        return found

    with Scripted().running() as server:
        assert asyncio.run(work(server)) == [Verdict.ACCEPTED] * 3
        assert (len(server.messages), server.connections) == (3, 3)


def test_a_connection_takes_so_many_messages() -> None:
    with Scripted().running() as server:
        _send(server.url + "&per_connection=2", 5)
        assert server.connections == 3


def test_addresses_beyond_ascii_or_with_a_command_in_them_are_refused() -> None:
    async def work(server: Scripted) -> list[Outcome]:
        sender = MailSender(mail_relays(server.url), "test")
        wrong = ["王@example.com", "a@b.cn>\r\nRCPT TO:<x@y.cn", "a b@c.cn"]
        return [await sender.send(FROM, address, TEXT) for address in wrong]

    with Scripted().running() as server:
        outcomes = asyncio.run(work(server))
        assert {outcome.verdict for outcome in outcomes} == {Verdict.REFUSED}
        assert "RFC 6531" in outcomes[0].reply
        assert server.connections == 0


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        (b"a\r\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n.\r\n"),
        (b".a", b"..a\r\n.\r\n"),
        (b"a\n.\nMAIL FROM:<x>\r\n", b"a\r\n..\r\nMAIL FROM:<x>\r\n.\r\n"),
        (b"a\r.\rb", b"a\r\n..\r\nb\r\n.\r\n"),
    ],
    ids=["dot", "first-dot", "bare-lf", "bare-cr"],
)
def test_nothing_in_a_text_ends_it(message: bytes, wire: bytes) -> None:
    assert dotted(message) == wire


def test_relays_share_by_weight_and_stand_in_for_one_another() -> None:
    with Scripted().running() as big, Scripted().running() as small:
        with Scripted().running() as spare:
            urls = [big.url + "&weight=3", small.url, spare.url + "&weight=0"]
            outcomes = _send(urls, 40)
            counts = Counter(outcome.sender for outcome in outcomes)
            assert counts == {big.name: 30, small.name: 10}
            resting = Orders(resting=frozenset({big.name, small.name}))
            assert _send(urls, 1, orders=resting)[0].sender == spare.name
        dead = f"smtp://127.0.0.1:{free_port()}?starttls=never&name=dead&weight=50"
        outcomes = _send([dead, small.url], 12)
        assert {outcome.sender for outcome in outcomes} == {small.name}


def test_what_nobody_may_take_is_held() -> None:
    with Scripted().running() as server:
        orders = Orders(resting=frozenset({server.name}))
        assert _send(server.url, orders=orders)[0].verdict is Verdict.HELD
        warming = Orders(left={server.name: 2})
        verdicts = [outcome.verdict for outcome in _send(server.url, 3, orders=warming)]
        assert verdicts == [Verdict.ACCEPTED, Verdict.ACCEPTED, Verdict.HELD]
        assert len(server.messages) == 2


def test_a_breaker_rests_for_longer_each_time_and_is_trusted_again_slowly() -> None:
    breaker, now = Breaker(), 100.0

    def attempt(*, well: bool) -> None:
        assert breaker.allows(now)
        breaker.begins()
        if well:
            breaker.succeeded()
        else:
            breaker.failed(now)

    for _ in range(FAILURES):
        attempt(well=False)
    rests = []
    for _ in range(6):
        assert not breaker.allows(now)
        rests.append(breaker.rested_until - now)
        now = breaker.rested_until
        assert breaker.allows(now)
        breaker.begins()
        assert not breaker.allows(now), "one message at a time finds out how it is"
        breaker.failed(now)
    assert rests[0] == FIRST_REST
    assert all(later >= earlier for earlier, later in itertools.pairwise(rests))
    assert rests[-1] == LONGEST_REST
    now = breaker.rested_until
    attempt(well=True)
    attempt(well=False)  # it flaps: one failure is enough now
    assert not breaker.allows(now)
    now = breaker.rested_until
    for _ in range(STEADY):
        attempt(well=True)
    attempt(well=False)
    assert breaker.allows(now), "it is trusted again: one failure is no more than one"


def test_a_domain_gets_so_many_connections_at_once() -> None:
    async def work(server: Scripted) -> None:
        limits = {"example.com": DomainLimit(None, 2)}
        sender = MailSender(mail_relays(server.url), "test", limits=limits)
        await asyncio.gather(*(sender.send(FROM, TO, TEXT) for _ in range(20)))
        await sender.close()

    with Scripted().running() as server:
        asyncio.run(work(server))
        assert (len(server.messages), server.connections) == (20, 2)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://h", "must look like"),
        ("smtp://h?starttls=perhaps", "starttls"),
        ("smtp://h?wieght=2", "wieght is not known"),
        ("smtp://h?weight=-1", "weight must be a whole number"),
        ("smtp://h?per_second=fast", "per_second"),
        ("smtp://h?warm_up=soon", "warm_up must be a day"),
        ("smtp://h smtp://h:2525", "two relays are called h"),
        ("smtp://h?weight=0", "weight above 0"),
    ],
)
def test_wrong_relays_are_refused_with_a_sentence(url: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        mail_relays(url)


def test_reading_relays_and_domains() -> None:
    first, second = mail_relays("smtps://u:p%40@a?name=one&weight=3 smtp://b:2525?per_second=0.5")
    assert isinstance(first, MailRelay)
    assert (first.name, first.weight, first.port, first.password) == ("one", 3, 465, "p@")
    assert (second.name, second.per_second) == ("b", 0.5)
    assert domain_limits("QQ.com=20/4 *=50 163.com=/2") == {
        "qq.com": DomainLimit(20.0, 4),
        "*": DomainLimit(50.0, None),
        "163.com": DomainLimit(None, 2),
    }
    with pytest.raises(ValueError, match=r"qq\.com=20/4"):
        domain_limits("qq.com")
