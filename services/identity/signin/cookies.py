"""The two cookies of signing in."""

from __future__ import annotations

from fastapi import Response

from services.chassis.auth import SESSION_COOKIE
from services.chassis.settings import settings
from services.identity.signin.attempts import KNOWN_DEVICE_FOR
from services.identity.signin.models import LONGEST_SESSION

DEVICE_COOKIE = "lingbao_device"
_DEVICE_PATH = "/staff/sign-in"


def keep_credential(response: Response, credential: str) -> None:
    """Put a credential into the session cookie; the credential itself is good for less long."""
    response.set_cookie(
        SESSION_COOKIE,
        credential,
        max_age=int(LONGEST_SESSION.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings().is_https,
    )


def keep_device(response: Response, device: str) -> None:
    """Let this browser be known again at the next sign-in."""
    response.set_cookie(
        DEVICE_COOKIE,
        device,
        max_age=int(KNOWN_DEVICE_FOR.total_seconds()),
        path=_DEVICE_PATH,
        httponly=True,
        samesite="lax",
        secure=settings().is_https,
    )


def drop_credential(response: Response) -> None:
    """Take the session cookie back."""
    response.delete_cookie(
        SESSION_COOKIE, path="/", httponly=True, samesite="lax", secure=settings().is_https
    )
