"""Alibaba Cloud's SMS service: RPC calls signed with ACS3-HMAC-SHA256, as its manual has it.

https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit
from zoneinfo import ZoneInfo

from tests.providers.http import Provider, Taken

KEY_ID = "LTAI-of-the-tests"
KEY_SECRET = "secret-of-the-tests"
TEMPLATES = {"SMS_10001": "您已报名：${title}，入场码${code}。"}


class Aliyun(Provider):
    """Takes ``SendSms`` and ``SendBatchSms``, and answers ``QuerySendDetails``."""

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        action = headers.get("x-acs-action", "")
        self.calls.append(action)
        if not _is_genuine(path, headers, body):
            return 400, _json({"Code": "SignatureDoesNotMatch", "Message": "not signed", "R": "1"})
        given = dict(parse_qsl(urlsplit(path).query)) | dict(parse_qsl(body.decode()))
        assert headers["x-acs-version"] == "2017-05-25"
        if action == "SendSms":
            params = json.loads(given.get("TemplateParam") or "{}")
            return self._send([given["PhoneNumbers"]], [given["SignName"]], [params], given)
        if action == "SendBatchSms":
            numbers, signatures, params = (
                json.loads(given[name])
                for name in ("PhoneNumberJson", "SignNameJson", "TemplateParamJson")
            )
            return self._send(numbers, signatures, params, given)
        if action == "QuerySendDetails":
            return self._details(given)
        return 404, _json({"Code": "InvalidAction.NotFound", "Message": action})

    def _send(
        self, numbers: list[str], signatures: list[str], params: list[Any], given: dict[str, str]
    ) -> tuple[int, bytes]:
        assert len(numbers) == len(signatures) == len(params) == len(set(numbers))
        if set(signatures) != {"领保中心"}:
            return _said("isv.SMS_SIGNATURE_ILLEGAL")
        template = TEMPLATES.get(given["TemplateCode"])
        if template is None:
            return _said("isv.SMS_TEMPLATE_ILLEGAL")
        ways = {self.ways.get(number, "take") for number in numbers}
        if "no-number" in ways or any(not re.fullmatch(r"1\d{10}", one) for one in numbers):
            return _said("isv.MOBILE_NUMBER_ILLEGAL")
        if "busy" in ways:
            return _said("isv.BUSINESS_LIMIT_CONTROL")
        if "stall" not in ways:
            for number, values in zip(numbers, params, strict=True):
                text = re.sub(r"\$\{(\w+)\}", lambda m, v=values: v[m.group(1)], template)
                self.taken.append(Taken(number, f"【领保中心】{text}", given.get("OutId", "")))
        self.stalled(numbers)
        return _said("OK", BizId=f"biz-{len(self.taken)}")

    def _details(self, given: dict[str, str]) -> tuple[int, bytes]:
        today = f"{datetime.now(ZoneInfo('Asia/Shanghai')):%Y%m%d}"
        found = [
            {
                "PhoneNum": one.to,
                "SendStatus": 3,
                "SendDate": "2026-11-23 08:00:00",
                "ReceiveDate": "2026-11-23 08:00:05",
                "Content": one.text,
                "ErrCode": "DELIVERED",
                "OutId": one.reference,
            }
            for one in self.taken
            if one.to == given["PhoneNumber"] and given["SendDate"] == today and self.records
        ]
        return _said("OK", SmsSendDetailDTOs={"SmsSendDetailDTO": found}, TotalCount=len(found))


def _said(code: str, **more: Any) -> tuple[int, bytes]:
    return 200, _json({"Code": code, "Message": code, "RequestId": "R-1"} | more)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _is_genuine(path: str, headers: dict[str, str], body: bytes) -> bool:
    found = re.fullmatch(
        r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})",
        headers.get("authorization", ""),
    )
    if found is None or found.group(1) != KEY_ID:
        return False
    if hashlib.sha256(body).hexdigest() != headers.get("x-acs-content-sha256"):
        return False
    names = found.group(2).split(";")
    assert {"host", "x-acs-action", "x-acs-date", "x-acs-signature-nonce"} <= set(names)
    where = urlsplit(path)
    query = "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in sorted(parse_qsl(where.query, keep_blank_values=True))
    )
    canonical = "\n".join(
        [
            "POST",
            where.path,
            query,
            "".join(f"{name}:{headers[name].strip()}\n" for name in names),
            ";".join(names),
            headers["x-acs-content-sha256"],
        ]
    )
    to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    wanted = hmac.new(KEY_SECRET.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, found.group(3))
