"""A programme of thousands of activities, for measuring and for looking at plans.

A few hundred are written as the service would write them, words and all; the others are copies at
other times, made by the database.
"""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.reference import TOPICS, city, countries
from services.registration.activities.models import Activity
from services.registration.catalogue import search

_WHAT = [
    ("出国前的安全课", "A safety lesson before you leave"),
    ("留学行前讲座", "Before you study abroad"),
    ("防范电信诈骗", "Recognising fraud on the telephone"),
    ("孩子在国外，家里怎样放心", "Family abroad, calm at home"),
    ("领事保护案例展", "Cases of consular protection"),
    ("企业外派人员培训", "Training for staff who are sent abroad"),
    ("旅行证件与签证", "Passports, visas and papers"),
    ("海外突发事件应对", "When something happens far from home"),
]
_WHERE = [
    ("陶然亭街道文化中心", "Taoranting Cultural Centre"),
    ("朗南社区活动室", "Langnan Community Room"),
    ("第一图书馆报告厅", "First Library, lecture hall"),
    ("望京实验学校", "Wangjing Experimental School"),
]
_SENTENCES = [
    ("主讲人多年从事领事保护工作，会用几个真实经历讲清楚护照丢了怎么办。",
     "A speaker with many years in consular protection tells what to do when a passport is gone."),
    ("讲座约一个小时，之后留出时间回答提问，现场备有安全手册。",
     "The talk takes an hour and leaves time for questions; a handbook is there to take home."),
    ("请带上手机，现场会帮您设置好紧急联系人和十二三零八热线。",
     "Please bring your telephone; we help you to set up its emergency contacts."),
    ("会场设有无障碍通道，欢迎老年朋友和家长一起来听。",
     "The hall has step-free access; older people and parents are most welcome."),
    ("怎样核实消息，怎样通过当地使领馆求助，怎样保存证据。",
     "How to check what one is told, how to reach the nearest embassy, how to keep evidence."),
]  # fmt: skip

COPY = """
INSERT INTO activities ({columns})
SELECT {values}
FROM activities CROSS JOIN generate_series(1, :copies) AS copy
"""
REGISTRATIONS = """
INSERT INTO registrations (id, version, activity_id, status, name, language, party_size, seats_held,
    answers_json, consents, ticket_code, waiting_since, registered_at)
SELECT gen_random_uuid(), 1, activities.id, CASE WHEN n % 2 = 0 THEN 'waiting' ELSE 'confirmed' END,
    'x', 'zh-CN', 1, CASE WHEN n % 2 = 0 THEN 0 ELSE 1 END, '{}', '{}',
    gen_random_uuid()::text, n, now()
FROM activities CROSS JOIN generate_series(1, :each) AS n
"""


def fill(session: Session, *, activities: int = 10_000, registrations: int = 20_000) -> None:
    """Write so many published activities for the coming ten months, a fifth of them over.

    Every second registration waits.
    """
    chance = random.Random(20261123)
    written = 200
    each = registrations // activities
    seats = {"seats_taken": each - each // 2}
    session.execute(
        sa.insert(Activity), [_one(chance, number) | seats for number in range(written)]
    )
    columns = [column.name for column in Activity.__table__.columns]
    apart = {
        "id": "gen_random_uuid()",
        "slug": "slug || '-' || copy",
        "starts_at": "starts_at + copy * interval '6 days 1 hour'",
        "ends_at": "ends_at + copy * interval '6 days 1 hour'",
    }
    session.execute(
        sa.text(
            COPY.format(
                columns=", ".join(columns),
                values=", ".join(apart.get(column, column) for column in columns),
            )
        ),
        {"copies": activities // written - 1},
    )
    session.execute(sa.text("UPDATE activities SET status = 'completed' WHERE ends_at < now()"))
    session.execute(sa.text(REGISTRATIONS), {"each": each})


def _one(chance: random.Random, number: int) -> dict[str, Any]:
    what, where = chance.choice(_WHAT), chance.choice(_WHERE)
    said = chance.sample(_SENTENCES, 4)
    starts = datetime.now(UTC) - timedelta(days=60) + timedelta(minutes=chance.randrange(8_640))
    values: dict[str, Any] = {
        "id": uuid.UUID(int=chance.getrandbits(128)),
        "slug": f"programme-{number}",
        "kind": chance.choice(["lecture", "lecture", "lecture", "exhibition", "school_session"]),
        "status": "published",
        "title": {"zh-CN": what[0], "en": what[1]},
        "summary": {"zh-CN": "".join(s[0] for s in said), "en": " ".join(s[1] for s in said)},
        "district": chance.choice(list(city().districts)),
        "venue_name": {"zh-CN": where[0], "en": where[1]},
        "venue_address": {"zh-CN": f"某某街 {number} 号"},
        "starts_at": starts,
        "ends_at": starts + timedelta(hours=2),
        "timezone": "Asia/Shanghai",
        "capacity": 80,
        "waiting_list": True,
        "max_party_size": 4,
        "reminders": ["P1D"],
        "topics": chance.sample(list(TOPICS), 2),
        "countries": chance.sample(sorted(countries()), 2),
        "languages": chance.choice([["zh-CN"], ["zh-CN"], ["zh-CN", "en"]]),
        "audience": chance.choice([[], ["students"], ["parents", "older-people"]]),
        "step_free": chance.random() < 0.5,
        "bring": {},
        "attachments": [],
        "questions": [],
        "verify_contact": False,
        "created_by": uuid.UUID(int=1),
    }
    return values | {"search": search.lexemes(Activity(**values))}
