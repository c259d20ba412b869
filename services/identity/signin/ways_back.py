"""Where to go after signing in: a page of this site and nothing else."""

from __future__ import annotations

import unicodedata
from urllib.parse import urlsplit

HOME = "/staff"


def local_path(wanted: str | None) -> str:
    """``wanted`` when it is a path of this site, else the staff home.

    Browsers read ``//host`` and ``/\\host`` as another host and drop control characters before
    they look, so all of these are refused, not repaired.
    """
    if not wanted or len(wanted) > 2000 or not wanted.startswith("/"):
        return HOME
    if wanted.startswith("//") or "\\" in wanted:
        return HOME
    if any(char.isspace() or unicodedata.category(char).startswith("C") for char in wanted):
        return HOME
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return HOME
    if parts.scheme or parts.netloc or parts.path in ("/staff/sign-in", "/staff/sign-out"):
        return HOME
    return wanted
