"""Generated documents are as the code would make them now."""

from __future__ import annotations

from pathlib import Path

from services.documents import settings_markdown

ROOT = Path(__file__).resolve().parents[1]


def test_the_page_of_settings_is_current() -> None:
    made = settings_markdown()
    assert (ROOT / "docs" / "settings.md").read_text("utf-8") == made, (
        "run: lingbao settings > docs/settings.md"
    )
