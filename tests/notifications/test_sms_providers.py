"""Every provider of text messages, held to one contract against its own protocol."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Iterator

import pytest

from services.chassis.database import utc_now
from services.chassis.settings import settings
from services.notifications.senders.background import background
from services.notifications.senders.outcome import Outcome, Verdict
from services.notifications.senders.sms.cloud import CALLS_AT_ONCE, Threads
from services.notifications.senders.sms.failover import Providers
from services.notifications.senders.sms.sender import CanBeAsked, NotBegun, NotHere, SmsSender
from tests.notifications.sms_contract import (
    PHONE,
    SIGNATURE,
    TEXT,
    TRIALS,
    Trial,
    close,
    nobody,
    register_templates,
    send,
)


@pytest.fixture(scope="module", params=list(TRIALS))
def trial(request: pytest.FixtureRequest) -> Iterator[Trial]:
    found = TRIALS[request.param]
    found.server.start()
    yield found
    found.server.stop()


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "outgoing_allow", ["127.0.0.0/8"])
    register_templates()


@pytest.fixture
def sender(trial: Trial) -> Iterator[SmsSender]:
    trial.server.clear()
    made = trial.make(trial.server.url, True)
    yield made
    close(made)


@pytest.fixture
def hasty(trial: Trial) -> Iterator[SmsSender]:
    """A sender that gives up before a server that stalls answers."""
    trial.server.clear()
    made = trial.make(trial.server.url, True, 1.0)
    yield made
    close(made)


def _whole(text: str = TEXT) -> str:
    return f"【{SIGNATURE}】{text}"


def test_it_is_taken_once_as_the_provider_wants_it(trial: Trial, sender: SmsSender) -> None:
    outcome = send(sender, PHONE)
    assert outcome.verdict == Verdict.ACCEPTED, outcome
    assert outcome.provider_id
    [taken] = trial.server.taken
    assert (taken.to, taken.text) == (trial.as_written(PHONE), _whole())


def test_what_a_provider_refuses(trial: Trial, sender: SmsSender) -> None:
    """A number that is none is dead, a limit passes; no reply names the telephone."""
    trial.server.ways = {
        trial.as_written("+8613800000001"): "no-number",
        trial.as_written("+8613800000002"): "busy",
    }
    dead, busy = send(sender, "+8613800000001"), send(sender, "+8613800000002")
    assert (dead.verdict, busy.verdict) == (Verdict.BOUNCED, Verdict.LATER)
    assert trial.server.taken == []
    assert all(outcome.reply and "1380000000" not in outcome.reply for outcome in (dead, busy))


def test_a_lost_answer_is_never_a_second_message(trial: Trial, hasty: SmsSender) -> None:
    """Who keeps records is asked for the message; of anyone else it stays unknown."""
    trial.server.ways = {trial.as_written(PHONE): "take-and-stall"}
    reference = uuid.uuid4()
    outcome = send(hasty, PHONE, reference=reference)
    assert len(trial.server.taken) == 1
    assert outcome.verdict == (Verdict.ACCEPTED if trial.is_asked else Verdict.UNKNOWN), outcome
    if not trial.is_asked:
        return
    # An emergency that goes once more is looked for first.
    again = send(hasty, PHONE, reference=reference, again=True)
    assert again.verdict == Verdict.ACCEPTED
    assert len(trial.server.taken) == 1
    assert isinstance(hasty, CanBeAsked)
    receipt = background().run(hasty.ask(PHONE, reference, utc_now()))
    assert receipt is not None
    assert receipt.state == "delivered"


def test_what_its_records_do_not_show_stays_unknown(trial: Trial, hasty: SmsSender) -> None:
    trial.server.ways = {trial.as_written(PHONE): "stall"}
    assert send(hasty, PHONE).verdict == Verdict.UNKNOWN


def test_away_or_with_wrong_keys_the_provider_is_unwell_and_no_message_is(trial: Trial) -> None:
    trial.server.clear()
    for made in (trial.make(nobody(), True), trial.make(trial.server.url, False)):
        outcome = send(made, PHONE)
        close(made)
        assert outcome.verdict == Verdict.UNREACHABLE, outcome
        assert outcome.reply
    assert trial.server.taken == []


def test_many_at_once(trial: Trial, sender: SmsSender) -> None:
    """As a lane sends them: in few calls where the provider has such, each with its own answer."""
    numbers = [f"+86138000010{index:02}" for index in range(12)]

    async def all_at_once() -> list[Outcome]:
        return await asyncio.gather(
            *(sender.send(to, TEXT, uuid.uuid4()) for to in [*numbers, numbers[0]])
        )

    outcomes = background().run(all_at_once())
    assert {outcome.verdict for outcome in outcomes} == {Verdict.ACCEPTED}
    wanted = sorted(trial.as_written(number) for number in [*numbers, numbers[0]])
    assert sorted(taken.to for taken in trial.server.taken) == wanted
    if trial.strict:
        # The number that comes twice goes in a second call, and what a busy machine adds after the
        # time for gathering in another; one call for each message would be no gathering.
        assert 2 <= len(trial.server.calls) < len(numbers)


def test_a_number_that_is_none_does_not_condemn_those_beside_it(
    trial: Trial, sender: SmsSender
) -> None:
    """Also where a provider refuses a call for many numbers as a whole."""
    dead, busy, *well = numbers = [f"+86138000020{index:02}" for index in range(5)]
    trial.server.ways = {trial.as_written(dead): "no-number", trial.as_written(busy): "busy"}

    async def all_at_once() -> list[Outcome]:
        return await asyncio.gather(*(sender.send(to, TEXT, uuid.uuid4()) for to in numbers))

    outcomes = background().run(all_at_once())
    assert [outcome.verdict for outcome in outcomes] == [
        Verdict.BOUNCED,
        Verdict.LATER,
        *[Verdict.ACCEPTED] * len(well),
    ]
    assert sorted(taken.to for taken in trial.server.taken) == [
        trial.as_written(number) for number in well
    ]


def test_a_text_that_is_not_approved_is_not_sent(trial: Trial, sender: SmsSender) -> None:
    outcome = send(sender, PHONE, "没有报备的文字")
    if trial.strict:
        assert isinstance(outcome, NotHere)
        assert "template" in outcome.reply
        assert trial.server.calls == []
    else:
        assert outcome.verdict == Verdict.ACCEPTED


class Weather:
    """A provider that is away while it is told to be."""

    def __init__(self) -> None:
        self.away = False
        self.breaks = False
        self.asked = 0
        self.takes = 0.0

    async def send(
        self,
        to: str,
        text: str,
        reference: uuid.UUID,
        *,
        again: bool = False,
        deadline: float | None = None,
    ) -> Outcome:
        self.asked += 1
        await asyncio.sleep(self.takes)
        if self.breaks:
            raise KeyError("what nobody foresaw")
        verdict = Verdict.UNREACHABLE if self.away else Verdict.ACCEPTED
        return Outcome(verdict, "as told")

    async def close(self) -> None:
        """Nothing is kept."""


def test_the_next_provider_takes_over_and_the_first_comes_back_slowly() -> None:
    first, second = Weather(), Weather()
    now = 1000.0
    ways = Providers({"one": first, "two": second}, 10_000, clock=lambda: now)
    assert send(ways, PHONE).sender == "one"
    first.away = True
    assert [send(ways, PHONE).sender for _ in range(10)] == ["two"] * 10
    assert first.asked == 1 + 3  # then it rests
    first.away = False
    assert send(ways, PHONE).sender == "two"  # still resting
    now += 31
    first.takes = 0.5

    async def three() -> list[Outcome]:
        return await asyncio.gather(*(ways.send(PHONE, TEXT, uuid.uuid4()) for _ in range(3)))

    assert sorted(outcome.sender for outcome in background().run(three())) == ["one", "two", "two"]
    first.takes = 0.0
    second.away = True
    assert {send(ways, PHONE).sender for _ in range(4)} == {"one"}
    first.away = True
    outcome = send(ways, PHONE)
    assert outcome.verdict == Verdict.UNREACHABLE


def test_laid_to_rest_it_waits_and_a_broken_probe_is_no_end() -> None:
    first = Weather()
    now = 1000.0
    ways = Providers({"one": first, "two": Weather()}, 10_000, clock=lambda: now)
    ways.obey(frozenset({"one", "two"}))
    assert send(ways, PHONE).verdict == Verdict.HELD, "nobody gives up on what staff hold back"
    ways.obey(frozenset())
    first.away = True
    assert {send(ways, PHONE).sender for _ in range(4)} == {"two"}
    now += 31
    first.away, first.breaks = False, True
    with pytest.raises(KeyError):
        send(ways, PHONE)
    first.breaks = False
    assert send(ways, PHONE).sender == "one", "another probe may go"


class Strict(Weather):
    """A provider that has approved nothing."""

    async def send(
        self,
        to: str,
        text: str,
        reference: uuid.UUID,
        *,
        again: bool = False,
        deadline: float | None = None,
    ) -> Outcome:
        return NotHere(Verdict.REFUSED, "No approved template fits.")


def test_a_text_that_one_may_not_send_waits_for_another_that_is_away() -> None:
    free = Weather()
    ways = Providers({"strict": Strict(), "free": free}, 10_000)
    assert send(ways, PHONE).sender == "free"
    free.away = True
    assert {send(ways, PHONE).verdict for _ in range(5)} == {Verdict.UNREACHABLE}
    assert send(Providers({"strict": Strict()}, 10_000), PHONE).verdict == Verdict.REFUSED


def test_a_message_whose_turn_comes_too_late_goes_back_untouched() -> None:
    """Its lease may be another worker's by then, who would send it a second time."""
    provider = Weather()
    ways = Providers({"one": provider}, 10_000)

    async def late() -> Outcome:
        return await ways.send(PHONE, "text", uuid.uuid4(), deadline=time.monotonic())

    outcome = background().run(late())
    assert (outcome.verdict, provider.asked) == (Verdict.HELD, 0)
    assert send(ways, PHONE).verdict == Verdict.ACCEPTED

    async def behind_busy_threads() -> None:
        threads, free = Threads("test"), threading.Event()
        deadline = time.monotonic() + 0.1
        busy = [threads.run(lambda: free.wait(60)) for _ in range(CALLS_AT_ONCE)]
        late = asyncio.gather(*busy, threads.run(list, deadline))
        try:
            while time.monotonic() <= deadline:
                await asyncio.sleep(0.02)
            free.set()
            await late
        finally:
            free.set()
            threads.close()

    with pytest.raises(NotBegun):
        background().run(behind_busy_threads())
