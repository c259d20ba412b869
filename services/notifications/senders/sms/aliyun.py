"""Alibaba Cloud (阿里云) Short Message Service, API version 2017-05-25.

It sends approved templates alone, and does not know a repeated call for one: when no answer came,
its records are asked before anything is sent again. Error codes:
https://help.aliyun.com/zh/sms/developer-reference/api-error-codes
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from alibabacloud_dysmsapi20170525 import models
from alibabacloud_dysmsapi20170525.client import Client
from alibabacloud_tea_openapi.utils_models import Config, GlobalParameters
from darabonba.runtime import RuntimeOptions

from services.notifications.senders.outcome import Outcome, Verdict, without_addresses
from services.notifications.senders.sms.cloud import (
    ANSWER_SECONDS,
    ASK_AFTER_SECONDS,
    CONNECT_SECONDS,
    CloudSms,
    Message,
    broken,
    first_deadline,
    judged,
    server,
)
from services.notifications.senders.sms.numbers import aliyun as as_aliyun
from services.notifications.senders.sms.sender import NotBegun, Receipt, mark, marks
from services.notifications.senders.sms.times import BEIJING, from_beijing
from services.notifications.sms_registry.fitting import Fit

NAME: Final = "aliyun"
# SendBatchSms takes 100; the marks of so many fit its field for our own reference (OutId).
MOST: Final = 20

VERDICTS: Final = {
    # Limits for each number (one a minute, five an hour, ten a day), and for all calls.
    "isv.BUSINESS_LIMIT_CONTROL": Verdict.LATER,
    "isv.DAY_LIMIT_CONTROL": Verdict.LATER,
    "isv.MONTH_LIMIT_CONTROL": Verdict.LATER,
    "Throttling": Verdict.LATER,
    "isp.": Verdict.LATER,
    "ServiceUnavailable": Verdict.LATER,
    "InternalError": Verdict.LATER,
    "isv.MOBILE_NUMBER_ILLEGAL": Verdict.BOUNCED,
    # The account, its money or its keys: no message is to blame, and the operator can act.
    "SignatureDoesNotMatch": Verdict.UNREACHABLE,
    "InvalidAccessKeyId": Verdict.UNREACHABLE,
    "InvalidTimeStamp": Verdict.UNREACHABLE,
    "Forbidden": Verdict.UNREACHABLE,
    "NoPermission": Verdict.UNREACHABLE,
    "isp.RAM_PERMISSION_DENY": Verdict.UNREACHABLE,
    "isv.AMOUNT_NOT_ENOUGH": Verdict.UNREACHABLE,
    "isv.ACCOUNT_NOT_EXISTS": Verdict.UNREACHABLE,
    "isv.ACCOUNT_ABNORMAL": Verdict.UNREACHABLE,
    "isv.OUT_OF_SERVICE": Verdict.UNREACHABLE,
    "isv.PRODUCT_UNSUBSCRIBE": Verdict.UNREACHABLE,
    "isv.PRODUCT_UN_SUBSCRIPT": Verdict.UNREACHABLE,
}
_STATES: Final = {"1": "waiting", "2": "failed", "3": "delivered"}


class AliyunSms(CloudSms[str]):
    """Hands over by ``SendSms``, or by ``SendBatchSms`` what comes at the same moment.

    Args:
        endpoint: its host, or a URL for another scheme or port.
        signature: our name, approved there.
        answer_seconds: how long an answer may take.
        ask_after: pauses in seconds before each question for a message that was not answered.
    """

    def __init__(
        self,
        *,
        key_id: str,
        key_secret: str,
        endpoint: str,
        signature: str,
        answer_seconds: float = ANSWER_SECONDS,
        ask_after: Sequence[float] = ASK_AFTER_SECONDS,
    ) -> None:
        super().__init__(NAME, MOST, signature, ask_after)
        where = server(endpoint)
        self._client = Client(
            Config(
                access_key_id=key_id,
                access_key_secret=key_secret,
                endpoint=where.netloc,
                protocol=where.scheme.upper(),
                # A kept connection that the provider closes meanwhile looks like a lost answer.
                global_parameters=GlobalParameters(headers={"connection": "close"}),
            )
        )
        self._runtime = RuntimeOptions(
            autoretry=False,
            connect_timeout=CONNECT_SECONDS * 1000,
            read_timeout=int(answer_seconds * 1000),
        )

    async def ask(self, to: str, reference: uuid.UUID, sent_at: datetime) -> Receipt | None:
        """What ``QuerySendDetails`` tells of a message of that day."""
        wanted = mark(reference)
        request = models.QuerySendDetailsRequest(
            phone_number=as_aliyun(to),
            send_date=f"{sent_at.astimezone(BEIJING):%Y%m%d}",
            page_size=50,
            current_page=1,
        )
        try:
            answer = await self._threads.run(
                lambda: self._client.query_send_details_with_options(request, self._runtime)
            )
        except Exception as error:
            if _problem(error) is None:
                raise
            return None
        details = answer.body.sms_send_detail_dtos
        for detail in (details.sms_send_detail_dto if details else None) or ():
            if wanted in marks(detail.out_id or ""):
                return _receipt(detail, to)
        return None

    def _key(self, fit: Fit, *, abroad: bool) -> str:
        return fit.code

    async def _call(self, key: str, messages: Sequence[Message]) -> list[Outcome]:
        outcome = await self._call_once(key, messages)
        if len(messages) > 1 and _about_one(outcome):
            # It does not say which, and none of them was taken: each is tried by itself.
            each = await asyncio.gather(*(self._hand_over(key, [one]) for one in messages))
            return [answer for [answer] in each]
        return [outcome] * len(messages)

    async def _call_once(self, code: str, messages: Sequence[Message]) -> Outcome:
        """One call; a batch is taken or refused as a whole."""
        out_id = ",".join(mark(message.reference) for message in messages)
        if len(messages) == 1:
            single = models.SendSmsRequest(
                phone_numbers=as_aliyun(messages[0].to),
                sign_name=self._signature,
                template_code=code,
                template_param=_json(messages[0].params),
                out_id=out_id,
            )
            send, request = self._client.send_sms_with_options, single
        else:
            request = models.SendBatchSmsRequest(
                phone_number_json=_json([as_aliyun(message.to) for message in messages]),
                sign_name_json=_json([self._signature] * len(messages)),
                template_code=code,
                template_param_json=_json([message.params for message in messages]),
                out_id=out_id,
            )
            send = self._client.send_batch_sms_with_options
        try:
            answer = await self._threads.run(
                lambda: send(request, self._runtime), first_deadline(messages)
            )
        except NotBegun:
            raise
        except Exception as error:
            outcome = _problem(error)
            if outcome is None:
                raise
            return outcome
        if answer.body.code == "OK":
            return Outcome(Verdict.ACCEPTED, "OK", answer.body.biz_id)
        return judged(str(answer.body.code), str(answer.body.message or ""), VERDICTS)


def _problem(error: Exception) -> Outcome | None:
    """What an exception of the library means; ``None``: it is none that a provider may cause."""
    if (outcome := broken(error)) is not None:
        return outcome
    code, message = getattr(error, "code", None), getattr(error, "message", "")
    status = getattr(error, "status_code", None) or 0
    if not code or code == "None":
        return Outcome(Verdict.LATER, without_addresses(str(message))) if status >= 500 else None
    return judged(str(code), str(message), VERDICTS)


def _about_one(outcome: Outcome) -> bool:
    """Whether a refusal may be about one number or one message's values, and not about all."""
    return outcome.verdict in (Verdict.BOUNCED, Verdict.REFUSED) or (
        outcome.verdict == Verdict.LATER and outcome.reply.startswith("isv.")
    )


def _receipt(detail: Any, to: str) -> Receipt:  # noqa: ANN401 - the library has no types
    state = _STATES.get(str(detail.send_status), "waiting")
    ended = None
    if state != "waiting":
        ended = from_beijing(detail.receive_date or detail.send_date)
    return Receipt(
        provider_id=None,
        phone=to,
        marks=marks(detail.out_id or ""),
        state=state,  # type: ignore[arg-type]  # the table's values
        reply=without_addresses(str(detail.err_code or "")),
        at=ended,
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
