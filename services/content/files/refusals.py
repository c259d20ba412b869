"""Why a file is not taken: a sentence for the field of the form that it was chosen in."""

from __future__ import annotations

from typing import Final

from services.chassis.i18n import Text, lazy
from services.chassis.problems import FieldError, Invalid

FIELD: Final = "file"


def refused(sentence: Text) -> Invalid:
    """The error to raise."""
    return Invalid([FieldError(FIELD, sentence)])


def must_match(sha256: str, said: str) -> None:
    """Refuse a file that arrived as another than the sender says it is.

    Args:
        sha256: of what arrived, in hexadecimal.
        said: what the sender says; empty when nothing.

    Raises:
        Invalid: they differ.
    """
    if said and said.strip().lower() != sha256:
        raise refused(
            lazy("The checksum is another one: the file changed on its way. Please send it again.")
        )
