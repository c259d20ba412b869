"""Where the bytes of files lie: a folder, or a bucket of an S3-compatible store.

Both are the same client (obstore, the Rust crate ``object_store``): uploads are streamed in parts
and appear whole or not at all, downloads are streamed from any byte on. Which of the two it is, is
the setting ``LINGBAO_FILES_URL`` and nothing else.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Final
from urllib.parse import parse_qs, unquote, urlsplit

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from services.chassis.i18n import lazy
from services.chassis.problems import Problem
from services.chassis.settings import Settings, settings

if TYPE_CHECKING:
    from obstore.store import S3Config

log = structlog.get_logger(__name__)

# How much is held in memory for each download; an upload holds a few parts of 5 MB.
CHUNK: Final = 256 * 1024
_PARTS_AT_ONCE: Final = 3


class Store:
    """Bytes under keys. A key is written once and never written again, only deleted."""

    def __init__(self, place: ObjectStore) -> None:
        self._place = place

    def put(self, key: str, source: IO[bytes]) -> None:
        """Keep all bytes of ``source`` from its present place on; other bytes there are replaced.

        Raises:
            Problem: 503 ``files-away``; nothing was kept.
        """
        try:
            obstore.put(self._place, key, source, max_concurrency=_PARTS_AT_ONCE)
        except (OSError, BaseError) as error:
            raise _away("put", error) from error

    def open(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start`` up to, not including, ``end`` (``None``: to the last one).

        It is known on return whether they are there; they are read as the iterator goes on.

        Raises:
            FileNotFoundError: nothing is kept under the key.
            Problem: 503 ``files-away``.
        """
        if end is not None and end <= start:
            return iter(())
        try:
            found = obstore.get(
                self._place,
                key,
                options={"range": {"offset": start} if end is None else (start, end)},
            )
        except FileNotFoundError:
            raise
        except (OSError, BaseError) as error:
            raise _away("open", error) from error
        return (bytes(chunk) for chunk in found.stream(min_chunk_size=CHUNK))

    def delete(self, key: str) -> None:
        """Forget what is kept under the key; nothing happens when there is nothing.

        Raises:
            Problem: 503 ``files-away``.
        """
        try:
            obstore.delete(self._place, key)
        except FileNotFoundError:
            return
        except (OSError, BaseError) as error:
            raise _away("delete", error) from error


@functools.cache
def store() -> Store:
    """The store that the settings name. It connects when it is first used."""
    return Store(place_of(settings()))


def place_of(chosen: Settings) -> ObjectStore:
    """The folder or bucket of ``LINGBAO_FILES_URL``; the embedded folder when it is not set."""
    if chosen.files_url is None:
        return LocalStore(prefix=(chosen.data_dir / "files").absolute(), mkdir=True)
    parts = urlsplit(chosen.files_url)
    if parts.scheme == "file":
        return LocalStore(prefix=unquote(parts.path), mkdir=True)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    bucket, endpoint = parts.hostname or "", options.get("endpoint")
    in_host = options.get("style") == "host"
    if endpoint and in_host:
        # The client takes the endpoint of a bucket with its own host as it stands.
        endpoint = endpoint.replace("://", f"://{bucket}.", 1)
    given: S3Config = {"virtual_hosted_style_request": in_host}
    if endpoint:
        given["endpoint"] = endpoint
    # Without keys the client looks for those that the machine itself has been given.
    if chosen.files_key_id and chosen.files_key_secret:
        given["access_key_id"] = chosen.files_key_id
        given["secret_access_key"] = chosen.files_key_secret
    return S3Store(
        bucket,
        region=options.get("region", "us-east-1"),
        config=given,
        client_options={
            "allow_http": bool(endpoint and endpoint.startswith("http://")),
            "connect_timeout": timedelta(seconds=5),
            "timeout": timedelta(minutes=10),
        },
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=30)},
    )


def _away(act: str, error: Exception) -> Problem:
    # The client's message may hold addresses of the store; which bucket is no secret to operators.
    log.error("files.away", act=act, reason=str(error)[:300])
    return Problem(
        503,
        "files-away",
        lazy("We cannot reach our files at the moment."),
        lazy("Please try again in a minute. Nothing has been changed."),
    )
