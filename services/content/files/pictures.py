"""Pictures: whether one can be shown, and small ones for lists."""

from __future__ import annotations

import io
import struct
import threading
import zlib
from typing import IO, Final

from PIL import Image, ImageOps

from services.chassis.i18n import lazy
from services.content.files.refusals import refused

# What a telephone takes today; decoded, it is some 200 MB.
MOST_PIXELS: Final = 50_000_000
# Twice what a list shows, for sharp screens.
COVER_SIZE: Final = (480, 480)
COVER_TYPE: Final = "image/webp"
_QUALITY: Final = 80

# What Pillow raises on a file that only pretends to be a picture.
BROKEN = (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error)

# One at a time in a process, so that pictures that come together do not fill its memory.
_decoding = threading.Lock()


def check(source: IO[bytes], word: str) -> None:
    """Look at the head of a picture, without decoding it.

    Args:
        word: the one type that it may be: ``JPEG``.

    Raises:
        Invalid: it is damaged, or has too many pixels.
    """
    source.seek(0)
    try:
        with Image.open(source, formats=[word.upper()]) as image:
            pixels = image.width * image.height
    except Image.DecompressionBombError as error:
        raise refused(_TOO_MANY_PIXELS) from error
    except BROKEN as error:
        raise refused(_NO_PICTURE) from error
    if pixels > MOST_PIXELS:
        raise refused(_TOO_MANY_PIXELS)


def cover(source: IO[bytes]) -> bytes:
    """A small WebP of a picture, upright, without a word of where and with what it was taken.

    Raises:
        OSError, ValueError and others of :data:`BROKEN`: it cannot be decoded.
    """
    with _decoding, Image.open(source, formats=["JPEG", "PNG", "WEBP"]) as image:
        # A JPEG can be decoded at a half, a quarter or an eighth, which saves most of the work.
        image.draft("RGB", COVER_SIZE)
        return encoded(ImageOps.exif_transpose(image))


def encoded(image: Image.Image) -> bytes:
    """A decoded picture as a small WebP."""
    has_alpha = "A" in image.getbands() or "transparency" in image.info
    small = image.convert("RGBA" if has_alpha else "RGB")
    small.thumbnail(COVER_SIZE, Image.Resampling.LANCZOS)
    small.info.clear()
    file = io.BytesIO()
    small.save(file, "WEBP", quality=_QUALITY, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return file.getvalue()


_NO_PICTURE: Final = lazy("This picture is damaged. Please save it again as JPEG or PNG.")
_TOO_MANY_PIXELS: Final = lazy(
    "This picture has more than 50 million pixels; please make it smaller."
)
