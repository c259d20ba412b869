"""Trying a text: what would be sent of it, and what stands in the way."""

from __future__ import annotations

from services.notifications.sms_registry.fitting import fitting, unfit
from services.notifications.sms_registry.models import Provider
from services.notifications.sms_registry.schemas import FitOut


def tried(provider: Provider, text: str, *, abroad: bool = False) -> FitOut:
    """Which approved template a text would be sent as, or why it would not be sent."""
    fit = fitting(text, provider, abroad=abroad)
    if fit is None:
        return FitOut(provider=provider, code=None, params={}, reason=unfit(provider))
    return FitOut(provider=provider, code=fit.code, params=fit.params, reason=None)
