"""Digests: gathered at their hour, once, and counted in every broadcast that they carry."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from services.chassis.database import utc_now
from services.notifications.broadcasts import reading, sending
from services.notifications.broadcasts.models import Broadcast
from services.notifications.broadcasts.schemas import BroadcastOut
from services.notifications.database import database
from services.notifications.delivery import lanes, receipts, unknown
from services.notifications.delivery.models import Delivery
from services.notifications.digests.service import gather, latest_hour, next_hour
from services.notifications.unsubscribing.service import unsubscribe, unsubscribe_token
from tests.notifications import told
from tests.notifications.broadcasting import MESSAGE, approved, author, person
from tests.sink import SmtpSink

DAILY, WEEKLY = "daily@example.com", "weekly@example.com"


def begun(title: str, days_ago: float = 1, **changes: object) -> BroadcastOut:
    """A broadcast that began to go out some days ago."""
    texts = {tag: text | {"subject": f"{title} {tag}"} for tag, text in MESSAGE.items()}
    broadcast = approved(title=title, message=texts, **changes)
    sending.send(author(), broadcast.id)
    with database.transaction() as session:
        session.execute(
            sa.update(Broadcast)
            .where(Broadcast.id == broadcast.id)
            .values(started_at=utc_now() - timedelta(days=days_ago))
        )
    return broadcast


def counts(broadcast: BroadcastOut) -> dict[str, int]:
    """The states that are not empty; they add up to the total."""
    found = reading.read(author(), broadcast.id).counts.model_dump()
    total = found.pop("total")
    assert total == sum(found.values())
    return {state: number for state, number in found.items() if number}


def go() -> None:
    lanes.run_lane("bulk", sending.look_after)


@pytest.mark.parametrize(
    ("moment", "daily", "weekly", "after"),
    [
        # 23 November 2026 is a Monday.
        ("2026-11-23 07:59", "2026-11-22", "2026-11-16", "2026-11-23"),
        ("2026-11-23 08:00", "2026-11-23", "2026-11-23", "2026-11-30"),
        ("2026-11-29 23:00", "2026-11-29", "2026-11-23", "2026-11-30"),
    ],
)
def test_the_hours(moment: str, daily: str, weekly: str, after: str) -> None:
    now = datetime.fromisoformat(moment).replace(tzinfo=told.BEIJING).astimezone(UTC)
    assert f"{latest_hour('daily', now):%Y-%m-%d %H:%M}" == f"{daily} 08:00"
    assert f"{latest_hour('weekly', now):%Y-%m-%d %H:%M}" == f"{weekly} 08:00"
    assert f"{next_hour('weekly', now):%Y-%m-%d %H:%M}" == f"{after} 08:00"


def test_one_mail_for_all_that_waited_and_each_broadcast_counts_it(smtp: SmtpSink) -> None:
    person("now@example.com")
    person(DAILY, digest="daily")
    person(WEEKLY, digest="weekly")
    first, second = begun("First"), begun("Second")
    today = begun("Today", days_ago=0)
    urgent = begun("Urgent", urgency="important")
    assert reading.reach(author(), first.id).gathered == 2
    go()
    assert counts(first) == {"accepted": 1, "pending": 2}
    assert counts(urgent) == {"accepted": 3}, "only what can wait is gathered"
    assert reading.read(author(), first.id).status == "sending"
    now = utc_now()
    with ThreadPoolExecutor(4) as pool:
        made = sum(pool.map(gather, [now] * 4))
    weekly_too = latest_hour("weekly", now) == latest_hour("daily", now)
    assert made == (2 if weekly_too else 1)
    go()
    [mail] = [taken for taken in smtp.to(DAILY) if "Urgent" not in str(taken.message["Subject"])]
    assert mail.text.index("First zh-CN") < mail.text.index("Second zh-CN")
    assert "Today" not in mail.text, "it began after the hour"
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert counts(first)["accepted"] == counts(second)["accepted"] == 1 + made
    assert counts(today) == {"accepted": 1, "pending": 2}
    assert gather(now) == 0
    assert gather(now + timedelta(days=8)) == 2, "both, with what was left"


def test_it_shares_its_fate_and_what_is_called_off_is_not_in_it(smtp: SmtpSink) -> None:
    person(DAILY, digest="daily")
    kept, dropped, late = begun("Kept"), begun("Dropped"), begun("Late")
    gather(utc_now())
    sending.cancel(author(), dropped.id)
    smtp.at_data[DAILY] = "drop"
    go()
    assert (counts(kept), counts(dropped), counts(late)) == (
        {"unknown": 1},
        {"cancelled": 1},
        {"unknown": 1},
    )
    [digest] = told.deliveries(kind="digest")
    with database.transaction() as session:
        assert receipts.received(
            session, digest.id, "bounced", reply="5.1.1", sender="relay", at=utc_now()
        )
    assert (counts(kept), counts(dropped)) == ({"bounced": 1}, {"cancelled": 1})
    sending.look_after(utc_now())
    assert reading.read(author(), kept.id).status == "sent"


def test_who_stops_in_between_gets_none(smtp: SmtpSink) -> None:
    person(DAILY, digest="daily")
    broadcast = begun("Kept")
    gather(utc_now())
    [digest] = told.deliveries(kind="digest")
    unsubscribe(unsubscribe_token(digest.id))
    go()
    assert smtp.to(DAILY) == []
    assert counts(broadcast) == {"suppressed": 1}


def test_what_is_paused_or_too_late_meanwhile_is_left_out(smtp: SmtpSink) -> None:
    person(DAILY, digest="daily")
    kept, paused, late = begun("Kept"), begun("Paused"), begun("Late")
    now = utc_now()
    gather(now)
    sending.pause(author(), paused.id)
    with database.transaction() as session:
        session.execute(
            sa.update(Delivery).where(Delivery.broadcast_id == late.id).values(expires_at=now)
        )
    go()
    [mail] = smtp.to(DAILY)
    assert "Kept" in mail.text
    assert "Paused" not in mail.text
    assert "Late" not in mail.text
    assert (counts(kept), counts(paused), counts(late)) == (
        {"accepted": 1},
        {"pending": 1},
        {"expired": 1},
    )
    sending.resume(author(), paused.id)
    assert gather(now + timedelta(days=1)) == 1, "it comes with the next one"


def test_a_digest_that_goes_again_opens_its_broadcasts(smtp: SmtpSink) -> None:
    person(DAILY, digest="daily")
    broadcast = begun("Kept")
    gather(utc_now())
    smtp.at_data[DAILY] = "drop"
    go()
    sending.look_after(utc_now())
    assert reading.read(author(), broadcast.id).status == "sent"
    [digest] = told.deliveries(kind="digest")
    unknown.send_again(author(), unknown.Chosen([digest.id]))
    assert reading.read(author(), broadcast.id).status == "sending"
    smtp.at_data.clear()
    go()
    assert counts(broadcast) == {"accepted": 1}
    assert reading.read(author(), broadcast.id).status == "sent"
