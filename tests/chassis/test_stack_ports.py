"""Ports and folders: what is said when they are taken, closed or full."""

import errno
import os
import socket
from pathlib import Path

import pytest

from services.chassis.stack.errors import StackError
from services.chassis.stack.folder import kept_secret, prepare, sentence_for, write_private
from services.chassis.stack.ports import answers, is_free, kept_port, require_free


def test_a_taken_port_is_named_with_another_to_try() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        assert answers(port)
        with pytest.raises(StackError) as told:
            require_free(port)
        assert f"Port {port} is taken" in told.value.sentence
        assert "LINGBAO_PORT=" in told.value.sentence
        assert "\n" not in told.value.sentence
        suggested = int(told.value.sentence.split("LINGBAO_PORT=")[1].split()[0])
        assert is_free(suggested)
    assert is_free(port)
    require_free(port)


def test_a_port_that_cannot_be_is_refused() -> None:
    with pytest.raises(StackError, match="between 1 and 65535"):
        require_free(70_000)


def test_a_port_is_kept_until_it_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "port"
    port = kept_port(file)
    assert kept_port(file) == port
    with socket.create_server(("127.0.0.1", port)):
        other = kept_port(file)
    assert other != port
    assert kept_port(file) == other
    file.write_text("not a port")
    assert is_free(kept_port(file))


def test_secrets_are_private_and_stay(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    secret = kept_secret(file)
    assert len(secret) >= 32
    assert kept_secret(file) == secret
    assert file.stat().st_mode & 0o777 == 0o600
    write_private(file, "another")
    assert kept_secret(file) == "another"
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StackError) as told:
        prepare(tmp_path / "file")
    assert str(tmp_path / "file") in told.value.sentence
    assert "LINGBAO_DATA_DIR=" in told.value.sentence


@pytest.mark.parametrize(
    ("number", "word"),
    [(errno.ENOSPC, "full"), (errno.EROFS, "read-only"), (errno.EACCES, "may not write")],
)
def test_what_the_disk_says_is_a_sentence(number: int, word: str) -> None:
    error = OSError(number, os.strerror(number))
    assert word in sentence_for(error, Path("/data"))
