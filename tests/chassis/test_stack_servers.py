"""The embedded PostgreSQL and Redis-protocol servers, for real, through clean and unclean ends."""

import os
import signal
import socket
import stat
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from services.chassis.stack import postgres, valkey
from services.chassis.stack.errors import StackError


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def rows(url: str, query: str) -> list[tuple]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def test_postgres_keeps_its_data_and_its_address(data_dir: Path) -> None:
    server = postgres.start(data_dir)
    try:
        url = server.url
        with psycopg.connect(url) as connection:
            connection.execute("create table kept as select 42 as number")
        settings = dict(
            rows(
                url,
                "select name, setting from pg_settings where name in "
                "('fsync', 'max_connections', 'listen_addresses', 'server_version_num', "
                "'TimeZone')",
            )
        )
        assert settings["fsync"] == "on"
        assert settings["max_connections"] == "300"
        assert settings["listen_addresses"] == "127.0.0.1"
        assert settings["TimeZone"] == "UTC"
        assert settings["server_version_num"].startswith("18")
    finally:
        server.stop()
    assert not server.child.running
    server = postgres.start(data_dir)
    try:
        assert server.url == url
        assert rows(url, "select number from kept") == [(42,)]
    finally:
        server.stop()


def test_postgres_asks_for_its_password(data_dir: Path) -> None:
    server = postgres.start(data_dir)
    try:
        secret = data_dir / "run" / "postgres.password"
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(server.url.replace(secret.read_text().strip(), "guessed"))
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
        assert secret.read_text().strip() in server.url
        arguments = " ".join(psutil.Process(server.child.pid).cmdline())
        assert secret.read_text().strip() not in arguments
        assert psutil.Process(server.child.pid).uids().real != 0
    finally:
        server.stop()


def test_postgres_comes_back_after_it_was_killed(data_dir: Path) -> None:
    server = postgres.start(data_dir)
    with psycopg.connect(server.url) as connection:
        connection.execute("create table kept as select 42 as number")
    os.kill(server.child.pid, signal.SIGKILL)
    assert server.child.wait_stopped(60)
    assert (data_dir / "postgres" / "postmaster.pid").exists()
    server = postgres.start(data_dir)
    try:
        assert rows(server.url, "select number from kept") == [(42,)]
    finally:
        server.stop()


def test_postgres_is_not_misled_by_a_number_that_another_process_has_now(data_dir: Path) -> None:
    server = postgres.start(data_dir)
    server.stop()
    # The number of a living process that is no PostgreSQL, as after a container's restart.
    (data_dir / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\nx\n0\n0\n\n\n\n")
    server = postgres.start(data_dir)
    server.stop()


def test_postgres_ends_a_server_that_outlived_its_supervisor(data_dir: Path) -> None:
    outlived = postgres.start(data_dir)
    server = postgres.start(data_dir)
    try:
        assert outlived.child.wait_stopped(60)
        assert rows(server.url, "select 1") == [(1,)]
    finally:
        server.stop()
        outlived.child.kill()


def test_postgres_begins_anew_after_a_preparation_that_was_cut_short(data_dir: Path) -> None:
    (data_dir / "postgres.new" / "base").mkdir(parents=True)
    server = postgres.start(data_dir)
    server.stop()
    assert not (data_dir / "postgres.new").exists()


def test_postgres_refuses_data_of_another_release(data_dir: Path) -> None:
    (data_dir / "postgres").mkdir(parents=True)
    (data_dir / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(StackError, match="written by PostgreSQL 16"):
        postgres.start(data_dir)


def test_postgres_reaches_a_folder_that_is_closed_to_others(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = postgres.start(closed / "data")
    try:
        assert rows(server.url, "select 1") == [(1,)]
        # Root runs it as another account, which may then pass through and no more; anybody else
        # runs it as themselves, and nothing is changed.
        as_root = os.geteuid() == 0
        assert stat.S_IMODE(closed.stat().st_mode) == (0o701 if as_root else 0o700)
        assert any(str(closed) in notice for notice in server.notices) == as_root
    finally:
        server.stop()


def test_valkey_keeps_its_data_and_asks_for_its_password(data_dir: Path) -> None:
    server = valkey.start(data_dir)
    try:
        url = server.url
        client = redis.Redis.from_url(url, decode_responses=True)
        client.set("kept", "42")
        settings = {
            name: client.config_get(name)[name]
            for name in ("appendonly", "appendfsync", "maxmemory-policy", "bind", "save")
        }
        assert settings == {
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "bind": "127.0.0.1",
            "save": "",
        }
        client.close()
        port = int(url.rsplit(":", 1)[1].split("/")[0])
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=port).ping()
        secret = (data_dir / "run" / "valkey.password").read_text().strip()
        assert secret not in " ".join(psutil.Process(server.child.pid).cmdline())
    finally:
        server.stop()
    server = valkey.start(data_dir)
    try:
        assert server.url == url
        assert redis.Redis.from_url(url).get("kept") == b"42"
    finally:
        server.stop()


def test_valkey_comes_back_after_it_was_killed(data_dir: Path) -> None:
    server = valkey.start(data_dir)
    client = redis.Redis.from_url(server.url)
    client.set("kept", "42")
    # appendfsync everysec: what is older than a second is on the disk.
    assert client.execute_command("WAITAOF", 1, 0, 0) == [1, 0]
    os.kill(server.child.pid, signal.SIGKILL)
    assert server.child.wait_stopped(60)
    server = valkey.start(data_dir)
    try:
        assert redis.Redis.from_url(server.url).get("kept") == b"42"
    finally:
        server.stop()


def test_a_folder_with_spaces_and_chinese_in_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "领保 data"
    database, broker = postgres.start(folder), valkey.start(folder)
    try:
        assert rows(database.url, "select 1") == [(1,)]
        assert redis.Redis.from_url(broker.url).ping()
    finally:
        broker.stop()
        database.stop()


def test_an_address_taken_meanwhile_is_changed(data_dir: Path) -> None:
    (data_dir / "run").mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        (data_dir / "run" / "valkey.port").write_text(str(taken))
        server = valkey.start(data_dir)
        try:
            assert f":{taken}/" not in server.url
        finally:
            server.stop()
