"""A gateway that is called by signed webhook (Standard Webhooks), checked by its own sum."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

from tests.providers.http import Provider, Taken

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes!!!!").decode()


class Gateway(Provider):
    """Takes one message a call; knows a repeat by its id."""

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        self.calls.append(path)
        if not _is_genuine(headers, body):
            return 401, b"{}"
        message = json.loads(body)
        assert message["id"] == headers["webhook-id"]
        way = self.ways.get(message["to"], "take")
        if way == "no-number":
            return 404, b"{}"
        if way == "busy":
            return 429, b"{}"
        if way != "stall" and message["id"] not in {one.reference for one in self.taken}:
            text = f"【{message['signature']}】{message['text']}"
            self.taken.append(Taken(message["to"], text, message["id"]))
        self.stalled([message["to"]])
        return 202, json.dumps({"id": f"g-{len(self.taken)}"}).encode()


def _is_genuine(headers: dict[str, str], body: bytes) -> bool:
    identifier, moment = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "0")
    if abs(time.time() - int(moment)) > 300:
        return False
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    mac = hmac.new(key, f"{identifier}.{moment}.".encode() + body, hashlib.sha256).digest()
    wanted = f"v1,{base64.b64encode(mac).decode()}"
    return wanted in headers.get("webhook-signature", "").split()
