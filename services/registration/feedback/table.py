"""The results as a file for a spreadsheet program."""

from __future__ import annotations

import csv
import io

from services.chassis.i18n import gettext as _
from services.chassis.i18n import localized
from services.chassis.sheets import harmless
from services.registration.feedback.models import COMMENT_STATES
from services.registration.feedback.results import Overview


def csv_of(overview: Overview) -> bytes:
    """How often each answer was given, then the texts, as CSV (RFC 4180).

    Each line says to which question it belongs. No text is taken for a formula.
    """
    buffer = io.StringIO()
    buffer.write("\ufeff")  # by which Excel knows that it is UTF-8
    writer = csv.writer(buffer, dialect="excel")
    writer.writerow([_("Question"), _("Answer"), _("How often"), _("Status")])
    for tally in overview.results.tallies:
        for label, count in zip(tally.labels, tally.counts, strict=True):
            writer.writerow([harmless(localized(tally.text)), harmless(label), count, ""])
    for comment in overview.results.comments:
        question = overview.questions.get(comment.question)
        asked = localized(question.text) if question else ""
        state = str(COMMENT_STATES[comment.state])
        writer.writerow([harmless(asked), harmless(comment.text), 1, state])
    return buffer.getvalue().encode()
