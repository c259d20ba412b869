"""Documents that are generated from the code, so that they cannot go out of date."""

from __future__ import annotations

from typing import Any

from services.chassis.settings import Settings

_HEAD = """# Settings

Environment variables, read when a process starts. A wrong value is refused with a sentence.
This page is made by `lingbao settings > docs/settings.md`; a test holds it to the code.

| variable | default | meaning |
| --- | --- | --- |
"""


def settings_markdown() -> str:
    """The page of all settings, as Markdown."""
    rows = [
        f"| `LINGBAO_{name.upper()}` | {_shown(field.get_default(call_default_factory=True))} "
        f"| {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return _HEAD + "\n".join(rows) + "\n"


def _shown(default: Any) -> str:  # noqa: ANN401 - defaults are of any kind
    if default in (None, []):
        return "unset"
    if isinstance(default, list):
        default = ",".join(default)
    return f"`{default}`"
