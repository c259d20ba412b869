"""The public programme with ten thousand activities: every filter, against its SQL alone."""

from __future__ import annotations

import urllib.parse
import urllib.request

import psycopg
import sqlalchemy as sa
from rich.table import Table
from sqlalchemy.engine import make_url

from bench.timing import connected, get, p50, p95, times
from services.registration.activities import catalogue
from services.registration.catalogue.filters import Filters
from services.registration.database import database
from tests.registration.programme import fill
from tests.stack import Stack

ACTIVITIES, REGISTRATIONS = 10_000, 40_000
LIMIT = 50  # milliseconds, p95 of a page on an idle machine

ASKED: tuple[tuple[str, dict[str, str], Filters], ...] = (
    ("everything", {}, Filters()),
    ("district", {"district": "110102"}, Filters(district="110102")),
    ("kind that there is not", {"kind": "enterprise_visit"}, Filters(kind="enterprise_visit")),
    ("topic", {"topic": "health"}, Filters(topic="health")),
    ("destination", {"country": "TH"}, Filters(country="TH")),
    ("language", {"language": "en"}, Filters(language="en")),
    ("audience, step-free", {"audience": "students", "step_free": "true"},
     Filters(audience="students", step_free=True)),
    ("open", {"open": "true"}, Filters(open=True)),
    ("word in most of them", {"q": "安全"}, Filters(words="安全")),
    ("words in most of them", {"q": "护照丢了怎么办"}, Filters(words="护照丢了怎么办")),
    ("English word", {"q": "lectures"}, Filters(words="lectures")),
    ("country by name, district", {"q": "泰国", "district": "110105"},
     Filters(words="泰国", district="110105")),
    ("word that stands nowhere", {"q": "氢气球"}, Filters(words="氢气球")),
)  # fmt: skip


def measure(stack: Stack) -> Table:
    """The list's page and the API's answer for each filter, one caller: median and p95 (ms)."""
    with connected(database, stack):
        with database.transaction() as session:
            fill(session, activities=ACTIVITIES, registrations=REGISTRATIONS)
        with database.at_once() as connection:
            connection.execute(sa.text("VACUUM (ANALYZE) activities, registrations"))
        bare = {name: _bare(stack, filters) for name, _, filters in ASKED}
    table = Table(
        *("filter", "SQL", "API", "p95", "page", "p95", "of 50", "page:SQL"),
        title=f"The catalogue with {ACTIVITIES:,} activities (ms)",
    )
    for name, query, _ in ASKED:
        text = urllib.parse.urlencode(query)
        api = times(lambda text=text: get(f"{stack.url}/api/registration/v1/activities?{text}"))
        page = times(lambda text=text: get(f"{stack.url}/activities?{text}"))
        table.add_row(
            name,
            f"{p50(bare[name]):.1f}",
            f"{p50(api):.1f}",
            f"{p95(api):.1f}",
            f"{p50(page):.1f}",
            f"{p95(page):.1f}",
            f"{p95(page) / LIMIT:.2f}",
            f"{p50(page) / p50(bare[name]):.1f}",
        )
    for path in ("/activities/calendar", "/activities/calendar.ics", "/activities/feed.atom"):
        found = times(lambda path=path: get(stack.url + path))
        table.add_row(path, "", "", "", f"{p50(found):.1f}", f"{p95(found):.1f}",
                      f"{p95(found) / LIMIT:.2f}", "")  # fmt: skip
    return table


def _bare(stack: Stack, filters: Filters) -> list[float]:
    """The very statements of the page's list and count, through psycopg and nothing else."""
    statements: list[tuple[str, object]] = []

    def hear(_c: object, _cursor: object, statement: str, values: object, *_rest: object) -> None:
        statements.append((statement, values))

    sa.event.listen(database.engine, "before_cursor_execute", hear)
    try:
        catalogue.list_activities(filters, limit=12)
        catalogue.public_count(filters)
    finally:
        sa.event.remove(database.engine, "before_cursor_execute", hear)
    url = make_url(stack.info.database_url).set(database="lingbao_registration")
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:

        def once() -> None:
            with connection.transaction():
                for statement, values in statements:
                    cursor = connection.execute(statement, values)
                    if cursor.description is not None:
                        cursor.fetchall()

        return times(once)
