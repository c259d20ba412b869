"""Tencent Cloud (腾讯云) SMS, API version 2021-01-11.

It sends approved templates alone. Error codes: https://cloud.tencent.com/document/api/382/55981
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111 import models
from tencentcloud.sms.v20210111.sms_client import SmsClient

from services.chassis.database import utc_now
from services.notifications.senders.outcome import Outcome, Verdict, without_addresses
from services.notifications.senders.sms.batches import Batches
from services.notifications.senders.sms.cloud import ANSWER_SECONDS, Threads, broken, judged
from services.notifications.senders.sms.numbers import is_abroad
from services.notifications.senders.sms.sender import NotHere, Receipt, mark, marks
from services.notifications.sms_registry.fitting import fitting, unfit

NAME: Final = "tencent"
# SendSms takes 200 numbers; the marks of so many fit its field for our own reference.
MOST: Final = 40
ASK_AFTER_SECONDS: Final = (1.0, 3.0)

VERDICTS: Final = {
    # Limits for each number (one in 30 seconds, ten a day), and for all calls.
    "LimitExceeded": Verdict.LATER,
    "RequestLimitExceeded": Verdict.LATER,
    "InternalError": Verdict.LATER,
    "FailedOperation.FailResolvePacket": Verdict.LATER,
    "ResourceUnavailable": Verdict.LATER,
    "InvalidParameterValue.IncorrectPhoneNumber": Verdict.BOUNCED,
    # Its holder had it blocked there.
    "FailedOperation.PhoneNumberInBlacklist": Verdict.BOUNCED,
    # The account, its money or its keys: no message is to blame, and the operator can act.
    "AuthFailure": Verdict.UNREACHABLE,
    "UnauthorizedOperation": Verdict.UNREACHABLE,
    "FailedOperation.InsufficientBalanceInSmsPackage": Verdict.UNREACHABLE,
    "FailedOperation.NotEnterpriseCertification": Verdict.UNREACHABLE,
    "InvalidParameterValue.SdkAppIdNotExist": Verdict.UNREACHABLE,
}

# Template and its values: with this provider one call carries one text for many numbers.
Key = tuple[str, tuple[str, ...], bool]


@dataclass(frozen=True)
class _Message:
    to: str
    reference: uuid.UUID


class TencentSms:
    """Hands over by ``SendSms``; the same text for several numbers goes in one call.

    Args:
        app_id: the application's ``SmsSdkAppId``.
        endpoint: its host, or a URL for another scheme or port.
        signature: our name, approved there.
        answer_seconds: how long an answer may take.
        ask_after: pauses in seconds before each question for a message that was not answered.
    """

    def __init__(
        self,
        *,
        secret_id: str,
        secret_key: str,
        app_id: str,
        region: str,
        endpoint: str,
        signature: str,
        answer_seconds: float = ANSWER_SECONDS,
        ask_after: Sequence[float] = ASK_AFTER_SECONDS,
    ) -> None:
        where = urlsplit(endpoint if "//" in endpoint else f"https://{endpoint}")
        http = HttpProfile(
            protocol=where.scheme, endpoint=where.netloc, reqTimeout=answer_seconds, keepAlive=False
        )
        self._client = SmsClient(
            Credential(secret_id, secret_key),
            region,
            ClientProfile(signMethod="TC3-HMAC-SHA256", httpProfile=http),
        )
        self._app_id = app_id
        self._signature = signature
        self._ask_after = tuple(ask_after)
        self._threads = Threads(NAME)
        self._batches: Batches[Key, _Message] = Batches(self._hand_over, MOST)

    async def send(
        self, to: str, text: str, reference: uuid.UUID, *, again: bool = False
    ) -> Outcome:
        """Send the approved template that ``text`` fits."""
        abroad = is_abroad(to)
        fit = await asyncio.to_thread(fitting, text, NAME, abroad=abroad)
        if fit is None:
            return NotHere(Verdict.REFUSED, unfit(NAME))
        if again and (known := await self.ask(to, reference, utc_now())) is not None:
            return _taken(known)
        key = (fit.code, tuple(fit.params.values()), abroad)
        return await self._batches.add(key, to, _Message(to, reference))

    async def ask(self, to: str, reference: uuid.UUID, sent_at: datetime) -> Receipt | None:
        """What ``PullSmsSendStatusByPhoneNumber`` tells of a message.

        It gives our mark back for accounts that asked Tencent for it, so nothing may be found.
        """
        request = models.PullSmsSendStatusByPhoneNumberRequest()
        request.PhoneNumber = to
        request.SmsSdkAppId = self._app_id
        # What it may have taken just before our own clock's time.
        request.BeginTime = int((sent_at - timedelta(minutes=10)).timestamp())
        request.Offset = 0
        request.Limit = 100
        try:
            answer = await self._threads.run(
                lambda: self._client.PullSmsSendStatusByPhoneNumber(request)
            )
        except TencentCloudSDKException:
            return None
        wanted = mark(reference)
        for status in answer.PullSmsSendStatusSet or ():
            given = marks(status.SessionContext or "")
            if wanted in given:
                return _receipt(status, to, given)
        return None

    async def close(self) -> None:
        """End the threads."""
        self._threads.close()

    async def _hand_over(self, key: Key, messages: Sequence[_Message]) -> list[Outcome]:
        code, params, abroad = key
        request = models.SendSmsRequest()
        request.SmsSdkAppId = self._app_id
        # For numbers abroad the name stands in the template itself.
        request.SignName = "" if abroad else self._signature
        request.TemplateId = code
        request.TemplateParamSet = list(params)
        request.PhoneNumberSet = [message.to for message in messages]
        request.SessionContext = ",".join(mark(message.reference) for message in messages)
        try:
            answer = await self._threads.run(lambda: self._client.SendSms(request))
        except TencentCloudSDKException as error:
            outcome = _problem(error)
            if outcome.verdict == Verdict.UNKNOWN:
                return list(await asyncio.gather(*(self._found(one, outcome) for one in messages)))
            return [outcome] * len(messages)
        by_number = {status.PhoneNumber: status for status in answer.SendStatusSet or ()}
        return [_outcome(by_number.get(message.to)) for message in messages]

    async def _found(self, message: _Message, lost: Outcome) -> Outcome:
        """Whether a message whose answer was lost stands in the provider's records."""
        for pause in self._ask_after:
            await asyncio.sleep(pause)
            known = await self.ask(message.to, message.reference, utc_now())
            if known is not None:
                return _taken(known)
        return lost


