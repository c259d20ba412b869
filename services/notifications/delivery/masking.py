"""Addresses as staff see them in lists: enough to recognise one's own, too little to write to."""

from __future__ import annotations


def masked(channel: str, address: str) -> str:
    """``w***@example.com`` or ``+86138****5678``, without the middle.

    Asterisks, as banks and shops here write them: dots are as wide as characters in Chinese type.

    Args:
        channel: ``email`` or ``sms``.
        address: the address in full.
    """
    if channel == "email":
        local, _, domain = address.rpartition("@")
        return f"{local[:1]}***@{domain}"
    return f"{address[:-8]}****{address[-4:]}" if len(address) > 10 else f"****{address[-4:]}"
