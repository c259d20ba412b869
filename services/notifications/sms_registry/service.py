"""Keeping the registry: what was applied for with which provider, and how it stands."""

from __future__ import annotations

import uuid
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import after_commit, utc_now
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import FieldError, Invalid, NotFound, Problem
from services.chassis.settings import settings
from services.notifications.database import database
from services.notifications.sms_registry import fitting
from services.notifications.sms_registry.models import MOVES, SmsSignature, SmsTemplate
from services.notifications.sms_registry.schemas import (
    SignatureIn,
    SignatureOut,
    StandingIn,
    TemplateChange,
    TemplateIn,
    TemplateOut,
    is_code,
)

Row = TypeVar("Row", SmsTemplate, SmsSignature)

# What is with the provider is not edited here: the two would differ.
EDITABLE = ("draft", "rejected")


def templates(provider: str | None = None) -> list[TemplateOut]:
    """Every template, those in use first."""
    with database.transaction() as session:
        query = sa.select(SmsTemplate).order_by(
            SmsTemplate.standing != "approved", SmsTemplate.provider, SmsTemplate.id
        )
        if provider is not None:
            query = query.where(SmsTemplate.provider == provider)
        return [_template(row) for row in session.scalars(query)]


def signatures() -> list[SignatureOut]:
    """Every signature, those in use first."""
    with database.transaction() as session:
        rows = session.scalars(
            sa.select(SmsSignature).order_by(
                SmsSignature.standing != "approved", SmsSignature.provider, SmsSignature.id
            )
        )
        return [_signature(row) for row in rows]


def template(template_id: uuid.UUID) -> TemplateOut:
    """One template.

    Raises:
        NotFound: there is none.
    """
    with database.transaction() as session:
        return _template(_one(session, SmsTemplate, template_id))


def signature(signature_id: uuid.UUID) -> SignatureOut:
    """One signature.

    Raises:
        NotFound: there is none.
    """
    with database.transaction() as session:
        return _signature(_one(session, SmsSignature, signature_id))


def enter_template(
    principal: Principal, wanted: TemplateIn, once: Once = NOT_REPEATED
) -> TemplateOut:
    """Enter a template as a draft."""
    with database.transaction() as session:
        if (answer := once.first_answer(session)) is not None:
            return TemplateOut.model_validate(answer)
        row = SmsTemplate(
            provider=wanted.provider,
            name=wanted.name,
            language=wanted.language,
            area=wanted.area,
            text=wanted.text,
            rules=[rule.model_dump() for rule in wanted.rules],
        )
        session.add(row)
        session.flush()
        _note(session, principal, "sms-template.entered", f"sms-template/{row.id}")
        made = _template(row)
        once.keep(session, made.model_dump(mode="json"))
        return made


def edit_template(
    principal: Principal, template_id: uuid.UUID, wanted: TemplateChange
) -> TemplateOut:
    """Change a draft, or one that was rejected.

    Raises:
        NotFound: there is none.
        Problem: 409 ``not-editable`` while it is with the provider, ``changed-meanwhile`` when
            somebody else changed it.
    """
    with database.transaction() as session:
        row = _one(session, SmsTemplate, template_id)
        if row.standing not in EDITABLE:
            raise Problem(
                409,
                "not-editable",
                lazy("This template is with the provider and cannot be changed."),
                lazy("Enter another one, and withdraw this one once that is approved."),
            )
        if row.version != wanted.version:
            raise Problem(
                409,
                "changed-meanwhile",
                lazy("Somebody else has changed this template meanwhile."),
                lazy("Please look at it as it is now and make your change again."),
            )
        row.provider = wanted.provider
        row.name = wanted.name
        row.language = wanted.language
        row.area = wanted.area
        row.text = wanted.text
        row.rules = [rule.model_dump() for rule in wanted.rules]
        row.version += 1
        row.changed_at = utc_now()
        session.flush()
        _note(session, principal, "sms-template.edited", f"sms-template/{row.id}")
        return _template(row)