def _outcome(status: Any) -> Outcome:  # noqa: ANN401 - the library has no types
    if status is None:
        return Outcome(Verdict.UNKNOWN, "The provider's answer does not name this number.")
    if status.Code == "Ok":
        return Outcome(Verdict.ACCEPTED, "Ok", status.SerialNo)
    return judged(status.Code, status.Message or "", VERDICTS)


def _problem(error: TencentCloudSDKException) -> Outcome:
    code, message = error.get_code() or "", error.get_message() or ""
    if not error.get_request_id():
        # Not the provider's own words: the network's, or something in between (a gateway's 502).
        return broken(error) or Outcome(Verdict.UNKNOWN, without_addresses(f"{code} {message}"))
    return judged(code, message, VERDICTS)


def _taken(known: Receipt) -> Outcome:
    return Outcome(Verdict.ACCEPTED, "Found in the provider's records.", known.provider_id)


def _receipt(status: Any, to: str, given: tuple[str, ...]) -> Receipt:  # noqa: ANN401
    ended = status.ReportStatus in ("SUCCESS", "FAIL")
    return Receipt(
        provider_id=status.SerialNo,
        phone=to,
        marks=given,
        state=_state(status.ReportStatus) if ended else "waiting",
        reply=without_addresses(str(status.Description or "")),
        at=datetime.fromtimestamp(status.UserReceiveTime, UTC) if ended else None,
    )


def _state(word: str) -> Any:  # noqa: ANN401 - one of the two words of a receipt
    return "delivered" if word == "SUCCESS" else "failed"
