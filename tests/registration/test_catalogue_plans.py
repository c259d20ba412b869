"""Ten thousand activities: how PostgreSQL goes about what the public pages ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from starlette.testclient import TestClient

from services.registration.activities.models import Activity
from services.registration.catalogue import destinations
from services.registration.database import database
from tests.registration.programme import fill

Statement = tuple[str, Any]

PAGES = (
    "/",
    "/activities",
    "/activities?district=110102&kind=lecture&when=week",
    "/activities?topic=health&language=en&open=on",
    "/activities?country=TH",
    "/activities?audience=students&step_free=on&from=2020-01-01",
    "/activities?q=安全",
    "/activities?q=nothing-like-it",
    "/activities/calendar",
    "/activities/calendar?q=护照丢了",
    "/activities/calendar.ics",
    "/activities/feed.atom?district=110105",
    "/embed/activities?district=110105",
)


@contextmanager
def listening() -> Iterator[list[Statement]]:
    """Every statement that the service sends meanwhile."""
    heard: list[Statement] = []

    def hear(_c: object, _cursor: object, statement: str, values: Any, *_rest: object) -> None:
        heard.append((statement, values))

    sa.event.listen(database.engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        sa.event.remove(database.engine, "before_cursor_execute", hear)


def scanned(plan: dict[str, Any]) -> Iterator[str]:
    """The tables that a plan reads from end to end."""
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for part in plan.get("Plans", ()):
        yield from scanned(part)


def read_through(statements: list[Statement]) -> set[str]:
    """The tables that any of the statements reads from end to end."""
    found: set[str] = set()
    with database.engine.connect() as connection:
        for statement, values in statements:
            if statement.startswith("SET "):
                connection.exec_driver_sql(statement)
            elif statement.lstrip().startswith("SELECT"):
                plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values)
                found.update(scanned(plan.scalar_one()[0]["Plan"]))
    return found


def test_no_public_page_reads_through_the_registrations(
    client: Callable[..., TestClient],
) -> None:
    browser = client("registration")
    with database.transaction() as session:
        fill(session)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM (ANALYZE) activities, registrations"))
    with database.transaction() as session:
        slug = session.scalars(
            sa.select(Activity.slug).where(Activity.status == "published").limit(1)
        ).one()
    for page in (*PAGES, f"/activities/{slug}"):
        destinations._codes.cache_clear()
        with listening() as heard:
            answer = browser.get(page)
        assert answer.status_code == 200, page
        assert any("activities" in statement for statement, _ in heard), page
        about = [one for one in heard if "FROM registrations" in one[0]]
        assert len(about) <= 1, f"{page}: one question for the waiting of all of its activities"
        through = read_through(heard)
        assert "registrations" not in through, page
        if "q=" in page:
            assert "activities" not in through, f"{page}: words are asked of the index"


def test_the_looking_finds_a_scan() -> None:
    """The negative control: a question that no index answers."""
    with database.transaction() as session:
        fill(session, activities=400, registrations=800)
    with listening() as heard, database.transaction() as session:
        session.scalar(sa.text("SELECT count(*) FROM registrations WHERE language = 'en'"))
    assert read_through(heard) == {"registrations"}
