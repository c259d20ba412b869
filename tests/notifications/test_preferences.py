"""One's choices by link: chosen, paused, left, shown, erased; and the history of consents."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.crypto import fingerprint, seal
from services.chassis.database import new_id, utc_now
from services.notifications.consents import service as consents
from services.notifications.consents.models import Consent
from services.notifications.contacts.models import Contact, Suppression, Unsubscribe
from services.notifications.contacts.service import address_hashes
from services.notifications.database import database
from services.notifications.delivery import lanes
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.service import Address, Planned, plan
from services.notifications.preferences import holders, linking
from services.notifications.preferences.links import LASTS, preferences_token
from services.notifications.trips.models import TripPack
from tests.notifications import told
from tests.notifications.broadcasting import person
from tests.notifications.test_subscribing import in_days, link_in, rows
from tests.sink import SmtpSink

API = "/api/notifications/v1/preferences"
ADDRESS = "li@example.com"
CHOICES = {"language": "en", "digest": "weekly", "countries": "Thailand, 日本", "topics": ["fraud"]}


@pytest.fixture
def site(client: Callable[..., TestClient]) -> TestClient:
    return client("notifications")


def a_broadcast_to(address: str = ADDRESS) -> str:
    """The token of the link in a broadcast that the address got."""
    with database.transaction() as session:
        [delivery] = plan(
            session,
            [Address("email", address)],
            Planned(kind="broadcast", key=f"broadcast/{new_id()}", language="zh-CN"),
        )
        session.execute(
            sa.update(Delivery).where(Delivery.id == delivery).values(state="delivered")
        )
        return preferences_token(delivery)


def holder() -> Contact:
    found: list[Contact] = [one for one in rows(Contact) if one.holder]
    assert len(found) == 1
    return found[0]


def said() -> list[tuple[str, bool, str]]:
    """The history of the address, the oldest first."""
    with database.transaction() as session:
        found = consents.history(session, "email", address_hashes(ADDRESS))
    return [(one.what, one.given, one.source) for one in reversed(found)]


def test_the_first_saving_makes_the_holder_s_contact(site: TestClient) -> None:
    person(ADDRESS, districts=["110102"], countries=["FR"])
    person(ADDRESS, districts=["110105"], countries=["FR", "TH"])
    path = f"/preferences/{a_broadcast_to()}"
    page = site.get(f"{path}?lang=en")
    assert "l***@example.com" in page.text
    assert ADDRESS not in page.text
    assert "France, Thailand" in page.text
    assert len(rows(Contact)) == 2  # looking made none
    for _ in range(2):
        assert site.post(path, data=CHOICES).headers["location"] == f"{path}?done=saved"
    mine = holder()
    assert (mine.language, mine.digest, mine.countries) == ("en", "weekly", ["TH", "JP"])
    assert (mine.districts, mine.topics) == ([], ["fraud"])
    assert mine.wants_broadcasts  # as it was agreed to when registering
    assert mine.email_verified
    assert said() == []  # nothing new was agreed to


def test_saving_agrees_to_nothing_that_was_not_ticked(site: TestClient) -> None:
    person(ADDRESS, wants_broadcasts=False)
    token = a_broadcast_to()
    trip = {"country": "TH", "from": in_days(3), "to": in_days(8)}
    page = site.get(f"/preferences/{token}").text
    assert page.count('name="wants"') == 2
    assert 'name="wants" value="on" checked' not in page
    site.post(f"/preferences/{token}", data=CHOICES)
    site.post(f"/preferences/{token}/trips", data=trip)
    assert not holder().wants_broadcasts
    assert said() == []
    site.post(f"/preferences/{token}/trips", data=trip | {"wants": "on"})
    site.post(f"/preferences/{token}", data=CHOICES | {"wants": "on"})
    assert holder().wants_broadcasts
    assert len(said()) == 2
    assert {one[:2] for one in said()} == {("broadcasts", True), ("emergencies", True)}


def test_leaving_and_coming_back(site: TestClient) -> None:
    person(ADDRESS)
    token = a_broadcast_to()
    path = f"/preferences/{token}"
    assert site.get(f"{path}/leave").status_code == 200
    assert rows(Unsubscribe) == []
    for _ in range(2):
        site.post(f"{path}/leave")
    assert len(rows(Unsubscribe)) == 1
    assert "紧急情况下也不发送" in site.get(path).text
    assert "照常发送" in site.get(path).text  # what is no broadcast goes on
    site.post(f"{path}/return")
    assert rows(Unsubscribe) == []
    both = [("broadcasts", False), ("emergencies", False), ("broadcasts", True)]
    assert [one[:2] for one in said()][:3] == both
    with database.transaction() as session:
        session.add(
            Suppression(
                channel="email",
                address=ADDRESS,
                address_hash=fingerprint(ADDRESS),
                reason="bounced",
            )
        )
    site.post(f"{path}/return")
    assert len(rows(Suppression)) == 1  # above everything that is chosen here
    assert "已停止发送" in site.get(path).text


def test_a_pause_ends_on_its_day(site: TestClient) -> None:
    path = f"/preferences/{a_broadcast_to()}"
    for wrong in ("", in_days(0), in_days(-3), in_days(800), "2026-02-30"):
        refused = site.post(f"{path}/pause", data={"until": wrong})
        assert refused.status_code == 422
        assert f'value="{wrong}"' in refused.text
    wide = in_days(9).translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)})
    assert site.post(f"{path}/pause", data={"until": wide}).status_code == 303
    paused = holder().paused_until
    assert paused is not None
    assert paused.astimezone(told.BEIJING).isoformat().startswith(f"{in_days(9)}T00:00")
    site.post(f"{path}/resume")
    assert holder().paused_until is None


def test_trips_are_added_once_and_taken_out(site: TestClient, smtp: SmtpSink) -> None:
    token = passed_on = a_broadcast_to()
    trip = {"country": "TH", "from": in_days(3), "to": in_days(8)}
    for _ in range(2):
        assert site.post(f"/preferences/{token}/trips", data=trip).status_code == 303
    refused = site.post(f"/preferences/{token}/trips", data=trip | {"country": "XX"})
    assert refused.status_code == 422
    assert 'href="#field-country">国家或地区：' in refused.text, "which of three forms"
    site.post(f"/preferences/{token}/fresh")
    token = link_in(smtp, ADDRESS).rpartition("/")[2]
    [shown] = site.get(f"{API}/{token}").json()["trips"]
    assert (shown["country"], shown["departs_on"], shown["returns_on"]) == tuple(trip.values())
    # A broadcast that was passed on tells nobody when its reader is away.
    hidden = site.get(f"{API}/{passed_on}").json()
    assert (hidden["trips"], hidden["trips_kept"]) == ([], 1)
    assert in_days(8) not in site.get(f"/preferences/{passed_on}?lang=en").text
    later = site.post(f"{API}/{token}/trips", json=trip | {"to": in_days(12)})
    assert [one["returns_on"] for one in later.json()["trips"]] == [in_days(12)]
    assert [pack.state for pack in rows(TripPack)] == ["waiting"]
    for _ in range(2):
        assert site.post(f"/preferences/{token}/trips/{shown['id']}/remove").status_code == 303
    assert [pack.state for pack in rows(TripPack)] == ["withdrawn"]
    for number in range(10):
        many = {"country": "JP", "from": in_days(30 + number)}
        assert site.post(f"{API}/{token}/trips", json=many).status_code == 201
    assert site.post(f"{API}/{token}/trips", json=trip).status_code == 422


def test_a_link_of_a_broadcast_shows_choices_and_not_everything(
    site: TestClient, smtp: SmtpSink
) -> None:
    """A broadcast is forwarded with its link; what is held and erased needs one asked for."""
    person(ADDRESS)
    forwarded = a_broadcast_to()
    for path in (f"/preferences/{forwarded}/data.json", f"/preferences/{forwarded}/erase"):
        assert site.get(path).status_code == 403
    assert site.post(f"/preferences/{forwarded}/erase").status_code == 403
    site.post(f"/preferences/{forwarded}/fresh")
    fresh = link_in(smtp, ADDRESS)
    held = site.get(f"{fresh}/data.json").json()
    assert held["address"] == ADDRESS
    assert [one["source"].partition("/")[0] for one in held["contacts"]] == ["registration"]
    assert {one["kind"] for one in held["messages"]} == {"broadcast", "preferences-link"}


def test_erasing_leaves_nothing_but_that_nobody_may_write(site: TestClient, smtp: SmtpSink) -> None:
    registered = person(ADDRESS)
    person(ADDRESS, source=f"import/{uuid.uuid4()}/1")
    both = person(ADDRESS, source=f"import/{uuid.uuid4()}/2", phone=told.PHONE)
    site.post(f"/preferences/{a_broadcast_to()}", data=CHOICES)
    site.post("/preferences", data={"email": ADDRESS})
    fresh = link_in(smtp, ADDRESS)
    assert site.get(f"{fresh}/erase").status_code == 200
    assert site.post(f"{fresh}/erase").headers["location"] == "/preferences?erased=1"
    left = {contact.id: contact for contact in rows(Contact)}
    assert set(left) == {registered, both}
    assert (left[both].email, left[both].phone) == (None, told.PHONE)
    assert {delivery.address for delivery in rows(Delivery)} == {""}
    assert {consent.address for consent in rows(Consent)} == {""}
    assert [gone.address for gone in rows(Unsubscribe)] == [ADDRESS]
    assert site.get(fresh).status_code == 410
    assert site.post(fresh, data=CHOICES).status_code == 410


def test_an_old_link_leads_to_a_new_one(site: TestClient) -> None:
    token = a_broadcast_to()
    with database.transaction() as session:
        session.execute(sa.update(Delivery).values(planned_at=utc_now() - LASTS))
    page = site.get(f"/preferences/{token}")
    assert page.status_code == 410
    assert 'href="/preferences"' in page.text
    assert site.post(f"/preferences/{token}/leave").status_code == 410


def test_asking_for_a_link_tells_nothing(site: TestClient, smtp: SmtpSink) -> None:
    person(ADDRESS)
    answers = [
        site.post("/preferences", data={"email": address})
        for address in (ADDRESS, "stranger@example.com")
    ]
    assert len({(one.status_code, one.headers["location"]) for one in answers}) == 1
    lanes.run_lane("transactional")
    assert len(smtp.to(ADDRESS)) == 1
    assert smtp.to("stranger@example.com") == []
    linking.forget_strangers(utc_now())
    assert {one.address for one in rows(Delivery)} == {ADDRESS, ""}


def test_two_at_once_make_one_holder(site: TestClient) -> None:
    tokens = [a_broadcast_to() for _ in range(6)]
    codes: list[int] = []

    def save(token: str) -> None:
        codes.append(site.post(f"/preferences/{token}", data=CHOICES).status_code)

    threads = [threading.Thread(target=save, args=(token,)) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [303] * 6
    assert holder().topics == ["fraud"]


def test_without_the_lock_two_at_once_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the unique index is the last word, and the lock keeps the peace."""
    monkeypatch.setattr(holders, "lock_address", lambda *_: None)
    meet = threading.Barrier(2, timeout=60)
    failed: list[BaseException] = []
    chosen_so_far = holders.chosen_so_far

    def together(*args: Any) -> Any:
        meet.wait()
        return chosen_so_far(*args)

    monkeypatch.setattr(holders, "chosen_so_far", together)

    def hold() -> None:
        try:
            with database.transaction() as session:
                holders.hold(session, "email", ADDRESS, "en")
        except sa.exc.IntegrityError as error:
            failed.append(error)

    threads = [threading.Thread(target=hold) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failed) == 1


