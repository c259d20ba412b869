"""The messages that were taken in: a folder with one ``.eml`` or text and one ``.json`` each."""

import json
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from uuid_utils import uuid7

KEPT = 2_000
Kind = Literal["mail", "sms"]


@dataclass(frozen=True)
class Meta:
    """What a list shows of a message. ``received_at`` is RFC 3339 in UTC."""

    id: str
    kind: Kind
    to: list[str]
    sender: str
    subject: str
    received_at: str
    parts: int = 1
    reference: str = ""
    size: int = field(default=0)


class Store:
    """The newest messages in ``folder``, at most ``kept`` of them, also across restarts.

    Safe to use from several threads, by one process at a time.
    """

    def __init__(self, folder: Path, kept: int = KEPT) -> None:
        self._folder = folder
        self._kept = kept
        self._lock = threading.Lock()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # By id, which begins with the time (UUIDv7): the order of arrival.
        self._metas: dict[str, Meta] = {meta.id: meta for meta in self._read_all()}

    def _read_all(self) -> Iterator[Meta]:
        for path in sorted(self._folder.glob("*.json")):
            try:
                yield Meta(**json.loads(path.read_text(encoding="utf-8")))
            except (ValueError, TypeError):
                # Cut short by a power failure, or written by another release: the message
                # itself may still be read by hand, it is only not listed.
                continue

    def add(
        self,
        *,
        kind: Kind,
        to: list[str],
        sender: str,
        subject: str,
        content: bytes,
        parts: int = 1,
        reference: str = "",
    ) -> Meta:
        """Keep a message and return what is listed of it; the oldest beyond the limit goes."""
        meta = Meta(
            id=str(uuid7()),
            kind=kind,
            to=to,
            sender=sender,
            subject=subject,
            received_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            parts=parts,
            reference=reference,
            size=len(content),
        )
        # The content first: what is listed can always be opened.
        self._content_path(meta).write_bytes(content)
        self._write_meta(meta)
        with self._lock:
            self._metas[meta.id] = meta
            surplus = list(self._metas.values())[: -self._kept]
            for old in surplus:
                del self._metas[old.id]
        for old in surplus:
            self._remove(old)
        return meta

    def newest(
        self, *, to: str = "", words: str = "", since: datetime | None = None, limit: int = KEPT
    ) -> list[Meta]:
        """Messages, newest first.

        ``to``: part of a recipient's address or number; ``words``: text that the subject, the
        sender, a recipient or the raw content contains, in any case; ``since``: received then or
        later.
        """
        with self._lock:
            metas = list(reversed(self._metas.values()))
        found = []
        for meta in metas:
            if since is not None and datetime.fromisoformat(meta.received_at) < since:
                break  # Older ones follow.
            if to and not any(to.casefold() in address.casefold() for address in meta.to):
                continue
            if words and not self._contains(meta, words.casefold()):
                continue
            found.append(meta)
            if len(found) == limit:
                break
        return found

    def get(self, message_id: str) -> Meta | None:
        """What is listed of one message; None when there is none such."""
        with self._lock:
            return self._metas.get(message_id)

    def content(self, meta: Meta) -> bytes:
        """The message as it came: RFC 5322 bytes of a mail, UTF-8 text of an SMS."""
        return self._content_path(meta).read_bytes()

    def clear(self) -> int:
        """Remove every message; return how many there were."""
        with self._lock:
            metas = list(self._metas.values())
            self._metas.clear()
        for meta in metas:
            self._remove(meta)
        return len(metas)

    def _contains(self, meta: Meta, words: str) -> bool:
        listed = " ".join([meta.subject, meta.sender, *meta.to]).casefold()
        if words in listed:
            return True
        try:
            return words in self.content(meta).decode("utf-8", "replace").casefold()
        except FileNotFoundError:  # Cleared a moment ago.
            return False

    def _content_path(self, meta: Meta) -> Path:
        return self._folder / f"{meta.id}.{'eml' if meta.kind == 'mail' else 'txt'}"

    def _write_meta(self, meta: Meta) -> None:
        path = self._folder / f"{meta.id}.json"
        unfinished = path.with_suffix(".new")
        unfinished.write_text(json.dumps(asdict(meta), ensure_ascii=False), encoding="utf-8")
        unfinished.replace(path)

    def _remove(self, meta: Meta) -> None:
        (self._folder / f"{meta.id}.json").unlink(missing_ok=True)
        self._content_path(meta).unlink(missing_ok=True)
