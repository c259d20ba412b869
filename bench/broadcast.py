"""A broadcast of 20,000 personal e-mails in two languages, from "send" to the last row recorded.

Beside it, in the same run and to the same sink: the same bytes pushed by aiosmtplib alone over the
same number of connections (the limit), and one Celery task a message with an ``EmailMessage`` and
a connection each (the usual way).

    python -m bench broadcast
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis
import sqlalchemy as sa
from rich.table import Table

from bench import sink
from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.migrate import migrate
from services.chassis.relays import CONNECTIONS
from services.chassis.stack import postgres, valkey
from services.notifications.broadcasts import freezing, reading, sending, writing
from services.notifications.broadcasts.schemas import BroadcastIn
from services.notifications.contacts.models import Contact
from services.notifications.contacts.service import address_hash
from services.notifications.database import database
from services.notifications.delivery import writing as messages
from services.notifications.delivery.models import Delivery
from tests.stack import environment

PEOPLE = 20_000
# Processes of the bulk lane, one for each processor, which share the connections.
WORKERS = 2
ONE_BY_ONE = 1_000
AIM_OF_LIMIT = 0.7
AIM_TIMES = 8
CHINESE = "请您**远离**河岸，{{ name }}。\n\n" + "如需帮助，请致电 12308。\n\n" * 20
ENGLISH = "Please stay **away** from the river, {{ name }}.\n\n" + "Call 12308 for help.\n\n" * 20


def measure(folder: Path) -> Table:
    """All three ways, one after the other."""
    stored, queue = postgres.start(folder), valkey.start(folder)
    try:
        with sink.running() as (name, port):
            found = _figures(folder, stored.url, queue.url, port)
    finally:
        queue.stop()
        stored.stop()
    table = Table("way", "messages", "seconds", "a second", "ratio", "aim")
    table.title = f"A broadcast by e-mail ({name}, {CONNECTIONS} connections)"
    ours = PEOPLE / found["ours"]
    limit, usual = PEOPLE / found["alone"], ONE_BY_ONE / found["one_by_one"]
    table.add_row("Lingbao", f"{PEOPLE:,}", f"{found['ours']:.1f}", f"{ours:,.0f}", "", "")
    table.add_row(
        "aiosmtplib alone, the same bytes",
        f"{PEOPLE:,}",
        f"{found['alone']:.1f}",
        f"{limit:,.0f}",
        f"{ours / limit:.2f} of it",
        f"{AIM_OF_LIMIT}",
    )
    table.add_row(
        "one task, one EmailMessage, one connection each",
        f"{ONE_BY_ONE:,}",
        f"{found['one_by_one']:.1f}",
        f"{usual:,.0f}",
        f"{ours / usual:.1f} times it",
        f"{AIM_TIMES}",
    )
    return table


def _figures(folder: Path, database_url: str, queue_url: str, port: int) -> dict[str, float]:
    bytes_file, each = folder / "messages", CONNECTIONS // WORKERS
    settings = environment(
        folder,
        LINGBAO_DATABASE_URL=database_url,
        LINGBAO_REDIS_URL=queue_url,
        LINGBAO_SMTP_URL=f"smtp://127.0.0.1:{port}?starttls=never&connections={each}",
        LINGBAO_SMS_PROVIDER="none",
        LINGBAO_BASE_URL="http://lingbao.example",
    )
    ours = json.loads(_said(settings, "bench.broadcast", str(bytes_file)))
    alone = _said(
        settings, "bench.alone", str(port), str(CONNECTIONS), str(PEOPLE), str(bytes_file)
    )
    return {"ours": ours, "alone": float(alone), "one_by_one": _one_by_one(queue_url, port)}


def _said(settings: dict[str, str], module: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=settings,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return done.stdout


def _one_by_one(queue_url: str, port: int) -> float:
    """The usual way: tasks on the queue, a worker with as many threads as we have connections."""
    settings = os.environ | {"BENCH_QUEUE": queue_url, "BENCH_PORT": str(port)}
    os.environ.update(settings)
    from bench.one_by_one import app, send  # noqa: PLC0415 - it reads the environment

    began = time.monotonic()
    for index in range(ONE_BY_ONE):
        send.delay(index)
    queued = time.monotonic() - began
    command = ["celery", "-A", "bench.one_by_one", "worker", "--pool=threads"]
    options = [f"--concurrency={CONNECTIONS}", "--loglevel=ERROR", "--without-mingle"]
    with redis.Redis.from_url(queue_url) as queue, _process(settings, *command, *options):
        while int(queue.llen("one-by-one")) == ONE_BY_ONE:
            time.sleep(0.01)
        began = time.monotonic()
        while int(queue.llen("one-by-one")) or int(queue.hlen("unacked")):
            time.sleep(0.02)
        app.close()
        return queued + time.monotonic() - began


@contextmanager
def _process(settings: dict[str, str], *module: str) -> Iterator[None]:
    with (Path(settings.get("LINGBAO_DATA_DIR", "/tmp")) / "bench.log").open("ab") as log:  # noqa: S108
        process = subprocess.Popen(
            [sys.executable, "-m", *module], env=settings, stdout=log, stderr=log
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


def _staff() -> Principal:
    identifier = uuid.uuid4()
    return Principal("staff", identifier, identifier, "bench", "city-admin", None)


def _people() -> list[dict[str, object]]:
    return [
        {
            "id": new_id(),
            "source": f"import/bench/{index}",
            "name": f"王{index}",
            "language": "en" if index % 2 else "zh-CN",
            "email": f"person{index}@example.com",
            "email_hash": address_hash(f"person{index}@example.com"),
            "districts": ["110102"],
            "countries": ["TH"],
            "topics": ["travel"],
            "consents": {},
            "wants_broadcasts": True,
            "reachable": True,
        }
        for index in range(PEOPLE)
    ]


def main(bytes_file: Path) -> None:
    """Plan, keep some messages for the others to send, start a worker, send, wait for the rows."""
    migrate(database, Path("services/notifications/migrations"))
    with database.transaction() as session:
        session.execute(sa.insert(Contact), _people())
    wanted = BroadcastIn.model_validate(
        {
            "title": "bench",
            "urgency": "important",
            "channels": ["email"],
            "audience": {"districts": ["110102"]},
            "message": {
                "zh-CN": {"subject": "泰国南部洪水", "body": CHINESE},
                "en": {"subject": "Floods in southern Thailand", "body": ENGLISH},
            },
        }
    )
    writer = _staff()
    broadcast = writing.create(writer, wanted)
    writing.submit(writer, broadcast.id)
    writing.approve(_staff(), broadcast.id)
    freezing.work("bulk")
    assert reading.read(writer, broadcast.id).counts.total == PEOPLE
    with database.transaction() as session:
        some = session.scalars(sa.select(Delivery).limit(400)).all()
    written, closed = messages.write(some)
    assert not closed, closed[0].values
    bytes_file.write_bytes(pickle.dumps([item.message for item in written]))
    worker = ("services", "worker", "notifications", "--lane", "bulk")
    with ExitStack() as workers:
        for _ in range(WORKERS):
            workers.enter_context(_process(dict(os.environ), *worker))
        time.sleep(8)  # until they are ready and idle
        began = time.monotonic()
        sending.send(writer, broadcast.id)
        left = sa.select(sa.func.count()).where(
            Delivery.broadcast_id == broadcast.id, Delivery.state.in_(("pending", "sending"))
        )
        while True:
            with database.transaction() as session:
                if not session.scalar(left):
                    break
            time.sleep(0.1)
        seconds = time.monotonic() - began
    with database.transaction() as session:
        assert session.scalar(left.where(Delivery.state != "accepted")) == 0
        accepted = sa.select(sa.func.count()).where(Delivery.state == "accepted")
        assert session.scalar(accepted) == PEOPLE, utc_now()
    sys.stdout.write(json.dumps(seconds))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
