"""Small pictures of files, made by the worker: of a picture, and of a PDF's first page.

Reading what others made is left to the worker, so that a file that makes a library fall over does
not take a web process with it. Each try is counted before it begins: such a file is left after the
third.
"""

from __future__ import annotations

import io
import tempfile
import threading
import uuid
from datetime import timedelta
from typing import IO, Final

import pypdfium2
import sqlalchemy as sa
import structlog

from services.chassis.database import new_id, utc_now
from services.chassis.files_settings import MEGABYTE
from services.chassis.problems import Problem
from services.content.database import database
from services.content.files import pictures
from services.content.files.models import Blob, StoredFile
from services.content.files.reading import checked, opened
from services.content.files.store import store

log = structlog.get_logger(__name__)

_MOST_TRIES: Final = 3
# Whoever began longer ago has fallen over the file; until then nobody else begins with it.
_GIVEN_UP_AFTER: Final = timedelta(minutes=10)
_SPOOL: Final = 8 * MEGABYTE
_PDF: Final = "application/pdf"
_PICTURES: Final = ("image/jpeg", "image/png", "image/webp")

# PDFium is not safe in several threads at once.
_pdfium = threading.Lock()


def make_due() -> int:
    """Make the small pictures that are missing; a file that has none by nature is passed over.

    Returns:
        How many were made.
    """
    made = 0
    while file := _next():
        made += _make(*file)
    return made


def _next() -> tuple[uuid.UUID, str, str, str] | None:
    """Take the next file on: its id, type, key, checksum. Several workers take different ones."""
    with database.transaction() as session:
        file = session.scalar(
            sa.select(StoredFile)
            .where(
                StoredFile.cover_key.is_(None),
                StoredFile.cover_tries < _MOST_TRIES,
                StoredFile.removed_at.is_(None),
                StoredFile.media_type.in_((_PDF, *_PICTURES)),
                sa.or_(
                    StoredFile.cover_begun_at.is_(None),
                    StoredFile.cover_begun_at < utc_now() - _GIVEN_UP_AFTER,
                ),
            )
            .order_by(StoredFile.cover_tries, StoredFile.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if file is None:
            return None
        file.cover_tries += 1
        file.cover_begun_at = utc_now()
        return file.id, file.media_type, file.key, file.sha256


def _make(file_id: uuid.UUID, media_type: str, key: str, sha256: str) -> bool:
    with tempfile.SpooledTemporaryFile(max_size=_SPOOL) as source:
        try:
            for chunk in checked(opened(key), sha256, key):
                source.write(chunk)
            source.seek(0)
            small = _first_page(source) if media_type == _PDF else pictures.cover(source)
        except (pypdfium2.PdfiumError, *pictures.BROKEN) as error:
            log.warning("cover.failed", file=str(file_id), reason=repr(error)[:200])
            _leave(file_id, key)
            return False
        except Problem:
            # The store was away, which says nothing of the file.
            _leave(file_id, key, tried=False)
            raise
    return _keep(file_id, key, small)


def _leave(file_id: uuid.UUID, key: str, *, tried: bool = True) -> None:
    """Leave a file to the next try, unless it has other bytes meanwhile."""
    with database.transaction() as session:
        session.execute(
            sa.update(StoredFile)
            .where(StoredFile.id == file_id, StoredFile.key == key)
            .values(
                cover_begun_at=None,
                cover_tries=StoredFile.cover_tries - (0 if tried else 1),
            )
        )


def _first_page(source: IO[bytes]) -> bytes:
    with _pdfium:
        document = pypdfium2.PdfDocument(source)
        try:
            page = document[0]
            # As wide as a cover is shown, however large the page says that it is.
            scale = min(pictures.COVER_SIZE) / max(1.0, *page.get_size())
            shown = page.render(scale=scale).to_pil().copy()
        finally:
            document.close()
    return pictures.encoded(shown)


def _keep(file_id: uuid.UUID, key: str, small: bytes) -> bool:
    """Write the cover down, unless the file has other bytes meanwhile."""
    cover_key = f"covers/{new_id().hex}"
    with database.transaction() as session:
        session.add(Blob(key=cover_key))
    store().put(cover_key, io.BytesIO(small))
    with database.transaction() as session:
        kept = session.execute(
            sa.update(StoredFile)
            .where(StoredFile.id == file_id, StoredFile.key == key)
            .values(cover_key=cover_key, cover_begun_at=None)
            .returning(StoredFile.id)
        )
        return kept.first() is not None
