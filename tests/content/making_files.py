"""Files to hand in, made in memory: each as small as its kind can be."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pypdfium2
from PIL import Image

CAPTIONS = b"""WEBVTT

00:00.000 --> 00:02.000
First the police.

00:02.000 --> 00:04.000
Then 12308.
"""
# Enough of an MP4 to be known as one: the box that names its brand, and one of media.
VIDEO = struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 512, b"mp41") + bytes(range(256)) * 400
OFFICE = {
    "[Content_Types].xml": b"<Types/>",
    "word/document.xml": b"<document/>",
}


def pdf(pages: int = 1) -> bytes:
    """A PDF of blank pages."""
    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(420, 595)
    file = io.BytesIO()
    document.save(file)
    document.close()
    return file.getvalue()


def picture(kind: str = "PNG", size: tuple[int, int] = (640, 480)) -> bytes:
    """A picture of one colour."""
    file = io.BytesIO()
    Image.new("RGB", size, "#0f4d57").save(file, kind)
    return file.getvalue()


def archive(parts: dict[str, bytes]) -> bytes:
    """A ZIP archive, packed as well as can be."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return file.getvalue()


def bomb(megabytes: int = 40) -> bytes:
    """A document that unpacks to a thousand times its size."""
    return archive({**OFFICE, "word/media/blank.bin": bytes(megabytes * 1024 * 1024)})


def lying_bomb() -> bytes:
    """An archive that says of a part that it is small; unpacked it is large."""
    content = bytes(4 * 1024 * 1024)
    data = bytearray(archive({"small.txt": content}))
    size = struct.pack("<I", len(content))
    return bytes(data.replace(size, struct.pack("<I", 10)))


def locked() -> bytes:
    """An archive whose part says that it is encrypted."""
    data = bytearray(archive({"secret.txt": b"text"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    return bytes(data)


def too_many_pixels() -> bytes:
    """The head of a PNG of sixty million pixels, and next to nothing in it."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content))
            + name
            + content
            + struct.pack(">I", zlib.crc32(name + content))
        )

    head = struct.pack(">IIBBBBB", 8000, 7500, 8, 2, 0, 0, 0)
    data = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + data


def damaged_lzma() -> bytes:
    """A ZIP packed with LZMA, one byte of which has changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as packed:
        packed.writestr("a.txt", b"hello world" * 1000)
    data = bytearray(file.getvalue())
    data[50] ^= 0xFF
    return bytes(data)
