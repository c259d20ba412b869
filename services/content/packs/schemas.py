"""What goes into a pack and what comes out."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import datetime
from typing import Annotated, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    computed_field,
    field_validator,
)

from services.chassis.fields import (
    BlankIsNone,
    Countries,
    District,
    LocalizedLine,
    OptionalLocalizedText,
    SingleLine,
    Topics,
    refuse,
)
from services.chassis.reference import countries
from services.content.files.models import StoredFile
from services.content.files.schemas import public_path
from services.content.materials.schemas import Audiences, CountriesInWords
from services.content.packs.models import Pack
from services.content.publication import Status

ItemKind = Literal["advisory", "country", "material", "quiz", "question"]
MOST_ITEMS: Final = 60


class ItemIn(BaseModel):
    """One thing in a pack, with what the office says to it.

    ``ref`` is the id of an advisory, material, quiz or answered question, or the ISO 3166-1 alpha-2
    code of a country, whose sheet (level, emergency numbers, missions) it then is.
    """

    model_config = ConfigDict(extra="forbid")

    kind: ItemKind
    ref: Annotated[SingleLine, StringConstraints(min_length=1)]
    note: OptionalLocalizedText = {}

    @field_validator("ref")
    @classmethod
    def _known(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("kind") == "country":
            if value.upper() not in countries():
                raise refuse("We do not know this country.")
            return value.upper()
        try:
            return str(uuid.UUID(value))
        except ValueError:
            raise refuse("This is not the id of anything.") from None

    @property
    def key(self) -> str:
        """What it is, in one word: ``material/0198…`` or ``country/TH``."""
        return f"{self.kind}/{self.ref}"

    @classmethod
    def of_key(cls, key: str) -> Self:
        """The item with such a key, without a note.

        Raises:
            pydantic.ValidationError: there is no such kind or reference.
        """
        kind, _, ref = key.partition("/")
        return cls.model_validate({"kind": kind, "ref": ref})


def _without_doubles(items: list[ItemIn]) -> list[ItemIn]:
    return list({item.key: item for item in items}.values())


class PackIn(BaseModel):
    """A pack as it is begun.

    For an activity, for a booking, or for neither. What is left out of ``countries``, ``topics``,
    ``audience`` and ``district`` is taken from there; without ``items`` they are proposed.
    """

    model_config = ConfigDict(extra="forbid")

    title: LocalizedLine
    letter: OptionalLocalizedText = {}
    activity_id: Annotated[uuid.UUID | None, BlankIsNone] = None
    booking_id: Annotated[uuid.UUID | None, BlankIsNone] = None
    countries: Countries = []
    topics: Topics = []
    audience: Audiences = []
    district: Annotated[District | None, BlankIsNone] = None
    items: Annotated[list[ItemIn], Field(max_length=MOST_ITEMS)] | None = None

    @field_validator("booking_id")
    @classmethod
    def _one_occasion(cls, value: uuid.UUID | None, info: ValidationInfo) -> uuid.UUID | None:
        if value is not None and info.data.get("activity_id") is not None:
            raise refuse("A pack is for an activity or for a booking, not for both.")
        return value

    @field_validator("items")
    @classmethod
    def _each_once(cls, value: list[ItemIn] | None) -> list[ItemIn] | None:
        return None if value is None else _without_doubles(value)


class PackForm(PackIn):
    """A pack as the staff page gives it: the countries are one field of words."""

    countries: CountriesInWords = []


class PackPatch(BaseModel):
    """Some fields of a pack, each replacing the old value as a whole.

    ``version`` is the one that the editor saw; with it, a change made meanwhile is not overwritten.
    """

    model_config = ConfigDict(extra="forbid")

    version: int | None = None
    title: LocalizedLine | None = None
    letter: OptionalLocalizedText | None = None
    countries: Countries | None = None
    topics: Topics | None = None
    audience: Audiences | None = None
    items: Annotated[list[ItemIn], Field(max_length=MOST_ITEMS)] | None = None

    @field_validator("items")
    @classmethod
    def _each_once(cls, value: list[ItemIn] | None) -> list[ItemIn] | None:
        return None if value is None else _without_doubles(value)


class NoteIn(BaseModel):
    """What the office says to one item (Markdown)."""

    note: OptionalLocalizedText = {}


class WithdrawIn(BaseModel):
    """Why it is taken back; whoever opens its link reads it."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[SingleLine, StringConstraints(min_length=1)]


