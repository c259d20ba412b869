"""CAP 1.2 as the OASIS standard has it: every rule of its schema, and what the text adds.

The models have the elements in the schema's order; :func:`read` refuses what is out of order, twice
where it may stand once, unknown, missing or malformed, with a sentence for each. A signature or any
other element of a foreign namespace may follow at the end of the alert, and is left unread.

Source: Common Alerting Protocol 1.2, OASIS Standard, 1 July 2010, sections 3.2 and 3.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal, get_args, get_origin
from xml.etree import ElementTree as ET

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from services.chassis.fields import refuse
from services.chassis.i18n import Lazy, lazy
from services.content.alerts.xml_reading import local, namespace

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"

Status = Literal["Actual", "Exercise", "System", "Test", "Draft"]
Message = Literal["Alert", "Update", "Cancel", "Ack", "Error"]
Scope = Literal["Public", "Restricted", "Private"]
Category = Literal[
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra",
    "CBRNE", "Other",
]  # fmt: skip
Response = Literal[
    "Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"
]
Urgency = Literal["Immediate", "Expected", "Future", "Past", "Unknown"]
Severity = Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
Certainty = Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"]

# "Z" for UTC must not be used (section 3.3.2).
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d", re.ASCII)
_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 2100
_NUMBER: Final = r"-?\d{1,3}(?:\.\d{1,12})?"
_POINT: Final = re.compile(rf"({_NUMBER}),({_NUMBER})", re.ASCII)
_CIRCLE: Final = re.compile(rf"({_NUMBER},{_NUMBER}) \d{{1,5}}(?:\.\d{{1,12}})?", re.ASCII)
_NOT_IN_NAMES: Final = re.compile(r"[\s,<&]")


@dataclass(frozen=True)
class Fault:
    """One thing that is not as the standard has it.

    Attributes:
        where: the element, as ``info[2]/severity``; empty for the whole.
    """

    where: str
    sentence: Lazy


class NotCap(Exception):
    """A document is no CAP 1.2 alert; ``faults`` say why."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(", ".join(fault.where for fault in faults))
        self.faults = list(faults)


def _time(value: object) -> object:
    if isinstance(value, str) and not _TIME.fullmatch(value):
        raise refuse("It must be a time like 2026-11-23T08:00:00+08:00, with its offset.")
    return value


def _of_our_time(value: datetime) -> datetime:
    # There was no CAP before, and years far away cannot be shown in every zone. When it begins and
    # ends may be written as far away as one likes (9999 is "never").
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise refuse("Please write a year between 2000 and 2100.")
    return value


def _as_written(value: datetime) -> str:
    return value.isoformat(timespec="seconds")


def _name(value: str) -> str:
    if _NOT_IN_NAMES.search(value):
        raise refuse("It must have no spaces, no commas and no < or &.")
    return value


def _is_time(text: str) -> bool:
    if not _TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _references(value: str) -> str:
    for one in value.split():
        parts = one.split(",")
        if len(parts) != 3 or not parts[0] or not parts[1] or not _is_time(parts[2]):
            raise refuse("It must name earlier alerts as sender,identifier,sent.")
    return value


def _point(text: str) -> tuple[float, float]:
    """A latitude and a longitude in degrees (WGS 84)."""
    found = _POINT.fullmatch(text)
    if found is None or abs(float(found[1])) > 90 or abs(float(found[2])) > 180:
        raise refuse("It must be made of points like 39.90,116.41.")
    return float(found[1]), float(found[2])


def _polygon(value: str) -> str:
    points = [_point(part) for part in value.split()]
    if len(points) < 4 or points[0] != points[-1]:
        raise refuse("It must have four points or more, and end where it begins.")
    return value


def _circle(value: str) -> str:
    found = _CIRCLE.fullmatch(" ".join(value.split()))
    if found is None:
        raise refuse("It must be a point and a radius in kilometres, like 39.90,116.41 50.")
    _point(found[1])
    return value


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Time = Annotated[
    AwareDatetime, BeforeValidator(_time), PlainSerializer(_as_written, when_used="json")
]
Sent = Annotated[Time, AfterValidator(_of_our_time)]
Name = Annotated[Text, AfterValidator(_name)]
# NaN and infinity are floats to a parser, and nothing that JSON or a map could hold.
Height = Annotated[float, Field(allow_inf_nan=False)]


class Part(BaseModel):
    """An element with others inside."""

    model_config = ConfigDict(
        extra="forbid", alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True
    )


class Named(Part):
    """A value with the name of what it is a value of."""

    value_name: Text
    value: Annotated[str, StringConstraints(strip_whitespace=True)]


class Resource(Part):
    """A file that goes with the alert."""

    resource_desc: Text
    mime_type: Text
    size: int | None = None
    uri: Text | None = None
    deref_uri: Text | None = None
    digest: Text | None = None


class Area(Part):
    """Where it is about: in words, by lines, by codes."""

    area_desc: Text
    polygon: list[Annotated[str, AfterValidator(_polygon)]] = []
    circle: list[Annotated[str, AfterValidator(_circle)]] = []
    geocode: list[Named] = []
    altitude: Height | None = None
    ceiling: Height | None = None

    @model_validator(mode="after")
    def _ceiling_above(self) -> Area:
        if self.ceiling is not None and self.altitude is None:
            raise refuse("A ceiling needs an altitude.")
        return self


