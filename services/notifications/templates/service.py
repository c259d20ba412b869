"""Writing templates: each act is one function and one transaction.

create → save … (a version each) → restore an old one; archive and take back.
"""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import FieldError, Invalid, Problem
from services.notifications.broadcasts.schemas import Message
from services.notifications.database import database
from services.notifications.messages.personal import wrong_words
from services.notifications.templates.models import Template, TemplateVersion
from services.notifications.templates.reading import shown, stored, version_by_id, version_of
from services.notifications.templates.schemas import TemplateChange, TemplateIn, TemplateOut


def create(principal: Principal, wanted: TemplateIn, once: Once = NOT_REPEATED) -> TemplateOut:
    """A new template of the author's office, as its version 1.

    Raises:
        Invalid: a text is missing or names what does not exist, or the name is taken.
    """
    _must_be_right(wanted.message)
    with database.transaction() as session:
        if (first := once.first_answer(session)) is not None:
            return TemplateOut.model_validate(first)
        _must_be_free(session, wanted.name, principal.district)
        template = Template(name=wanted.name, district=principal.district, version=1)
        session.add(template)
        session.flush()
        _add_version(session, principal, template, wanted.message, note=wanted.note)
        _note(session, principal, "created", template)
        answer = shown(session, template, principal)
        once.keep(session, answer.model_dump(mode="json"))
    return answer


def save(principal: Principal, template_id: uuid.UUID, wanted: TemplateChange) -> TemplateOut:
    """Save a template: other texts make a new version, another name alone does not.

    Raises:
        NotFound, Problem: there is none, it is another office's, it is archived (409
            ``template-archived``), or somebody saved it meanwhile (409 ``template-changed``).
        Invalid: as :func:`create`.
    """
    _must_be_right(wanted.message)
    with database.transaction() as session:
        template = _to_change(session, template_id, principal)
        if wanted.version is not None and wanted.version != template.version:
            raise Problem(
                409,
                "template-changed",
                lazy("Somebody saved this template after you opened it."),
                lazy("Please look at it as it is now, and save your change again."),
            )
        if wanted.name != template.name:
            _must_be_free(session, wanted.name, template.district)
            template.name = wanted.name
        before = version_of(session, template.id, template.version)
        if Message.model_validate(before.message) != wanted.message:
            template.version += 1
            _add_version(session, principal, template, wanted.message, note=wanted.note)
        template.updated_at = utc_now()
        _note(session, principal, "saved", template)
        return shown(session, template, principal)


def restore(principal: Principal, template_id: uuid.UUID, number: int) -> TemplateOut:
    """Make an old version the newest again, as a version of its own.

    Raises:
        NotFound, Problem: as :func:`save`, or there is no such version.
        Invalid: it says what cannot be sent any more.
    """
    with database.transaction() as session:
        template = _to_change(session, template_id, principal)
        old = version_of(session, template.id, number)
        message = Message.model_validate(old.message)
        _must_be_right(message)
        if number != template.version:
            template.version += 1
            template.updated_at = utc_now()
            _add_version(session, principal, template, message, restored_from=number)
            _note(session, principal, "restored", template)
        return shown(session, template, principal)


def archive(principal: Principal, template_id: uuid.UUID) -> TemplateOut:
    """Offer it no longer. Its versions, and broadcasts that began from them, stay as they are.

    Raises:
        NotFound, Problem: there is none, or it is another office's.
    """
    with database.transaction() as session:
        template = stored(session, template_id, principal, to_change=True)
        if template.archived_at is None:
            template.archived_at = utc_now()
            _note(session, principal, "archived", template)
        return shown(session, template, principal)


def take_back(principal: Principal, template_id: uuid.UUID) -> TemplateOut:
    """Offer an archived template again.

    Raises:
        NotFound, Problem: as :func:`archive`; 409 ``template-name-taken``.
    """
    with database.transaction() as session:
        template = stored(session, template_id, principal, to_change=True)
        if template.archived_at is not None:
            if _is_taken(session, template.name, template.district):
                raise Problem(
                    409,
                    "template-name-taken",
                    lazy("Another template has this name by now."),
                    lazy("Please give the other one another name first."),
                )
            template.archived_at = None
            _note(session, principal, "taken-back", template)
        return shown(session, template, principal)


def texts_of(version_id: uuid.UUID, principal: Principal) -> dict[str, Any]:
    """What a broadcast begins with: ``title``, ``channels``, ``message`` and the version's id.

    Raises:
        NotFound, Problem: there is none, it is another district's, or it is archived (409
            ``template-archived``).
    """
    with database.transaction() as session:
        template, version = version_by_id(session, version_id, principal)
        _must_be_offered(template)
        message = Message.model_validate(version.message)
        written = [message.in_language(tag)[1] for tag in message.languages]
        channels = ["email"] if any(words.subject for words in written) else []
        channels += ["sms"] if any(words.sms for words in written) else []
        return {
            "title": template.name,
            "channels": channels,
            "message": message.model_dump(mode="json"),
            "template_version_id": str(version.id),
        }


def _to_change(session: Session, template_id: uuid.UUID, principal: Principal) -> Template:
    template = stored(session, template_id, principal, to_change=True)
    _must_be_offered(template)
    return template


def _must_be_offered(template: Template) -> None:
    if template.archived_at is not None:
        raise Problem(
            409,
            "template-archived",
            lazy("This template is archived."),
            lazy("Please take it back first if you want to use it."),
        )


def _must_be_right(message: Message) -> None:
    """Every language that is begun is whole for a channel, and every word in it is known."""
    errors = wrong_words(message)
    if not message.languages:
        errors.append(FieldError("message.zh-CN.subject", lazy("Please write at least one text.")))
    for tag in message.languages:
        words = message.in_language(tag)[1]
        if words.subject and not words.body:
            errors.append(
                FieldError(f"message.{tag}.body", lazy("Please write the text of the e-mail."))
            )
        if words.body and not words.subject:
            errors.append(
                FieldError(
                    f"message.{tag}.subject", lazy("Please write the subject of the e-mail.")
                )
            )
    if errors:
        raise Invalid(errors)


def _is_taken(session: Session, name: str, district: str | None) -> bool:
    """Asked one after the other: two who want a name at the same moment do not both get it."""
    lock = sa.func.hashtext(f"templates/{district}/{name}")
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
    query = sa.exists().where(
        Template.name == name,
        Template.district.is_not_distinct_from(district),
        Template.archived_at.is_(None),
    )
    return bool(session.scalar(sa.select(query)))


def _must_be_free(session: Session, name: str, district: str | None) -> None:
    if _is_taken(session, name, district):
        raise Invalid([FieldError("name", lazy("A template of your office has this name."))])


def _add_version(
    session: Session,
    principal: Principal,
    template: Template,
    message: Message,
    *,
    note: str = "",
    restored_from: int | None = None,
) -> None:
    session.add(
        TemplateVersion(
            template_id=template.id,
            number=template.version,
            message=message.model_dump(mode="json"),
            note=note,
            restored_from=restored_from,
            author_kind=principal.kind,
            author_id=principal.id,
            author_name=principal.name,
        )
    )


def _note(session: Session, principal: Principal, act: str, template: Template) -> None:
    audit.record(
        session,
        principal,
        f"template.{act}",
        f"template/{template.id}",
        district=template.district,
        detail=f"version {template.version}",
    )