class SheetFile(BaseModel):
    """A file that goes with a sheet; ``path`` is where everybody finds it."""

    id: uuid.UUID
    name: str
    title: dict[str, str]
    language: str | None
    media_type: str
    size: int
    sha256: str
    path: str

    @classmethod
    def of(cls, file: StoredFile) -> Self:
        """What is kept of a stored file."""
        kept = {name: getattr(file, name) for name in cls.model_fields if name != "path"}
        return cls.model_validate(kept | {"path": public_path(file)})


class Sheet(BaseModel):
    """What an item says, whatever its kind: one form for pages, print, ZIP and editions.

    Attributes:
        text: Markdown.
        url: the absolute address of its own page.
        level: of an advisory, or the gravest in force in a country.
        word: the reminder word of an advisory; ``summary`` says both.
        changes: what its readers were last told has changed.
        gone: why it is not to be read any more; ``None`` while it is.
    """

    kind: ItemKind
    ref: str
    title: dict[str, str]
    summary: dict[str, str] = {}
    text: dict[str, str] = {}
    url: str
    level: str | None = None
    word: str | None = None
    files: list[SheetFile] = []
    changes: dict[str, str] = {}
    gone: dict[str, str] | None = None

    @property
    def key(self) -> str:
        """As :attr:`ItemIn.key`."""
        return f"{self.kind}/{self.ref}"

    @property
    def mark(self) -> str:
        """A sign of what it says: another one exactly when it reads otherwise."""
        said = (self.title, self.summary, self.text, self.level, self.gone is not None)
        files = sorted(file.sha256 for file in self.files)
        text = json.dumps([*said, files], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


class EditionItem(BaseModel):
    """An item of an edition: the office's note, and what it said on that day."""

    note: dict[str, str]
    mark: str
    sheet: Sheet

    @property
    def key(self) -> str:
        """As :attr:`ItemIn.key`."""
        return self.sheet.key


class EditionSummary(BaseModel):
    """An edition in the list of them."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    title: dict[str, str]
    published_at: datetime
    published_by_name: str


class EditionOut(EditionSummary):
    """An edition as it was given out."""

    letter: dict[str, str]
    items: list[EditionItem]


class PackSummary(BaseModel):
    """A pack in the staff's list."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    version: int
    status: Status
    district: str | None
    title: dict[str, str]
    activity_id: uuid.UUID | None
    booking_id: uuid.UUID | None
    edition: int
    published_at: datetime | None
    updated_at: datetime
    url: str


class PackOut(PackSummary):
    """A pack as staff work on it."""

    letter: dict[str, str]
    countries: list[str]
    topics: list[str]
    audience: list[str]
    items: list[ItemIn]
    withdraw_reason: str | None

    @classmethod
    def of(cls, pack: Pack) -> Self:
        """The answer for a stored pack."""
        return cls.model_validate(pack)


class HeldItem(BaseModel):
    """An item as the holder of a link sees it.

    ``state``: ``same`` as when the edition came out, ``updated`` since, or ``gone``: then ``sheet``
    says what it was called and why it went, not what it said.
    """

    note: dict[str, str]
    state: Literal["same", "updated", "gone"]
    sheet: Sheet


class PackForHolder(BaseModel):
    """A pack behind its link: what was given out, as it reads today."""

    id: Annotated[uuid.UUID, Field(exclude=True)]
    title: dict[str, str]
    letter: dict[str, str]
    district: str | None
    edition: int
    published_at: datetime
    url: str
    items: list[HeldItem]

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def updated(self) -> int:
        """How many items read otherwise than when this edition came out."""
        return sum(item.state != "same" for item in self.items)
