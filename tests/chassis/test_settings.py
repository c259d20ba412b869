"""Settings fail at start with a sentence that says which and what to do."""

from __future__ import annotations

import pytest

from services.chassis.settings import Settings, SettingsError, settings

LONG = "k" * 32
PRODUCTION = {
    "LINGBAO_ENVIRONMENT": "production",
    "LINGBAO_DATABASE_URL": "postgresql://u:p@db/postgres",
    "LINGBAO_REDIS_URL": "redis://:p@queue:6379/0",
    "LINGBAO_SMTP_URL": "smtp://u:p@mail:587?starttls=required",
    "LINGBAO_BASE_URL": "https://lingbao.example",
    "LINGBAO_SECRET_KEYS": LONG,
    "LINGBAO_FILES_URL": "file:///srv/lingbao/files",
    "LINGBAO_SMS_PROVIDER": "none",
}


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    settings.cache_clear()
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("LINGBAO_PORT", "eighty", "LINGBAO_PORT"),
        ("LINGBAO_PORT", "70000", "LINGBAO_PORT"),
        ("LINGBAO_DATABASE_URL", "mysql://x", "postgresql://"),
        ("LINGBAO_REDIS_URL", "http://x", "redis://"),
        ("LINGBAO_SMTP_URL", "mail.example", "smtp://"),
        ("LINGBAO_SMTP_URL", "smtp://h?starttls=perhaps", "starttls"),
        ("LINGBAO_SECRET_KEYS", "short", "32 characters"),
        ("LINGBAO_FILES_URL", "ftp://files", "s3://bucket"),
        ("LINGBAO_FILES_URL", "s3://bucket?endpoint=files.example", "https://"),
        ("LINGBAO_FILES_URL", "s3://bucket?secret=x", "endpoint, region and style"),
        ("LINGBAO_BASE_URL", "lingbao.example", "https://"),
        ("LINGBAO_ENVIRONMENT", "staging", "LINGBAO_ENVIRONMENT"),
        ("LINGBAO_SMS_PROVIDER", "pigeon", "LINGBAO_SMS_PROVIDER"),
        ("LINGBAO_SMS_PROVIDER", "inbox,none", "none alone"),
        ("LINGBAO_SMS_PROVIDER", "inbox,tencent", "LINGBAO_SMS_TENCENT_SECRET_ID"),
        ("LINGBAO_SMS_SMPP_URL", "smpp://h", "smpp://user"),
        ("LINGBAO_SMS_SMPP_URL", "smpp://u:nine-long@h", "8 for the password"),
        ("LINGBAO_SMS_WEBHOOK_URL", "gateway", "https://"),
        ("LINGBAO_SMS_WEBHOOK_SECRET", "whsec_short", "base64"),
    ],
)
def test_a_wrong_value_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    settings.cache_clear()
    try:
        with pytest.raises(SettingsError, match=says):
            settings()
    finally:
        monkeypatch.undo()
        settings.cache_clear()


@pytest.mark.parametrize(
    "missing", [name for name in PRODUCTION if name.endswith(("_URL", "KEYS"))]
)
def test_production_needs_everything(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(missing)
    settings.cache_clear()
    try:
        with pytest.raises(SettingsError, match=missing):
            settings()
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
