"""Tencent Cloud (腾讯云) SMS, API version 2021-01-11.

It sends approved templates alone. Error codes: https://cloud.tencent.com/document/api/382/55981
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111 import models
from tencentcloud.sms.v20210111.sms_client import SmsClient

from services.notifications.senders.outcome import Outcome, Verdict, without_addresses
from services.notifications.senders.sms.cloud import (
    ANSWER_SECONDS,
    ASK_AFTER_SECONDS,
    CloudSms,
    Message,
    broken,
    first_deadline,
    judged,
    server,
)
from services.notifications.senders.sms.sender import Receipt, mark, marks
from services.notifications.sms_registry.fitting import Fit

NAME: Final = "tencent"
# SendSms takes 200 numbers; the marks of so many fit its field for our own reference.
MOST: Final = 40

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


class TencentSms(CloudSms[Key]):
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
        super().__init__(NAME, MOST, signature, ask_after)
        where = server(endpoint)
        http = HttpProfile(
            protocol=where.scheme, endpoint=where.netloc, reqTimeout=answer_seconds, keepAlive=False
        )
        self._client = SmsClient(
            Credential(secret_id, secret_key),
            region,
            ClientProfile(signMethod="TC3-HMAC-SHA256", httpProfile=http),
        )
        self._app_id = app_id

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

    def _key(self, fit: Fit, *, abroad: bool) -> Key:
        return (fit.code, tuple(fit.params.values()), abroad)

    async def _call(self, key: Key, messages: Sequence[Message]) -> list[Outcome]:
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
            answer = await self._threads.run(
                lambda: self._client.SendSms(request), first_deadline(messages)
            )
        except TencentCloudSDKException as error:
            return [_problem(error)] * len(messages)
        by_number = {status.PhoneNumber: status for status in answer.SendStatusSet or ()}
        return [_outcome(by_number.get(message.to)) for message in messages]


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
