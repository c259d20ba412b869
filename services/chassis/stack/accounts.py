"""An account for a server that refuses to run as root, and a way for it to reach its files."""

import os
import pwd
import stat
from pathlib import Path

from services.chassis.stack.errors import StackError
from services.chassis.stack.process import Account

_SEARCH = stat.S_IXOTH
_READ = stat.S_IROTH


def unprivileged(folder: Path) -> Account | None:
    """Whom a server with its data in ``folder`` runs as; None for the caller's own account.

    Only root needs another one. The owner of an existing ``folder`` stays; a new one goes to
    ``postgres`` where the system has it, else to ``nobody``. No account is created.
    """
    if os.geteuid() != 0:
        return None
    if folder.exists() and folder.stat().st_uid != 0:
        owner = folder.stat()
        return Account(owner.st_uid, owner.st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise StackError(
        "PostgreSQL does not run as root and this system has neither a postgres nor a nobody "
        "account; start Lingbao as another user."
    )


def open_way_to(path: Path) -> list[Path]:
    """Let other accounts pass through every folder above ``path``; return those changed.

    Passing through (search, ``o+x``) is all that is added: none becomes listable or readable.
    Raises StackError where even root may not change it (a network disk).
    """
    changed = []
    for folder in path.absolute().parents:
        if not folder.stat().st_mode & _SEARCH:
            _allow(folder, _SEARCH)
            changed.append(folder)
    return changed


def open_tree(root: Path) -> None:
    """Let other accounts read the programs under ``root`` (installed with a strict umask)."""
    for path in (root, *root.rglob("*")):
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        wanted = _READ | (_SEARCH if stat.S_ISDIR(mode) or mode & stat.S_IXUSR else 0)
        if mode & wanted != wanted:
            _allow(path, wanted)


def _allow(path: Path, bits: int) -> None:
    try:
        path.chmod(stat.S_IMODE(path.stat().st_mode) | bits)
    except OSError as error:
        raise StackError(
            f"PostgreSQL does not run as root, and other accounts cannot reach {path}; "
            "start Lingbao as another user, or from a folder such as /srv/lingbao."
        ) from error
