"""The usual way to send: one Celery task a message, with an EmailMessage and a connection each.

Run as ``celery -A bench.one_by_one worker``; its queue and its server come from the environment.
"""

from __future__ import annotations

import os
import smtplib
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from celery import Celery

app = Celery("one_by_one", broker=os.environ["BENCH_QUEUE"])
app.conf.task_ignore_result = True
app.conf.task_acks_late = True
app.conf.task_default_queue = "one-by-one"

_CHINESE = ("泰国南部洪水", "请远离河岸。" * 60)
_ENGLISH = ("Floods in southern Thailand", "Stay away from the river banks. " * 60)


@app.task(name="send")
def send(index: int) -> None:
    """Write one mail and hand it over."""
    subject, body = _ENGLISH if index % 2 else _CHINESE
    message = EmailMessage()
    message["From"] = "no-reply@lingbao.example"
    message["To"] = f"person{index}@example.com"
    message["Subject"] = subject
    message["Message-ID"] = make_msgid(domain="lingbao.example")
    message["Date"] = formatdate()
    message.set_content(f"{index}: {body}")
    message.add_alternative(f"<p>{index}: {body}</p>", subtype="html")
    with smtplib.SMTP("127.0.0.1", int(os.environ["BENCH_PORT"])) as server:
        server.send_message(message)