def test_a_registration_s_consent_is_written_down_once() -> None:
    state = told.activity(told.soon(days=3))
    wants = {"reminders": True, "advisories": True, "privacy_version": "2026-11"}
    mine = told.registration("confirmed", state, consents=wants, email=seal(ADDRESS))
    told.registration("waiting", state, mine, 2, consents=wants, email=seal(ADDRESS))
    told.registration("confirmed", state, email=seal(ADDRESS))
    assert said() == [("broadcasts", True, f"registration/{mine}")]
    told.hear(
        "registration.erased.v1",
        f"registration/{mine}",
        3,
        {"subject_id": str(mine), "version": 3},
    )
    assert said() == []
    assert [consent.address for consent in rows(Consent)] == [""]


def test_the_history_is_never_rewritten(site: TestClient) -> None:
    site.post(f"/preferences/{a_broadcast_to()}", data=CHOICES | {"wants": "on"})
    for statement in ("UPDATE consents SET given = false", "DELETE FROM consents"):
        with (
            pytest.raises(sa.exc.DBAPIError) as refused,
            database.engine.begin() as connection,
        ):
            connection.execute(sa.text(statement))
        assert isinstance(refused.value.orig, psycopg.errors.RaiseException)
    assert timedelta(0) <= utc_now() - rows(Consent)[0].at < timedelta(minutes=1)
