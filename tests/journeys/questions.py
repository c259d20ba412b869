"""Questions for the other journeys to look at."""

from __future__ import annotations

from urllib.parse import urlsplit

from tests.journeys.making import somebody
from tests.stack import Stack


def question_pages(stack: Stack, key: str) -> tuple[list[str], list[str]]:
    """The pages of an urgent question, of an answer and of a draft: public ones, and staff's."""
    api = "/api/content/v1"
    body = {"text": "护照在机场丢了，怎么办？", "email": somebody(), "topic": "documents"}
    status, asked = stack.call("POST", f"{api}/questions", body)
    assert status == 201, asked
    here = f"{api}/questions/{asked['id']}"
    status, _ = stack.call("POST", f"{here}/answers", {"text": "请先**报警**。"}, key)
    assert status == 201
    draft = {
        "question": {"zh-CN": "护照在机场丢了怎么办？", "en": "I lost my passport at the airport"},
        "answer": {"zh-CN": "请联系王女士。", "en": "Ask Ms Wang."},
    }
    status, made = stack.call("POST", f"{here}/public-answer", draft, key)
    assert status == 201, made
    public = stack.call("GET", f"{api}/answers")[1]["items"][0]
    own = urlsplit(asked["manage_url"]).path
    staff = f"/staff/questions/{asked['id']}"
    answer = f"/staff/questions/answers/{made['id']}"
    return (
        [own, f"{own}/erase", f"/questions/{public['slug']}"],
        [staff, f"{staff}/public", answer, f"{answer}/edit", f"{answer}/publish"],
    )