def move_template(principal: Principal, template_id: uuid.UUID, wanted: StandingIn) -> TemplateOut:
    """Note how a template stands with its provider; an approved one is used at once.

    Raises:
        NotFound: there is none.
        Invalid: it cannot come to that standing, or its code is missing, wrong or another's.
    """
    with database.transaction() as session:
        row = _one(session, SmsTemplate, template_id)
        _may_follow(row.standing, wanted.standing)
        if wanted.standing == "approved":
            row.code = _code(session, row, wanted.code)
        row.standing = wanted.standing
        row.note = wanted.note
        row.changed_at = utc_now()
        session.flush()
        _note(
            session,
            principal,
            f"sms-template.{wanted.standing}",
            f"sms-template/{row.id}",
            row.code or "",
        )
        return _template(row)


def enter_signature(
    principal: Principal, wanted: SignatureIn, once: Once = NOT_REPEATED
) -> SignatureOut:
    """Enter a signature as a draft.

    Raises:
        Invalid: it is there already.
    """
    with database.transaction() as session:
        if (answer := once.first_answer(session)) is not None:
            return SignatureOut.model_validate(answer)
        known = sa.exists().where(
            SmsSignature.provider == wanted.provider, SmsSignature.text == wanted.text
        )
        if session.scalar(sa.select(known)):
            sentence = lazy("This signature is entered for that provider already.")
            raise Invalid([FieldError("text", sentence)])
        row = SmsSignature(provider=wanted.provider, text=wanted.text)
        session.add(row)
        session.flush()
        _note(session, principal, "sms-signature.entered", f"sms-signature/{row.id}", row.text)
        made = _signature(row)
        once.keep(session, made.model_dump(mode="json"))
        return made


def move_signature(
    principal: Principal, signature_id: uuid.UUID, wanted: StandingIn
) -> SignatureOut:
    """Note how a signature stands with its provider.

    Raises:
        NotFound: there is none.
        Invalid: it cannot come to that standing.
    """
    with database.transaction() as session:
        row = _one(session, SmsSignature, signature_id)
        _may_follow(row.standing, wanted.standing)
        row.standing = wanted.standing
        row.note = wanted.note
        row.changed_at = utc_now()
        session.flush()
        _note(
            session,
            principal,
            f"sms-signature.{wanted.standing}",
            f"sms-signature/{row.id}",
            row.text,
        )
        return _signature(row)


def _one(session: Session, kind: type[Row], row_id: uuid.UUID) -> Row:
    row = session.get(kind, row_id, with_for_update=True)
    if row is None:
        raise NotFound
    return row


def _may_follow(before: str, wanted: str) -> None:
    if wanted != before and wanted not in MOVES[before]:
        sentence = lazy("That cannot follow from how it stands now; please look at it again.")
        raise Invalid([FieldError("standing", sentence)])


def _code(session: Session, row: SmsTemplate, typed: str | None) -> str:
    code = typed or row.code
    if code is None:
        raise Invalid([FieldError("code", lazy("Please enter the code the provider gave it."))])
    if not is_code(row.provider, code):
        sentence = lazy("Aliyun’s codes look like SMS_123456789, Tencent’s like 1234567.")
        raise Invalid([FieldError("code", sentence)])
    taken = sa.exists().where(
        SmsTemplate.provider == row.provider, SmsTemplate.code == code, SmsTemplate.id != row.id
    )
    if session.scalar(sa.select(taken)):
        raise Invalid([FieldError("code", lazy("Another template has this code already."))])
    return code


def _note(
    session: Session, principal: Principal, action: str, target: str, detail: str = ""
) -> None:
    audit.record(session, principal, action, target, district=None, detail=detail)
    after_commit(session, fitting.forget)


def _template(row: SmsTemplate) -> TemplateOut:
    return TemplateOut.model_validate(row, from_attributes=True)


def _signature(row: SmsSignature) -> SignatureOut:
    return SignatureOut.model_validate(
        {
            "id": row.id,
            "provider": row.provider,
            "text": row.text,
            "standing": row.standing,
            "note": row.note,
            "used": row.text == settings().sms_signature,
            "changed_at": row.changed_at,
        }
    )
