"""The CloudEvents 1.0 envelope (JSON format) and the base of every payload."""

from __future__ import annotations

import builtins
import uuid
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
)

from services.chassis.crypto import is_sealed, seal, unseal
from services.chassis.database import new_id

_FROM_ENVELOPE = {"sealed": True}


def _open(value: str, info: ValidationInfo) -> str:
    """Unseal what comes out of an envelope; what a person typed is never taken for sealed."""
    return unseal(value) if info.context is _FROM_ENVELOPE and is_sealed(value) else value


# Personal data in a payload: plain in Python, encrypted whenever it is written as JSON.
SealedText = Annotated[
    str,
    AfterValidator(_open),
    PlainSerializer(seal, when_used="json"),
    WithJsonSchema({"type": "string", "description": "Sealed (AES-256-GCM) personal data."}),
]


class Payload(BaseModel):
    """What a consumer reads of an event: it names what it needs and ignores the rest."""

    model_config = ConfigDict(extra="ignore")


P = TypeVar("P", bound=Payload)


class Event(BaseModel):
    """What a publisher says. A subclass sets ``type`` and documents itself in its docstring.

    ``subject_id`` and ``version`` give the order: of two events about one subject, the one with
    the higher version is later and carries the whole state that a consumer needs.
    """

    model_config = ConfigDict(extra="forbid")

    type: ClassVar[str]
    subject_kind: ClassVar[str]

    subject_id: uuid.UUID
    version: int = Field(ge=1)

    @property
    def subject(self) -> str:
        """The subject as it stands in the envelope: ``registration/0198…``."""
        return f"{self.subject_kind}/{self.subject_id}"


class Envelope(BaseModel):
    """A CloudEvents 1.0 event. ``sequence`` and ``requestid`` are extension attributes."""

    model_config = ConfigDict(extra="allow")

    specversion: str = "1.0"
    id: uuid.UUID
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: str = "application/json"
    dataschema: str | None = None
    sequence: int
    requestid: str | None = None
    data: dict[str, Any]

    @property
    def publisher(self) -> str:
        """The name of the service that said it (``/services/registration`` → ``registration``)."""
        return self.source.rsplit("/", 1)[-1]

    def read(self, model: builtins.type[P]) -> P:
        """The payload as a consumer reads it, personal data in the clear.

        Raises:
            pydantic.ValidationError: it lacks what the consumer needs.
        """
        return model.model_validate(self.data, context=_FROM_ENVELOPE)

    @classmethod
    def wrap(cls, event: Event, *, service: str, at: datetime, request_id: str | None) -> Self:
        """The envelope around an event, with a fresh id (UUIDv7)."""
        return cls(
            id=new_id(),
            source=f"/services/{service}",
            type=event.type,
            subject=event.subject,
            time=at,
            sequence=event.version,
            requestid=request_id,
            data=event.model_dump(mode="json"),
        )
