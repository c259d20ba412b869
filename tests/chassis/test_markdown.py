"""Markdown of staff: what comes of it, and what never does."""

from __future__ import annotations

import pytest

from services.chassis.markdown import to_html, to_text


def test_headings_fit_under_the_page_s_own() -> None:
    assert to_html("# A\n\n## B", 2) == "<h2>A</h2>\n<h3>B</h3>\n"
    assert to_html("### A", 3) == "<h3>A</h3>\n"
    assert "<h6>" in to_html("# A\n\n###### B", 4)


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "[press](javascript:alert(1))",
        "![seen](https://tracker.example/pixel.png)",
        '<p style="position:fixed">over everything</p>',
        "[press](data:text/html,<script>)",
    ],
    ids=["script", "address", "picture", "style", "data"],
)
def test_nothing_runs_is_fetched_or_covers_the_page(evil: str) -> None:
    made = to_html(evil)
    for sign in ("<script", "<img", 'href="javascript', 'href="data', "<p style"):
        assert sign not in made


def test_as_plain_text() -> None:
    assert to_text("## A & B\n\n- one *two*\n- <b>") == "A & B\none two\n<b>"
