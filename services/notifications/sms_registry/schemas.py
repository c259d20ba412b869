"""What the pages and calls of the registry take and give."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from services.chassis.fields import BlankIsNone, LanguageTag, MultiLine, Name, SingleLine, refuse
from services.notifications.sms_registry.models import Area, Kind, Provider, Standing
from services.notifications.sms_registry.pattern import LONGEST, PARAMETER, names_in

LONGEST_TEXT: Final = 500
MOST_PARAMETERS: Final = 16
# What each provider calls a template once it is approved.
_CODES: Final = {"aliyun": re.compile(r"SMS_\d{4,20}"), "tencent": re.compile(r"\d{4,12}")}


def _template_text(text: str) -> str:
    if PARAMETER.sub("", text).strip(" ，。,.:：;；") == "":
        raise refuse("A template needs words of its own; providers refuse one that is all values.")
    if re.search(r"[{}$]", PARAMETER.sub("", text)):
        raise refuse(
            "Write each place for a value like ${name} (Aliyun) or {1} (Tencent), with nothing "
            "else in braces."
        )
    if len(PARAMETER.findall(text)) > MOST_PARAMETERS:
        raise refuse("A template has at most %(most)s places for values.", most=MOST_PARAMETERS)
    if re.search(PARAMETER.pattern + PARAMETER.pattern, text):
        raise refuse("Put words or a sign between two values, so that they can be told apart.")
    if text.startswith("【"):
        raise refuse("Please leave the signature out; the provider puts it in front.")
    return text


def _signature(text: str) -> str:
    return text.strip("【】 ")


TemplateText = Annotated[
    MultiLine,
    StringConstraints(min_length=1, max_length=LONGEST_TEXT),
    AfterValidator(_template_text),
]


class RuleIn(BaseModel):
    """What may stand for one parameter; ``longest`` in characters."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,30}$")]
    kind: Kind = "text"
    longest: int = Field(default=LONGEST["text"], ge=1, le=LONGEST_TEXT)


def _read_rules(value: object) -> object:
    """Rules as a form gives them: ``name kind longest`` a line; the length may be left out."""
    # A form's field that becomes a list arrives as the list of its texts.
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        value = "\n".join(value)
    if not isinstance(value, str):
        return value
    found: list[dict[str, object]] = []
    for line in value.splitlines():
        words = line.replace(",", " ").replace("，", " ").replace("：", " ").split()
        words = [word.strip(":") for word in words]
        if not words:
            continue
        if (
            len(words) not in (2, 3)
            or words[1] not in LONGEST
            or (len(words) == 3 and not words[2].isdecimal())
        ):
            raise refuse(
                "Write one rule a line: the name, then text, number, code or link, and how long it "
                "may be, such as “title text 35”."
            )
        longest = int(words[2]) if len(words) == 3 else LONGEST[words[1]]
        found.append({"name": words[0], "kind": words[1], "longest": longest})
    return found


class TemplateIn(BaseModel):
    """A template as staff enter it.

    ``rules`` may leave parameters out: those take up to 35 characters of text.
    """

    provider: Provider
    name: Name
    language: LanguageTag = "zh-CN"
    area: Area = "mainland"
    text: TemplateText
    rules: Annotated[list[RuleIn], BeforeValidator(_read_rules)] = Field([], validate_default=True)

    @field_validator("rules")
    @classmethod
    def _for_each_value(cls, rules: list[RuleIn], checked: ValidationInfo) -> list[RuleIn]:
        if "text" not in checked.data:
            return rules  # what is wrong with the text is said beside it
        names = names_in(checked.data["text"])
        given = {rule.name: rule for rule in rules}
        for name in given:
            if name not in names:
                raise refuse("A rule names %(name)s, which is not in the text.", name=name)
        return [given.get(name) or RuleIn(name=name) for name in names]


class TemplateChange(TemplateIn):
    """The same, with the version that was read, so that nobody writes over somebody else."""

    version: int


class StandingIn(BaseModel):
    """How an entry stands now with its provider.

    Attributes:
        code: the provider's name for an approved template; not for signatures.
    """

    standing: Standing
    code: Annotated[SingleLine | None, BlankIsNone] = None
    note: Annotated[SingleLine | None, BlankIsNone] = None


class SignatureIn(BaseModel):
    """A signature as staff enter it, with or without its brackets."""

    provider: Provider
    text: Annotated[
        Name, AfterValidator(_signature), StringConstraints(min_length=2, max_length=16)
    ]


class SignatureOut(BaseModel):
    """A signature; ``used`` when it is the one of ``LINGBAO_SMS_SIGNATURE``."""

    id: uuid.UUID
    provider: Provider
    text: str
    standing: Standing
    note: str | None
    used: bool
    changed_at: datetime


class TemplateOut(BaseModel):
    """A template with all that is known of it."""

    id: uuid.UUID
    provider: Provider
    code: str | None
    name: str
    language: LanguageTag
    area: Area
    text: str
    rules: list[RuleIn]
    standing: Standing
    note: str | None
    version: int
    changed_at: datetime


class FitOut(BaseModel):
    """Which approved template a text fits; ``code`` is ``None`` when none does."""

    provider: Literal["aliyun", "tencent"]
    code: str | None
    params: dict[str, str]
    reason: str | None


def is_code(provider: str, code: str) -> bool:
    """Whether a code looks like one of the provider's."""
    return bool(_CODES[provider].fullmatch(code))


def rule_lines(rules: Sequence[RuleIn]) -> str:
    """Rules as the form shows them."""
    return "\n".join(f"{rule.name} {rule.kind} {rule.longest}" for rule in rules)
