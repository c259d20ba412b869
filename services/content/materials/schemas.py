"""What goes into a material and what comes out."""

from __future__ import annotations

import re
import uuid
from datetime import date, datetime, timedelta
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    computed_field,
)
from sqlalchemy.orm import defer

from services.chassis.database import utc_now
from services.chassis.fields import (
    BlankIsNone,
    Countries,
    District,
    LocalizedLine,
    LocalizedText,
    OptionalLocalizedLine,
    SingleLine,
    Topics,
    refuse,
)
from services.chassis.i18n import country_name
from services.chassis.reference import country_code, country_guess
from services.chassis.settings import settings
from services.content.files.schemas import FileOut, cover_path
from services.content.materials.kinds import Audience, Kind
from services.content.materials.models import Material
from services.content.publication import Status

_SEPARATORS = re.compile(r"[,，、;；\n]+")
# How long a review holds where nobody says otherwise.
REVIEW_AFTER = timedelta(days=365)

_HAN = re.compile(r"[\u4e00-\u9fff]")


def _countries_in_words(value: object) -> object:
    """A form's one field of countries: names or codes, with commas between."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list):
        return value
    found = []
    for part in (piece.strip() for text in texts for piece in _SEPARATORS.split(str(text))):
        # Chinese names carry no spaces, so spaces may stand between them.
        for name in part.split() if _HAN.search(part) else [part] if part else []:
            code = country_code(name)
            if code is None:
                for guess in country_guess(name, 1):
                    raise refuse(
                        "We do not know the country “%(name)s”. Did you mean %(guess)s?",
                        name=name[:40],
                        guess=country_name(guess),
                    )
                raise refuse(
                    "We do not know the country “%(name)s”. Please write its full name or its "
                    "two-letter code.",
                    name=name[:40],
                )
            found.append(code)
    return found


def _past_day(value: date) -> date:
    # A day begins in China while it is still yesterday in UTC.
    if not value.year >= 2000 or value > (utc_now() + timedelta(days=1)).date():
        raise refuse("Please choose a day that is not in the future.")
    return value


def _later_day(value: date | None, info: ValidationInfo) -> date | None:
    """The day of the next review; where none is given, a year after the last one."""
    last = info.data.get("reviewed_on")
    if value is None:
        return last + REVIEW_AFTER if last else None
    if last is not None and value <= last:
        raise refuse("Please choose a day after that of the last review.")
    if value.year > 2100:
        raise refuse("Please choose a day within this century.")
    return value


def _unique(values: list[Audience]) -> list[Audience]:
    return list(dict.fromkeys(values))


Audiences = Annotated[list[Audience], AfterValidator(_unique)]
PastDay = Annotated[date, AfterValidator(_past_day)]
CountriesInWords = Annotated[Countries, BeforeValidator(_countries_in_words)]
ReviewDay = Annotated[date | None, AfterValidator(_later_day)]
Reason = Annotated[SingleLine, StringConstraints(min_length=1)]


class MaterialIn(BaseModel):
    """A material as it is written; the body is Markdown.

    Without ``countries`` it is for every destination. ``author`` is who stands for what it says,
    as readers are told. ``review_by`` is the day by which it is to be reviewed again; without one
    it is a year after ``reviewed_on``. ``district`` is the office that keeps it, ``None`` the
    city's; an editor of a district writes for the own district alone.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    title: LocalizedLine
    summary: OptionalLocalizedLine = {}
    body: LocalizedText
    topics: Topics = []
    countries: Countries = []
    audience: Audiences = []
    author: OptionalLocalizedLine = {}
    reviewed_on: Annotated[PastDay | None, BlankIsNone] = None
    review_by: Annotated[ReviewDay, BlankIsNone, Field(validate_default=True)] = None
    district: Annotated[District | None, BlankIsNone] = None


class MaterialForm(MaterialIn):
    """A material as the staff page gives it: the countries are one field of words."""

    countries: CountriesInWords = []


class MaterialChange(MaterialForm):
    """The same page for a material that is there already: with what readers are told."""

    changes: OptionalLocalizedLine = {}


class MaterialPatch(BaseModel):
    """Some fields of a material, each replacing the old value as a whole.

    ``version`` is the one that the editor saw; with it, a change made meanwhile is not overwritten.
    ``changes`` is what readers are told has changed; without it they are told nothing.
    """

    model_config = ConfigDict(extra="forbid")

    version: int | None = None
    kind: Kind | None = None
    title: LocalizedLine | None = None
    summary: OptionalLocalizedLine | None = None
    body: LocalizedText | None = None
    topics: Topics | None = None
    countries: Countries | None = None
    audience: Audiences | None = None
    author: OptionalLocalizedLine | None = None
    reviewed_on: Annotated[PastDay | None, BlankIsNone] = None
    review_by: Annotated[date | None, BlankIsNone] = None
    district: Annotated[District | None, BlankIsNone] = None
    changes: OptionalLocalizedLine = {}


class WithdrawIn(BaseModel):
    """Why it is taken back; the reason is shown to whoever opens its old address."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


class MaterialSummary(BaseModel):
    """A material in a list."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    version: int
    slug: str
    status: Status
    kind: Kind
    title: dict[str, str]
    summary: dict[str, str]
    topics: list[str]
    countries: list[str]
    audience: list[Audience]
    district: str | None
    author: dict[str, str]
    reviewed_on: date | None
    review_by: date | None
    changes: dict[str, str]
    changed_at: datetime | None
    cover: Annotated[str | None, Field(exclude=True)] = None
    published_at: datetime | None
    updated_at: datetime

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def url(self) -> str:
        """The absolute address of its public page."""
        return public_url(self.slug)

    @property
    def cover_path(self) -> str | None:
        """Where its small picture is, when one of its files has one."""
        return cover_path(self.cover) if self.cover else None


class MaterialOut(MaterialSummary):
    """A material as the API answers it, with its body (Markdown) and its files."""

    body: dict[str, str]
    files: list[FileOut] = []
    withdraw_reason: str | None


class MaterialForStaff(BaseModel):
    """A material with what staff alone see."""

    material: MaterialOut
    author_name: str
    created_at: datetime


def public_url(slug: str) -> str:
    """The absolute address of a material's public page."""
    return f"{settings().public_url}/library/{slug}"


# What a list does not show stays where it is: long texts, and a name that would be unsealed.
SUMMARY_ONLY: Final = (defer(Material.body), defer(Material.author_name))


def summary_of(material: Material) -> MaterialSummary:
    """The answer for a stored material in a list."""
    return MaterialSummary.model_validate(material)
