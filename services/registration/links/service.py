"""Send the links to somebody's registrations to the address that they gave then."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from pydantic import BaseModel, Field, ValidationInfo, field_validator
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis import crypto
from services.chassis.database import new_id, utc_now
from services.chassis.events import publish
from services.chassis.fields import LanguageTag, OptionalEmail, OptionalPhone, refuse
from services.registration.activities.models import Activity
from services.registration.database import database
from services.registration.links.events import LinkAsked, LinkItem
from services.registration.links.models import LinksAsked
from services.registration.registrations.models import Registration

# One message in this time, whoever asks and however often.
PAUSE = timedelta(minutes=5)
MOST_LINKS = 20
# What stands, and has an address that answered or was never in doubt.
_TOLD_OF = ("confirmed", "offered", "waiting")


class LinksWanted(BaseModel):
    """The one address that was given when registering."""

    phone: OptionalPhone = None
    email: OptionalEmail = Field(default=None, validate_default=True)
    language: LanguageTag = "zh-CN"

    @field_validator("email")
    @classmethod
    def _exactly_one(cls, value: str | None, info: ValidationInfo) -> str | None:
        if "phone" not in info.data:
            return value  # it has its own sentence already
        if (value is None) == (info.data["phone"] is None):
            raise refuse("Please give the e-mail address or the telephone number, one of the two.")
        return value


def ask(wanted: LinksWanted) -> None:
    """Send the links, if there are any and none were sent a moment ago.

    The caller answers the same in every case: nobody learns whether an address is known.
    """
    address = wanted.email or wanted.phone or ""
    column = Registration.email_hash if wanted.email else Registration.phone_hash
    now = utc_now()
    with database.transaction() as session:
        found = session.execute(
            sa.select(Registration, Activity)
            .join(Activity, Activity.id == Registration.activity_id)
            .where(
                column.in_(crypto.fingerprints(address)),
                Registration.status.in_(_TOLD_OF),
                Activity.ends_at > now,
            )
            .order_by(Activity.starts_at)
            .limit(MOST_LINKS)
        ).all()
        if found and _is_due(session, crypto.fingerprint(address), now):
            publish(
                session,
                LinkAsked(
                    subject_id=new_id(),
                    version=1,
                    language=wanted.language,
                    email=wanted.email,
                    phone=wanted.phone,
                    items=[
                        LinkItem(
                            title=activity.title,
                            starts_at=activity.starts_at,
                            timezone=activity.timezone,
                            status=registration.status,
                            manage_url=registration.manage_url,
                        )
                        for registration, activity in found
                    ],
                ),
            )


def _is_due(session: Session, address_hash: str, now: datetime) -> bool:
    """Whether the pause since the last message is over; if so, a new one begins."""
    asked = postgresql.insert(LinksAsked).values(address_hash=address_hash, asked_at=now)
    begun = session.execute(
        asked.on_conflict_do_update(
            index_elements=[LinksAsked.address_hash],
            set_={"asked_at": now},
            where=LinksAsked.asked_at <= now - PAUSE,
        ).returning(LinksAsked.address_hash)
    )
    return begun.first() is not None


def forget(now: datetime | None = None) -> None:
    """Drop what no longer holds anybody back."""
    with database.transaction() as session:
        session.execute(
            sa.delete(LinksAsked).where(LinksAsked.asked_at <= (now or utc_now()) - PAUSE)
        )