class Info(Part):
    """What is said, in one language."""

    language: Text = "en-US"
    category: list[Category]
    event: Text
    response_type: list[Response] = []
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    audience: Text | None = None
    event_code: list[Named] = []
    effective: Time | None = None
    onset: Time | None = None
    expires: Time | None = None
    sender_name: Text | None = None
    headline: Text | None = None
    description: Text | None = None
    instruction: Text | None = None
    web: Text | None = None
    contact: Text | None = None
    parameter: list[Named] = []
    resource: list[Resource] = []
    area: list[Area] = []


class Alert(Part):
    """A message: who says it, what it does to earlier ones, and what it says."""

    identifier: Name
    sender: Name
    sent: Sent
    status: Status
    msg_type: Message
    source: Text | None = None
    scope: Scope
    restriction: Text | None = None
    addresses: Text | None = None
    code: list[Text] = []
    note: Text | None = None
    references: Annotated[Text, AfterValidator(_references)] | None = None
    incidents: Text | None = None
    info: list[Info] = []

    @model_validator(mode="after")
    def _as_the_text_says(self) -> Alert:
        if self.scope == "Restricted" and self.restriction is None:
            raise refuse("A restricted alert must say what restricts it (restriction).")
        if self.scope == "Private" and self.addresses is None:
            raise refuse("A private alert must say whom it is for (addresses).")
        if self.msg_type in ("Update", "Cancel", "Ack", "Error") and self.references is None:
            raise refuse("An update, a cancellation or an answer must name earlier alerts.")
        if self.msg_type in ("Alert", "Update") and not self.info:
            raise refuse("An alert must say something (info).")
        return self

    @property
    def earlier(self) -> list[tuple[str, str, datetime]]:
        """The alerts that it refers to: sender, identifier, sent."""
        found = (one.split(",") for one in (self.references or "").split())
        return [(who, what, datetime.fromisoformat(when)) for who, what, when in found]


def read(root: ET.Element) -> Alert:
    """The alert of a document that was parsed.

    Raises:
        NotCap: it is none, or not as the standard has it.
    """
    if root.tag != f"{{{NAMESPACE}}}alert":
        raise NotCap(Fault("", _what_it_is(root)))
    faults: list[Fault] = []
    values = _values(root, Alert, "", faults)
    if faults:
        raise NotCap(*faults)
    try:
        return Alert.model_validate(values)
    except ValidationError as error:
        raise NotCap(*(_fault(one) for one in error.errors())) from error


def _what_it_is(root: ET.Element) -> Lazy:
    if local(root.tag) == "alert" and namespace(root.tag).startswith(NAMESPACE[:-3]):
        return lazy("This is another version of CAP; we read CAP 1.2.")
    return lazy("This is no CAP alert: its outermost element is “%(name)s”.", name=local(root.tag))


def _values(
    element: ET.Element, model: type[Part], where: str, faults: list[Fault]
) -> dict[str, Any]:
    """What stands inside an element, by name; what stands wrongly goes to ``faults``."""
    names = {str(field.alias): name for name, field in model.model_fields.items()}
    order = list(names)
    found: dict[str, Any] = {}
    place = -1
    for child in element:
        name = local(child.tag)
        here = f"{where}{name}"
        if namespace(child.tag) != NAMESPACE:
            if model is not Alert:
                faults.append(Fault(here, lazy("It is not part of CAP 1.2.")))
            continue
        if name not in names:
            faults.append(Fault(here, lazy("It is not part of CAP 1.2.")))
            continue
        if order.index(name) < place:
            faults.append(Fault(here, lazy("It stands in the wrong place.")))
        place = max(place, order.index(name))
        many, inner = _shape(model, names[name])
        if many:
            here = f"{here}[{len(found.get(name, ())) + 1}]"
        value: Any = (child.text or "").strip()
        if inner is not None:
            value = _values(child, inner, f"{here}/", faults)
        elif len(child):
            faults.append(Fault(here, lazy("It is not part of CAP 1.2.")))
        if many:
            found.setdefault(name, []).append(value)
        elif name in found:
            faults.append(Fault(here, lazy("It stands there more than once.")))
        elif value != "" or model.model_fields[names[name]].is_required():
            found[name] = value
    return found


def _shape(model: type[Part], field: str) -> tuple[bool, type[Part] | None]:
    """Whether an element may stand there many times, and what it holds, if not text."""
    annotation = model.model_fields[field].annotation
    if get_origin(annotation) is not list:
        return False, None
    inner = get_args(annotation)[0]
    is_part = isinstance(inner, type) and issubclass(inner, Part)
    return True, inner if is_part else None


def _fault(error: Any) -> Fault:  # noqa: ANN401 - pydantic's own shape
    return Fault("/".join(_places(error["loc"])), _sentence(error))


def _places(loc: tuple[str | int, ...]) -> Iterator[str]:
    """``info, 1, severity`` as ``info[2]``, ``severity``."""
    for index, part in enumerate(loc):
        after = loc[index + 1] if index + 1 < len(loc) else None
        if isinstance(part, str):
            yield f"{part}[{after + 1}]" if isinstance(after, int) else part


def _sentence(error: Any) -> Lazy:  # noqa: ANN401 - pydantic's own shape
    context = error.get("ctx", {})
    if error["type"] == "sentence":
        sentence: Lazy = context["sentence"]
        return sentence
    if error["type"] in ("missing", "string_too_short"):
        return lazy("It is missing.")
    if error["type"] == "literal_error":
        return lazy("It must be one of: %(choices)s.", choices=context["expected"])
    return lazy("It is not written as CAP 1.2 has it.")
