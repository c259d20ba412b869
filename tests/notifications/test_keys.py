"""A new key: who stopped broadcasts, which addresses are dead and who is the same stay known."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from services.chassis.settings import settings
from services.notifications.broadcasts import sending
from services.notifications.contacts import service as contacts
from services.notifications.contacts.models import Suppression, Unsubscribe
from services.notifications.database import database
from services.notifications.delivery import lanes
from services.rekey import rekey
from tests.notifications import told
from tests.notifications.broadcasting import approved, author
from tests.sink import SmtpSink

OLD = "old-key-0123456789abcdef0123456789abcdef"
NEW = "new-key-0123456789abcdef0123456789abcdef"
STOPPED, DEAD, ALIVE = "Stopped@example.com", "Dead@example.com", "Alive@example.com"


@contextmanager
def keys(*secrets: str) -> Iterator[None]:
    """The configured keys, newest first."""
    before = os.environ["LINGBAO_SECRET_KEYS"]
    os.environ["LINGBAO_SECRET_KEYS"] = ",".join(secrets)
    settings.cache_clear()
    try:
        yield
    finally:
        os.environ["LINGBAO_SECRET_KEYS"] = before
        settings.cache_clear()


def known() -> None:
    """A registration of each address, whose owners want broadcasts, in whatever case they typed."""
    for address in (STOPPED, DEAD, ALIVE):
        with database.transaction() as session:
            contacts.keep(
                session,
                contacts.Known(
                    source=f"registration/{len(told.deliveries())}/{os.urandom(4).hex()}",
                    language="zh-CN",
                    email=address,
                    phone=None,
                    districts=["110102"],
                    countries=[],
                    topics=[],
                    reachable=True,
                    wants_broadcasts=True,
                ),
            )


def refuse_two() -> None:
    with database.transaction() as session:
        contacts.unsubscribe(session, "email", STOPPED)
        contacts.suppress(session, "email", DEAD, "bounced")


def rows(table: type[Suppression | Unsubscribe]) -> list[tuple[str, str]]:
    with database.transaction() as session:
        found = session.execute(sa.select(table.address, table.address_hash))
        return [(row.address, row.address_hash) for row in found]


def test_after_rekey_the_old_key_can_go(smtp: SmtpSink) -> None:
    with keys(OLD):
        known()
        refuse_two()
    with keys(NEW, OLD):
        known()  # the same people again, hashed under the new key
        list(rekey())
    with keys(NEW):
        broadcast = approved()
        assert broadcast.counts.total == 1, "one address, known twice, under one hash"
        sending.send(author(), broadcast.id)
        lanes.run_lane("bulk", sending.look_after)
        assert len(smtp.to(ALIVE)) == 1
        assert smtp.to(STOPPED) == smtp.to(DEAD) == []
        assert rows(Unsubscribe) == [(STOPPED, contacts.address_hash(STOPPED))]
        assert rows(Suppression) == [(DEAD, contacts.address_hash(DEAD))]


def test_between_the_new_key_and_rekey_nobody_is_forgotten(smtp: SmtpSink) -> None:
    with keys(OLD):
        refuse_two()
    with keys(NEW, OLD):
        known()
        refuse_two()
        assert len(rows(Unsubscribe)) == len(rows(Suppression)) == 1, "said twice, kept once"
        broadcast = approved()
        sending.send(author(), broadcast.id)
        lanes.run_lane("bulk", sending.look_after)
        assert len(smtp.to(ALIVE)) == 1
        assert smtp.to(STOPPED) == smtp.to(DEAD) == []
        with database.transaction() as session:
            contacts.subscribe_again(session, "email", STOPPED)
            assert not contacts.is_unsubscribed(session, "email", STOPPED)


def test_a_message_that_was_planned_under_both_keys_does_not_stop_rekey() -> None:
    with keys(OLD):
        known()
    with keys(NEW, OLD):
        known()
        assert approved().counts.total == 6, "until rekey they count as different addresses"
        list(rekey())
    with keys(NEW):
        assert sorted({delivery.address for delivery in told.deliveries()}) == [
            ALIVE,
            DEAD,
            STOPPED,
        ]
