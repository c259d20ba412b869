"""A storm over a few activities: one of several processes that do everything at once.

    python -m tests.registration.storm SEED ACTS ACTIVITIES [without-guard | out-of-order]

The activities are ids with commas between them: two of one series with few places.
Every process registers, cancels, accepts, lets offers run out, changes parties, moves people and
changes the capacity, in an order that the seed draws. It prints how often each of them was done.
How many acts there are is given, not how long they may take: so it is as much of a storm on a busy
machine.
The negative controls: ``without-guard`` takes a seat without asking whether there is one, and
``out-of-order`` offers places to whoever came last.
"""

from __future__ import annotations

import json
import random
import sys
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import sqlalchemy as sa

from services.chassis.database import utc_now
from services.chassis.problems import Problem
from services.registration.database import database
from services.registration.registrations import moving, seats, service, upkeep
from services.registration.registrations.models import LIVE, Registration, manage_token
from services.registration.registrations.schemas import RegistrationPatch
from tests.registration.ground import register

THREADS = 6


def acts(activities: list[uuid.UUID], draw: random.Random) -> list[Callable[[], object]]:
    """What may happen next; each picks its own victim when it runs."""
    activity, other = draw.sample(activities, 2)
    number, size = draw.randrange(10**9), draw.choice((1, 1, 1, 2, 3))
    return [
        partial(register, activity, number, party_size=size),
        partial(register, activity, number + 1, party_size=size),
        partial(_to_somebody, draw, service.cancel),
        partial(_to_somebody, draw, service.accept),
        partial(_to_somebody, draw, service.accept),
        partial(_to_somebody, draw, lambda link: service.change(link, _party(draw))),
        partial(_to_somebody, draw, lambda link: moving.move(link, other)),
        partial(_run_out, draw),
        upkeep.expire_holds,
        partial(_widen, activity, draw.choice((-1, 1, 1))),
    ]


def _party(draw: random.Random) -> RegistrationPatch:
    return RegistrationPatch(party_size=draw.choice((1, 2, 3)))


def _to_somebody(draw: random.Random, act: Callable[[str], object]) -> None:
    with database.transaction() as session:
        live = session.scalars(
            sa.select(Registration.id).where(Registration.status.in_(LIVE))
        ).all()
    if live:
        act(manage_token(draw.choice(live)))


def _run_out(draw: random.Random) -> None:
    """The time of one offer passes."""
    with database.transaction() as session:
        offered = session.scalars(
            sa.select(Registration.id).where(Registration.status == "offered")
        ).all()
        if offered:
            session.execute(
                sa.update(Registration)
                .where(Registration.id == draw.choice(offered), Registration.status == "offered")
                .values(hold_expires_at=utc_now() - timedelta(seconds=1))
            )


def _widen(activity_id: uuid.UUID, more: int) -> None:
    """As an edit of the capacity does it: never below what is taken."""
    with database.transaction() as session:
        activity = seats.locked(session, activity_id)
        wanted = (activity.capacity or 0) + more
        if 1 <= wanted <= 12 and wanted >= activity.seats_taken:
            activity.capacity = wanted
            session.flush()
            upkeep.offer_places(session, activity_id)


def _done(act: Callable[[], object]) -> str:
    try:
        act()
    except Problem as problem:
        return problem.kind
    except sa.exc.IntegrityError as error:
        return str(error.orig).partition("\n")[0]
    return "done"


def main() -> None:
    seed, number_of_acts = int(sys.argv[1]), int(sys.argv[2])
    if "without-guard" in sys.argv:
        seats.fits = lambda _party_size: sa.true()  # type: ignore[assignment]
    if "out-of-order" in sys.argv:
        seats.IN_LINE = Registration.waiting_since.desc()  # type: ignore[assignment]
    activities = [uuid.UUID(text) for text in sys.argv[3].split(",")]

    def one(number: int) -> Counter[str]:
        draw, counts = random.Random(seed * 100 + number), Counter[str]()
        for _ in range(number_of_acts):
            counts[_done(draw.choice(acts(activities, draw)))] += 1
        return counts

    with ThreadPoolExecutor(THREADS) as pool:
        sys.stdout.write(json.dumps(sum(pool.map(one, range(THREADS)), Counter())) + "\n")


if __name__ == "__main__":
    main()
