"""Acts on a broadcast from its page: each asks first and says how many people it is about.

GET shows what will happen, POST does it. A refused act leads back to the broadcast's page with the
reason on top.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from services.chassis.auth import Principal, require
from services.chassis.database import utc_now
from services.chassis.forms import Typed, TypedForm
from services.chassis.i18n import Lazy, date_line, gettext, lazy, ngettext
from services.chassis.idempotency import ONCE_FIELD, Once, fresh_once, once_per_form
from services.chassis.problems import Problem
from services.notifications.broadcasts import again, labels, reading, sending, writing
from services.notifications.broadcasts.audience import Rules
from services.notifications.broadcasts.pages import page_of_one
from services.notifications.broadcasts.reading import Standing
from services.notifications.broadcasts.schemas import Audience, BroadcastOut, Whose
from services.notifications.database import pages
from services.notifications.rules.shown import sentences as rules

router = APIRouter(prefix="/staff/broadcasts")


def _reach(standing: Standing) -> str:
    if standing.reach is None:
        return gettext("the recipients that are being drawn up at this moment.")
    messages = standing.reach.total
    people = standing.reach.people
    return gettext("%(messages)s to %(people)s.") % {
        "messages": ngettext("%(count)s message", "%(count)s messages", messages)
        % {"count": messages},
        "people": ngettext("%(count)s person", "%(count)s people", people) % {"count": people},
    }


def _what_submitting_means(standing: Standing) -> list[str]:
    return [
        gettext("It would reach: ") + _reach(standing),
        *rules(standing.broadcast, standing.reach, utc_now()),
        gettext("Somebody who had no hand in it can approve it. Nothing is sent yet."),
    ]


def _what_approving_means(standing: Standing) -> list[str]:
    return [
        gettext("It reaches: ") + _reach(standing),
        *rules(standing.broadcast, standing.reach, utc_now()),
        gettext("Whom it reaches is fixed now: whoever registers later does not get it."),
        gettext("You answer for its content. Nothing is sent until somebody presses “Send”."),
    ]


def _what_sending_means(standing: Standing) -> list[str]:
    broadcast = standing.broadcast
    sentences = [gettext("It goes to: ") + _reach(standing)]
    if broadcast.drill:
        sentences.append(
            gettext("It is a drill: it goes to the drill list alone, and says that it is one.")
        )
    if broadcast.send_at is not None:
        at = date_line(broadcast.send_at, None, broadcast.timezone)
        sentences.append(gettext("It goes out at the time that was set: %(at)s.") % {"at": at})
    if broadcast.freezing:
        sentences.append(gettext("It begins by itself as soon as they are drawn up."))
    sentences += rules(broadcast, standing.reach, utc_now())
    if broadcast.urgency == "emergency":
        sentences.append(gettext("As an emergency it overtakes everything else."))
    sentences.append(gettext("You can pause it. What has gone out cannot be taken back."))
    return sentences


def _what_cancelling_means(standing: Standing) -> list[str]:
    waiting = standing.broadcast.counts.pending
    reached = standing.broadcast.counts.done
    sentences = []
    if standing.broadcast.counts.total:
        sentences.append(
            ngettext(
                "%(count)s message has not gone out and never will.",
                "%(count)s messages have not gone out and never will.",
                waiting,
            )
            % {"count": waiting}
        )
    if reached:
        sentences.append(
            ngettext(
                "%(count)s message has gone out already and cannot be taken back.",
                "%(count)s messages have gone out already and cannot be taken back.",
                reached,
            )
            % {"count": reached}
        )
    sentences.append(
        gettext("A cancelled broadcast cannot be sent later. You can write a new one.")
    )
    return sentences


def _what_pausing_means(standing: Standing) -> list[str]:
    waiting = standing.broadcast.counts.pending
    return [
        ngettext(
            "%(count)s message waits until somebody lets it go on.",
            "%(count)s messages wait until somebody lets them go on.",
            waiting,
        )
        % {"count": waiting}
    ]


def _what_resuming_means(standing: Standing) -> list[str]:
    waiting = standing.broadcast.counts.pending
    return [
        ngettext("%(count)s message goes out now.", "%(count)s messages go out now.", waiting)
        % {"count": waiting}
    ]


def _what_asking_again_means(whose: Whose) -> Callable[[Standing], list[str]]:
    def sentences(standing: Standing) -> list[str]:
        broadcast = standing.broadcast
        rules = Rules(
            Audience(of_broadcast=broadcast.id, whose=whose),
            broadcast.urgency,
            broadcast.channels,
            broadcast.drill,
        )
        people = reading.reach_of(rules).people
        return [
            ngettext(
                "As of now it would reach %(count)s person.",
                "As of now it would reach %(count)s people.",
                people,
            )
            % {"count": people},
            gettext("It is a new draft with the same texts, which you can change."),
            gettext("Somebody else has to approve it. Nothing is sent yet."),
        ]

    return sentences


def _approve(principal: Principal, broadcast_id: uuid.UUID, typed: Typed, _: Once) -> BroadcastOut:
    return writing.approve(principal, broadcast_id, typed.text("content_hash") or None)


@dataclass(frozen=True)
class Act:
    """One act: what it asks, what it means, and the use case that does it.

    The page that it leads to is that of the broadcast which the use case answers with: the same
    one, or the draft that it made.
    """

    name: str
    done: str
    title: Lazy
    button: Lazy
    consequences: Callable[[Standing], list[str]]
    use_case: Callable[[Principal, uuid.UUID, Typed, Once], BroadcastOut]
    permission: str = field(default="broadcasts.write")
    danger: bool = False


ACTS = (
    Act(
        "submit",
        "submitted",
        lazy("Submit this broadcast for approval?"),
        lazy("Submit for approval"),
        _what_submitting_means,
        lambda principal, identifier, *_: writing.submit(principal, identifier),
    ),
    Act(
        "approve",
        "approved",
        lazy("Approve this broadcast?"),
        lazy("Approve"),
        _what_approving_means,
        _approve,
        permission="broadcasts.approve",
    ),
    Act(
        "send",
        "sent",
        lazy("Send this broadcast?"),
        lazy("Send"),
        _what_sending_means,
        lambda principal, identifier, *_: sending.send(principal, identifier),
    ),
    Act(
        "pause",
        "paused",
        lazy("Pause this broadcast?"),
        lazy("Pause"),
        _what_pausing_means,
        lambda principal, identifier, *_: sending.pause(principal, identifier),
    ),
    Act(
        "resume",
        "resumed",
        lazy("Let this broadcast go on?"),
        lazy("Go on"),
        _what_resuming_means,
        lambda principal, identifier, *_: sending.resume(principal, identifier),
    ),
    Act(
        "cancel",
        "cancelled",
        lazy("Cancel this broadcast?"),
        lazy("Cancel the broadcast"),
        _what_cancelling_means,
        lambda principal, identifier, *_: sending.cancel(principal, identifier),
        danger=True,
    ),
    Act(
        "resend",
        "again",
        lazy("Write again to those whom it did not reach?"),
        lazy("Make the draft"),
        _what_asking_again_means("failed"),
        lambda principal, identifier, _typed, once: again.resend(principal, identifier, once),
    ),
    Act(
        "follow-up",
        "again",
        lazy("Ask those again who have not answered?"),
        lazy("Make the draft"),
        _what_asking_again_means("unanswered"),
        lambda principal, identifier, _typed, once: again.follow_up(principal, identifier, once),
    ),
)


def _add(act: Act) -> None:
    """The two addresses of an act."""
    # A default, because an annotation could not name what is local to this function.
    caller = Depends(require(act.permission))

    @router.get(f"/{{broadcast_id}}/{act.name}", name=f"ask-{act.name}")
    def ask(
        request: Request,
        broadcast_id: uuid.UUID,
        seen: str = "",
        principal: Principal = caller,
    ) -> Response:
        standing = reading.standing(principal, broadcast_id)
        emergency = standing.broadcast.urgency == "emergency"
        return pages.render(
            request,
            "broadcasts/confirm.html",
            title=act.title,
            text=standing.broadcast.title,
            consequences=act.consequences(standing),
            button=act.button,
            danger=act.danger or (emergency and act.name == "send"),
            emergency=emergency,
            drill=standing.broadcast.drill,
            labels=labels,
            cancel_url=f"/staff/broadcasts/{broadcast_id}",
            # What the approver read, not what stands there when they press the button.
            fields=[(ONCE_FIELD, fresh_once()), *([("content_hash", seen)] if seen else [])],
        )

    @router.post(f"/{{broadcast_id}}/{act.name}", name=act.name)
    def do(
        request: Request,
        broadcast_id: uuid.UUID,
        typed: TypedForm,
        principal: Principal = caller,
    ) -> Response:
        try:
            done = act.use_case(principal, broadcast_id, typed, once_per_form(request, typed))
        except Problem as problem:
            if problem.status not in (403, 409) or problem.kind == "other-district":
                raise
            return page_of_one(
                request, principal, broadcast_id, status=problem.status, problem=problem
            )
        return RedirectResponse(f"/staff/broadcasts/{done.id}?done={act.done}", 303)


for _act in ACTS:
    _add(_act)
