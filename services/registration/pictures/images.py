"""Pictures as they come from telephones, made into what a page shows."""

from __future__ import annotations

import hashlib
import io
import struct
import threading
import zlib
from dataclasses import dataclass

from PIL import Image, ImageOps

from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid

LARGEST_FILE = 8 * 1024 * 1024
# What a telephone takes today; decoded, it is some 200 MB.
MOST_PIXELS = 50_000_000
LARGEST_SIDE = 1600
QUALITY = 80
_KINDS = ("JPEG", "PNG", "WEBP")

# What Pillow raises on a file that only pretends to be a picture.
_BROKEN = (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error)

# One at a time in a process, so that pictures that come together do not fill its memory.
_decoding = threading.Lock()


@dataclass(frozen=True)
class Picture:
    """A clean picture: WebP, without a word of where and with what it was taken.

    ``hash`` is the SHA-256 of ``data`` in hexadecimal; ``width`` and ``height`` are pixels.
    """

    hash: str
    data: bytes
    width: int
    height: int


def cleaned(data: bytes, field: str = "picture") -> Picture:
    """A file as a picture to show: upright, at most 1600 pixels on a side, nothing else kept.

    It is decoded only once its head says that it is of a kind and a size that we take.

    Raises:
        Invalid: it is empty, too large, too many pixels, or no picture; the sentence is for
            ``field``.
    """
    if not data:
        raise Invalid([FieldError(field, lazy("Please choose a picture."))])
    if len(data) > LARGEST_FILE:
        raise Invalid([FieldError(field, _TOO_LARGE)])
    try:
        with _decoding, Image.open(io.BytesIO(data), formats=_KINDS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Invalid([FieldError(field, _TOO_MANY_PIXELS)])
            return _encoded(_upright(image))
    except Image.DecompressionBombError as error:
        raise Invalid([FieldError(field, _TOO_MANY_PIXELS)]) from error
    except _BROKEN as error:
        raise Invalid([FieldError(field, _NO_PICTURE)]) from error


def _upright(image: Image.Image) -> Image.Image:
    """The picture small, turned as the camera was held, in colours that WebP knows."""
    # A JPEG can be decoded at a half, a quarter or an eighth, which saves most of the work.
    image.draft("RGB", (LARGEST_SIDE, LARGEST_SIDE))
    transparent = "A" in image.getbands() or "transparency" in image.info
    shown = ImageOps.exif_transpose(image).convert("RGBA" if transparent else "RGB")
    shown.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.LANCZOS)
    return shown


def _encoded(image: Image.Image) -> Picture:
    image.info.clear()  # where it was taken, and with what
    file = io.BytesIO()
    image.save(file, "WEBP", quality=QUALITY, method=4, exif=b"", icc_profile=b"", xmp=b"")
    data = file.getvalue()
    return Picture(hashlib.sha256(data).hexdigest(), data, image.width, image.height)


_NO_PICTURE = lazy("This is not a picture that we can read; please choose a JPEG, PNG or WebP.")
_TOO_LARGE = lazy("This file is larger than 8 MB; please choose a smaller one.")
_TOO_MANY_PIXELS = lazy("This picture has more than 50 million pixels; please make it smaller.")
