"""What holds the service together: migrations, subscriptions, samples, texts."""

from __future__ import annotations

import json

from services.chassis import i18n
from services.chassis.migrate import differences
from services.content import sample
from services.content.database import FOLDER, Base, database
from services.content.events import HANDLERS, PUBLISHES
from services.subscriptions import SUBSCRIPTIONS


def test_models_and_migrations_agree():
    assert differences(database, Base.metadata) == []


def test_what_is_said_and_heard_agrees_with_the_subscriptions():
    heard = {kind for kind, who in SUBSCRIPTIONS.items() if "content" in who}
    assert heard - {"staff.credential_revoked.v1"} == set(HANDLERS)
    assert {event.type for event in PUBLISHES} <= set(SUBSCRIPTIONS)


def test_the_samples_load_once(web, outbox):
    assert sample.load() > 0
    told = [event.type for event in outbox("content")]
    # Two of eight were changed afterwards; a raise and a draft wait for a second person.
    assert told.count("advisory.published.v1") == 10
    # One of nine was changed afterwards.
    assert told.count("material.published.v1") == 10
    assert sample.load() == 0
    levels = {item["level"] for item in web.get("/api/content/v1/advisories").json()["items"]}
    assert levels == {"blue", "yellow", "orange", "red"}
    for item in web.get("/api/content/v1/materials").json()["items"]:
        for language in i18n.LANGUAGES:
            page = web.get(f"/library/{item['slug']}", params={"lang": language})
            assert page.status_code == 200


def test_every_sample_is_in_both_languages():
    for name in ("advisories", "materials"):
        for entry in json.loads((FOLDER / "samples" / f"{name}.json").read_text(encoding="utf-8")):
            # A draft may still lack a language: its page says so.
            for field in ("headline", "text", "advice", "title", "summary"):
                said = set(entry.get(field, i18n.LANGUAGES))
                assert entry.get("draft") or said == set(i18n.LANGUAGES), entry["name"]


def test_the_documents_of_the_service(web):
    described = web.get("/api/content/openapi.json").json()["paths"]
    for path in ("/advisories", "/advisories.atom", "/advisories/{advisory_id}.cap", "/materials"):
        assert f"/api/content/v1{path}" in described
    events = web.get("/api/content/asyncapi.json").json()
    assert "send-advisory.published.v1" in events["operations"]
