"""Sample quizzes for the sample activities, written and published through the use cases."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any, Final

from services.chassis.auth import Principal
from services.content.banks.sample import bank_id
from services.content.database import database
from services.content.quizzes import service
from services.content.quizzes.models import Quiz
from services.content.quizzes.schemas import QuizIn, QuizPatch

_FILE: Final = Path(__file__).parents[1] / "samples" / "quizzes.json"
_NAMES: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "samples.content.lingbao.example")
# The ids of registration's sample activities, by their addresses.
_ACTIVITIES: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "samples.registration.lingbao.example")


def quiz_id(name: str) -> uuid.UUID:
    """The id of a sample quiz, by its name in the file."""
    return uuid.uuid5(_NAMES, f"quiz/{name}")


def load(principal: Principal) -> int:
    """Write the quizzes that are not there yet, and publish all but drafts. The banks are there.

    Returns:
        How many were new.
    """
    samples: list[dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return sum(_load(principal, sample) for sample in samples)


def _load(principal: Principal, sample: dict[str, Any]) -> bool:
    made = quiz_id(sample.pop("name"))
    with database.transaction() as session:
        if session.get(Quiz, made) is not None:
            return False
    public = sample.pop("publish")
    if model := sample.pop("copy_of", None):
        service.copy(principal, quiz_id(model), sample.pop("purpose"), quiz_id=made)
        service.edit(principal, made, QuizPatch.model_validate(sample))
    else:
        service.create(principal, _wanted(sample), quiz_id=made)
    if public:
        service.publish(principal, made)
    return True


def _wanted(sample: dict[str, Any]) -> QuizIn:
    """A sample with the ids of its banks and of its activity."""
    draws = [{**draw, "bank_id": bank_id(draw["bank"])} for draw in sample["draws"]]
    for draw in draws:
        del draw["bank"]
    if activity := sample.pop("activity", None):
        sample["activity_id"] = uuid.uuid5(_ACTIVITIES, activity)
    return QuizIn.model_validate({**sample, "draws": draws})
