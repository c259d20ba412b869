"""The data folder: making it, private files in it, and what to say when the disk refuses."""

import errno
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.chassis.stack.errors import StackError

_SENTENCES = {
    errno.ENOSPC: "The disk that holds {path} is full; free some space and start again.",
    errno.EDQUOT: "Your disk quota for {path} is used up; free some space and start again.",
    errno.EROFS: (
        "The folder {path} is on a read-only disk; choose another one, "
        "for example: LINGBAO_DATA_DIR=~/lingbao-data make run"
    ),
}
_UNWRITABLE = (
    "Lingbao may not write to {path}; make it yours, or choose another folder, "
    "for example: LINGBAO_DATA_DIR=~/lingbao-data make run"
)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk answers inside the block into a StackError that names ``path``."""
    try:
        yield
    except OSError as error:
        raise StackError(sentence_for(error, path)) from error


def sentence_for(error: OSError, path: Path) -> str:
    """One sentence for an error met while using ``path``."""
    if error.errno in (errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST):
        return _UNWRITABLE.format(path=path)
    known = _SENTENCES.get(error.errno or 0)
    if known is not None:
        return known.format(path=path)
    return f"Lingbao cannot use {path}: {error.strerror or error}."


def prepare(data_dir: Path) -> Path:
    """Make the data folder with its ``run`` and ``logs``; return its absolute path.

    Raises StackError when it cannot be made or written to.
    """
    folder = data_dir.expanduser().absolute()
    with disk_errors(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("run", "logs"):
            (folder / name).mkdir(mode=0o700, exist_ok=True)
        # Permission bits say little (root, read-only mounts, full disks), so it is tried.
        with tempfile.TemporaryFile(dir=folder / "run") as probe:
            probe.write(b"\0" * 4096)
            probe.flush()
    return folder


def write_private(path: Path, text: str) -> None:
    """Put ``text`` into ``path``, mode 0600, whole or not at all."""
    with disk_errors(path.parent):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def kept_secret(path: Path) -> str:
    """The secret kept in ``path``; made from 192 random bits the first time."""
    with disk_errors(path.parent):
        if path.exists():
            kept = path.read_text(encoding="utf-8").strip()
            if kept:
                return kept
    fresh = secrets.token_urlsafe(24)
    write_private(path, fresh + "\n")
    return fresh
