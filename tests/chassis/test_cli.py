"""The command line as an operator meets it: what it offers, refuses, and prints where."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services import house
from services.chassis import auth
from services.chassis.settings import settings
from services.cli import app

COMMANDS = ("up", "migrate", "seed", "web", "worker", "beat", "devmail", "doctor", "settings")


def run(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=typed)


def said(result: Result) -> str:
    """Standard error, with what was folded to the width of a terminal put together again."""
    return " ".join(result.stderr.split())


def test_help_lists_every_command() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for name in (*COMMANDS, "rekey", "staff", "apikey"):
        assert f" {name} " in result.stdout
    assert "add" in run("staff", "--help").stdout
    assert "create" in run("apikey", "--help").stdout


def test_every_command_explains_itself() -> None:
    for name in (*COMMANDS, "rekey"):
        result = run(name, "--help")
        assert result.exit_code == 0
        assert "Usage:" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["web", "nothing"], "There is no service 'nothing'; there are identity, content,"),
        (["worker", "nothing"], "There is no service 'nothing'"),
        (["migrate", "nothing"], "There is no service 'nothing'"),
        (["web", "[/red]"], "There is no service '[/red]'"),
        (["worker", "notifications", "--lane", "fast"], "it has: urgent, bulk."),
        (["worker", "identity", "--lane", "urgent"], "identity has no lane 'urgent'"),
        (["apikey", "create", "Bot", "--role", "boss"], "role: Please choose one of"),
        (["apikey", "create", " ", "--role", "viewer"], "name: Please fill this in."),
        (["apikey", "create", "Bot", "--role", "district-editor"], "belongs to a district"),
        (
            ["apikey", "create", "Bot", "--role", "viewer", "--district", "1"],
            "district: We do not know this district",
        ),
        (["devmail"], "LINGBAO_SMS_TOKEN: the inbox needs the token"),
        (["staff", "add", "no-address", "--role", "viewer", "--password-stdin"], "e-mail address"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(arguments: list[str], says: str) -> None:
    result = run(*arguments, typed="four-quiet-herons-88\n")
    assert result.exit_code == 2, result.stderr
    assert says in said(result)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("arguments", [["web"], ["nonsense"], ["web", "identity", "--port", "x"]])
def test_a_command_that_is_not_complete_is_refused(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_an_api_key_stands_alone_on_standard_output() -> None:
    result = run("apikey", "create", "Door", "--role", "check-in", "--district", "110102")
    assert result.exit_code == 0, result.stderr
    (key,) = result.stdout.splitlines()
    assert result.stdout == f"{key}\n"
    principal = auth.from_key(house.database("content"), key)
    assert (principal.kind, principal.role, principal.district) == ("key", "check-in", "110102")
    assert key not in result.stderr


def test_a_member_of_staff_is_added_once() -> None:
    add = ("staff", "add", "Wang@lingbao.example", "--role", "city-editor", "--password-stdin")
    result = run(*add, typed="four-quiet-herons-88\n")
    assert result.exit_code == 0, result.stderr
    assert "can sign in as city-editor" in said(result)
    assert "herons" not in result.stdout + result.stderr
    again = run(*add, typed="four-quiet-herons-88\n")
    assert again.exit_code == 2
    assert "has a staff account already" in said(again)


def test_migrating_one_service_and_all() -> None:
    assert said(run("migrate", "content")) == "content: up to date"
    assert said(run("migrate")).count("up to date") == len(house.SERVICES)


def test_up_is_not_for_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINGBAO_ENVIRONMENT", "production")
    monkeypatch.setenv("LINGBAO_FILES_URL", "file:///srv/lingbao/files")
    settings.cache_clear()
    try:
        result = run("up")
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    assert result.exit_code == 2
    assert "is for development" in said(result)


def test_a_wrong_setting_ends_every_command_with_its_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LINGBAO_PORT", "eighty")
    settings.cache_clear()
    try:
        for command in ("up", "migrate", "doctor", "rekey", "beat"):
            result = run(command)
            assert result.exit_code == 2
            assert "LINGBAO_PORT" in said(result)
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_doctor_says_what_is_well() -> None:
    result = run("doctor")
    for name in (*(f"database of {service}" for service in house.SERVICES), "mail relay"):
        assert f"well {name}: " in said(result)
    assert result.exit_code == (1 if "unwell" in said(result) else 0)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("LINGBAO_REDIS_URL", "redis://127.0.0.1:1/0", "unwell queue: "),
        ("LINGBAO_SMTP_URL", "smtp://127.0.0.1:1", "unwell mail relay: [Errno 111]"),
        ("LINGBAO_REDIS_URL", None, "unwell queue: no queue is configured"),
        ("LINGBAO_SMTP_URL", None, "unwell mail relay: no mail relay is configured"),
    ],
)
def test_doctor_says_what_is_not_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None, says: str
) -> None:
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    try:
        result = run("doctor")
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    assert result.exit_code == 1
    assert says in said(result)
    assert "well database of identity: answers; 0 events wait" in said(result)


def test_rekey_with_a_key_gone_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    run("apikey", "create", "Door", "--role", "viewer")
    with house.database("identity").transaction() as session:
        from services.chassis.idempotency import Once

        once = Once("s", "k", b"")
        once.first_answer(session)
        once.keep(session, {})
    monkeypatch.setenv("LINGBAO_SECRET_KEYS", "another-key-0123456789abcdef0123456789abcdef")
    settings.cache_clear()
    try:
        result = run("rekey")
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    assert result.exit_code == 2
    assert "is not among LINGBAO_SECRET_KEYS" in said(result)


def test_the_settings_are_printed_whole() -> None:
    result = run("settings")
    page = Path(__file__).parents[2] / "docs" / "settings.md"
    assert result.stdout == page.read_text(encoding="utf-8")


def test_it_runs_as_a_program_and_starts_fast() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "services", "--help"],
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "100"},
        check=False,
    )
    assert done.returncode == 0
    assert "consular-protection" in done.stdout
    for heavy in ("services.identity", "celery", "alembic"):
        assert f"| {heavy}" not in done.stderr.replace("|   ", "| "), (
            f"{heavy} is imported for help"
        )
