"""Tencent Cloud's SMS service: JSON calls signed with TC3-HMAC-SHA256, as its manual has it.

https://cloud.tencent.com/document/api/382/52072
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from datetime import UTC, datetime
from typing import Any

from tests.providers.http import Provider, Taken

SECRET_ID = "AKID-of-the-tests"
SECRET_KEY = "secret-of-the-tests"
APP_ID = "1400006666"
TEMPLATES = {"100200": "您已报名：{1}，入场码{2}。"}


class Tencent(Provider):
    """Takes ``SendSms``, and answers ``PullSmsSendStatusByPhoneNumber``."""

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        action = headers.get("x-tc-action", "")
        self.calls.append(action)
        if not _is_genuine(path, headers, body):
            return _failed("AuthFailure.SignatureFailure")
        given = json.loads(body)
        if given["SmsSdkAppId"] != APP_ID:
            return _failed("InvalidParameterValue.SdkAppIdNotExist")
        if action == "SendSms":
            return self._send(given)
        if action == "PullSmsSendStatusByPhoneNumber":
            return self._status(given)
        return _failed("InvalidAction")

    def _send(self, given: dict[str, Any]) -> tuple[int, bytes]:
        template = TEMPLATES.get(given["TemplateId"])
        numbers: list[str] = given["PhoneNumberSet"]
        found = []
        for number in numbers:
            way = self.ways.get(number, "take")
            code = "Ok"
            if template is None:
                code = "FailedOperation.TemplateIncorrectOrUnapproved"
            elif given["SignName"] != "领保中心":
                code = "FailedOperation.SignatureIncorrectOrUnapproved"
            elif way == "no-number" or not re.fullmatch(r"\+861\d{10}", number):
                code = "InvalidParameterValue.IncorrectPhoneNumber"
            elif way == "busy":
                code = "LimitExceeded.PhoneNumberThirtySecondLimit"
            elif way != "stall":
                values = given["TemplateParamSet"]
                text = re.sub(r"\{(\d+)\}", lambda m, v=values: v[int(m.group(1)) - 1], template)
                self.taken.append(Taken(number, f"【领保中心】{text}", given["SessionContext"]))
            found.append(
                {
                    "SerialNo": f"serial-{len(self.taken)}" if code == "Ok" else "",
                    "PhoneNumber": number,
                    "Fee": 1,
                    "SessionContext": given["SessionContext"],
                    "Code": code,
                    "Message": f"said of {number}",
                    "IsoCode": "CN",
                }
            )
        self.stalled(numbers)
        return 200, _json({"Response": {"SendStatusSet": found, "RequestId": "R-1"}})

    def _status(self, given: dict[str, Any]) -> tuple[int, bytes]:
        assert given["Limit"] <= 100
        found = [
            {
                "UserReceiveTime": int(time.time()),
                "CountryCode": "86",
                "SubscriberNumber": one.to[3:],
                "PhoneNumber": one.to,
                "SerialNo": f"serial-{number}",
                "ReportStatus": "SUCCESS",
                "Description": "DELIVRD",
                "SessionContext": one.reference,
            }
            for number, one in enumerate(self.taken, start=1)
            if one.to == given["PhoneNumber"] and self.records
        ]
        return 200, _json({"Response": {"PullSmsSendStatusSet": found, "RequestId": "R-2"}})


def _failed(code: str) -> tuple[int, bytes]:
    return 200, _json({"Response": {"Error": {"Code": code, "Message": code}, "RequestId": "R-0"}})


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _is_genuine(path: str, headers: dict[str, str], body: bytes) -> bool:
    moment = int(headers["x-tc-timestamp"])
    day = f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"
    found = re.fullmatch(
        r"TC3-HMAC-SHA256 Credential=([^/]+)/([^/]+)/sms/tc3_request, "
        r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})",
        headers.get("authorization", ""),
    )
    if found is None or found.group(1) != SECRET_ID or found.group(2) != day:
        return False
    if abs(time.time() - moment) > 300:
        return False
    names = found.group(3).split(";")
    canonical = "\n".join(
        [
            "POST",
            path,
            "",
            "".join(f"{name}:{headers[name].strip().lower()}\n" for name in names),
            ";".join(names),
            hashlib.sha256(body).hexdigest(),
        ]
    )
    to_sign = "\n".join(
        [
            "TC3-HMAC-SHA256",
            str(moment),
            f"{day}/sms/tc3_request",
            hashlib.sha256(canonical.encode()).hexdigest(),
        ]
    )
    key = f"TC3{SECRET_KEY}".encode()
    for step in (day, "sms", "tc3_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    wanted = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, found.group(4))
