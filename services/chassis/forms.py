"""Forms: what was typed, checked by the same models as the API, and given back when refused."""

from __future__ import annotations

import re
import types
import typing
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar, get_args, get_origin

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData

from services.chassis.problems import FieldError, Invalid
from services.chassis.validation import field_errors

M = TypeVar("M", bound=BaseModel)


class Form:
    """One form as a page shows it.

    Attributes:
        values: what stands in each field, by its name (``contact.email``).
        errors: the sentences beside each field.
        error_list: ``(field, sentence)`` in the order of the form, for the summary on top.
        labels: what each field calls itself; the fields write it down when they are rendered.
    """

    def __init__(
        self, values: Mapping[str, Any] | None = None, invalid: Invalid | None = None
    ) -> None:
        self.values: dict[str, Any] = dict(values or {})
        self.errors: dict[str, list[str]] = {}
        self.error_list: list[tuple[str, str]] = []
        self.labels: dict[str, str] = {}
        for error in invalid.errors if invalid else ():
            self.errors.setdefault(error.field, []).append(str(error.message))
            self.error_list.append((error.field, str(error.message)))

    @classmethod
    def of(cls, model: BaseModel) -> Form:
        """A form filled from what is stored."""
        return cls(_flat(model.model_dump(mode="json")))


class Typed:
    """What a browser sent: the fields of a form, each with the texts given for it."""

    def __init__(self, data: FormData) -> None:
        self._data = data

    def text(self, name: str) -> str:
        """The first text of a field, or an empty one."""
        value = self._data.get(name)
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        """Every text of a field that may be given more than once."""
        return [value for value in self._data.getlist(name) if isinstance(value, str)]

    def version(self) -> int:
        """The version that the page was made from; a form without one overwrites nobody."""
        text = self.text("version")
        return int(text) if text.isdecimal() and len(text) < 10 else 0

    @property
    def fields(self) -> list[tuple[str, str]]:
        """All fields and texts in their order, for sending the form again."""
        return [(name, text) for name, text in self._data.multi_items() if isinstance(text, str)]

    def values(self) -> dict[str, Any]:
        """Everything typed, for showing it again: a text, or a list where there were several."""
        found: dict[str, Any] = {}
        for name in self._data:
            texts = self.texts(name)
            found[name] = texts[0] if len(texts) == 1 else texts
        return found

    def parse(self, model: type[M], **extra: Any) -> M:  # noqa: ANN401 - the model's own values
        """The form as a checked model.

        Names with dots are nested objects; a field whose type is a list takes all its texts, and
        one of a mapping a list where there were several; a field left out or blank is as good as
        not given; an unticked box is ``False``. Numbers and times may be typed in full-width
        characters, as a Chinese keyboard gives them.

        Args:
            model: what the form must amount to.
            extra: values that the page itself knows and nobody types.

        Raises:
            Invalid: something cannot be taken, with a sentence for each field.
        """
        try:
            return model.model_validate(self._nested(model, "") | extra)
        except ValidationError as error:
            raise Invalid(_beside_their_fields(field_errors(error.errors()))) from error

    def _nested(self, model: type[BaseModel], prefix: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for field, info in model.model_fields.items():
            name = prefix + (info.alias or field)
            kind = _bare(info.annotation)
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                inner = self._nested(kind, f"{name}.")
                if inner or info.is_required():
                    found[info.alias or field] = inner
            elif kind is list:
                texts = [text for text in self.texts(name) if text.strip()]
                if name in self._data or not info.is_required():
                    found[info.alias or field] = texts
            elif kind is dict:
                given = {
                    key.removeprefix(f"{name}."): self.texts(key)
                    for key in self._data
                    if key.startswith(f"{name}.")
                }
                if given:
                    found[info.alias or field] = {
                        key: texts[0] if len(texts) == 1 else texts for key, texts in given.items()
                    }
            elif kind is bool:
                found[info.alias or field] = self.text(name).strip() or False
            elif (text := self.text(name)).strip():
                found[info.alias or field] = (
                    text if kind is str else unicodedata.normalize("NFKC", text).strip()
                )
        return found


_PLACE_IN_LIST = re.compile(r"\.\d+$")


def _beside_their_fields(errors: Sequence[FieldError]) -> list[FieldError]:
    """What is wrong with items of a list is said beside the list, once."""
    found: dict[str, FieldError] = {}
    for error in errors:
        field = _PLACE_IN_LIST.sub("", error.field)
        found.setdefault(field, FieldError(field, error.message))
    return list(found.values())


def _bare(annotation: Any) -> Any:  # noqa: ANN401 - annotations are of any kind
    """The class behind an annotation: without ``Annotated`` and without ``| None``."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (typing.Union, types.UnionType):
        rest = [part for part in get_args(annotation) if part is not type(None)]
        return _bare(rest[0]) if len(rest) == 1 else annotation
    return get_origin(annotation) or annotation


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in value.items():
        name = f"{prefix}{key}"
        if isinstance(item, Mapping):
            found |= _flat(item, f"{name}.")
        elif isinstance(item, Sequence) and not isinstance(item, str):
            found[name] = [str(part) for part in item]
        else:
            found[name] = "" if item is None else item
    return found


async def read_form(request: Request) -> Typed:
    """A FastAPI dependency: what a browser sent."""
    return Typed(await request.form(max_fields=400, max_files=5))


TypedForm = Annotated[Typed, Depends(read_form)]
