"""Who reacts to what: every type of event, and the services that hear it.

A service's own ``events.py`` says what it does about it; a test holds the two together.
"""

_ACTIVITY = ("content", "notifications")
_PERSON = ("notifications",)

SUBSCRIPTIONS: dict[str, tuple[str, ...]] = {
    "activity.published.v1": _ACTIVITY,
    "activity.changed.v1": _ACTIVITY,
    "activity.cancelled.v1": _ACTIVITY,
    "activity.messaged.v1": _PERSON,
    "registration.unverified.v1": _PERSON,
    "registration.confirmed.v1": _PERSON,
    "registration.offered.v1": _PERSON,
    "registration.waiting.v1": _PERSON,
    "registration.cancelled.v1": _PERSON,
    "registration.attended.v1": _PERSON,
    "registration.erased.v1": _PERSON,
    # Nobody hears it yet: it is kept in the outbox as a record.
    "feedback.given.v1": (),
    "link.asked.v1": _PERSON,
    "booking.requested.v1": _PERSON,
    "booking.proposed.v1": ("content", "notifications"),
    "booking.accepted.v1": ("content", "notifications"),
    "booking.declined.v1": ("content", "notifications"),
    "booking.withdrawn.v1": ("content", "notifications"),
    "booking.erased.v1": _PERSON,
    "advisory.published.v1": ("registration", "notifications"),
    "advisory.withdrawn.v1": ("registration", "notifications"),
    "material.published.v1": ("registration", "notifications"),
    "material.withdrawn.v1": ("registration", "notifications"),
    "pack.published.v1": ("registration",),
    "pack.changed.v1": ("registration",),
    "pack.withdrawn.v1": ("registration",),
    "booking.pack.v1": _PERSON,
    "quiz.results.v1": ("registration",),
    # Nobody hears these yet: they are kept in the outbox as a record.
    "quiz.published.v1": (),
    "quiz.withdrawn.v1": (),
    "question.asked.v1": _PERSON,
    "question.answered.v1": _PERSON,
    "question.referred.v1": _PERSON,
    "question.erased.v1": _PERSON,
    "order.placed.v1": _PERSON,
    "order.packed.v1": _PERSON,
    "order.sent.v1": _PERSON,
    "order.delivered.v1": _PERSON,
    "order.cancelled.v1": _PERSON,
    "order.restored.v1": _PERSON,
    "order.erased.v1": _PERSON,
    "order.links_asked.v1": _PERSON,
    # Who sent it back knows; it is kept in the outbox as a record.
    "order.returned.v1": (),
    "delivery.failed.v1": ("registration", "notifications"),
    "broadcast.approved.v1": ("notifications",),
    "broadcast.started.v1": ("notifications",),
    "broadcast.paused.v1": ("notifications",),
    "broadcast.finished.v1": ("notifications",),
    "broadcast.cancelled.v1": ("notifications",),
    "preference.changed.v1": ("notifications",),
    "staff.credential_revoked.v1": ("registration", "content", "notifications"),
    "audit.recorded.v1": ("identity",),
}
