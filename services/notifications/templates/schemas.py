"""What goes into a template and what is shown of one."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.chassis.fields import SingleLine
from services.notifications.broadcasts.schemas import Message

TemplateName = Annotated[SingleLine, StringConstraints(min_length=1, max_length=80)]
# No template comes near it; a larger number is a slip, or more than a column holds.
MOST_VERSIONS: Final = 999_999
Note = Annotated[SingleLine, StringConstraints(max_length=200)]


class TemplateIn(BaseModel):
    """A template as it is written.

    Attributes:
        note: what was changed and why, for whoever reads the versions later.
    """

    model_config = ConfigDict(extra="forbid")

    name: TemplateName
    message: Message
    note: Note = ""


class TemplateChange(TemplateIn):
    """A template as it is to be from now on; what it was stays as a version.

    Attributes:
        version: the one that the change was made from, so that nobody overwrites what they have
            not seen; ``None``: whatever is the newest.
    """

    version: int | None = None


class RestoreIn(BaseModel):
    """The number of the version that is to be the newest again."""

    model_config = ConfigDict(extra="forbid")

    number: int = Field(ge=1, le=MOST_VERSIONS)


class PreviewIn(BaseModel):
    """A text to be looked at; nothing is stored."""

    model_config = ConfigDict(extra="forbid")

    message: Message


class SmsFit(BaseModel):
    """Whether a provider that sends approved templates alone would take a text message.

    Attributes:
        code: of the approved template that it fits; ``None``: it fits none and would not be sent.
    """

    provider: str
    code: str | None


class PreviewOut(BaseModel):
    """What one reader gets.

    Attributes:
        language: the one that they read; ``written_in`` the one that they get.
        subject: of the e-mail, which is empty when none is written; ``text`` and ``html`` alike.
        sms: with the signature and the endings; ``sms_parts`` how many messages that is, and
            ``sms_fits`` what the providers in use say to it, where they want approved templates.
    """

    language: str
    written_in: str
    subject: str
    text: str
    html: str
    sms: str
    sms_parts: int
    sms_fits: list[SmsFit]


class VersionOut(BaseModel):
    """One version of a template."""

    id: uuid.UUID
    number: int
    message: Message
    note: str
    restored_from: int | None
    author: str
    created_at: datetime
    broadcasts: int


class TemplateOut(BaseModel):
    """A template with its newest version.

    Attributes:
        version: its number; ``version_id`` is what a broadcast names as its beginning.
        editable: whether the caller's office may change it.
        broadcasts: how many broadcasts that the caller sees began from any version.
    """

    id: uuid.UUID
    name: str
    district: str | None
    version: int
    version_id: uuid.UUID
    message: Message
    author: str
    editable: bool
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    broadcasts: int


class UsageOut(BaseModel):
    """A broadcast that began from a template."""

    id: uuid.UUID
    title: str
    status: str
    number: int
    created_at: datetime
