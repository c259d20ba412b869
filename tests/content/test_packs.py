"""Packs: proposed, worked on, given out in editions, kept by their holders, and marked."""

from __future__ import annotations

import hashlib
import io
import re
import uuid
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.database import new_id, utc_now
from services.chassis.events import Envelope
from services.content.activities_seen.service import ActivityNews, remember
from services.content.bookings_seen import service as bookings
from services.content.database import database
from services.content.packs import archive, following, reading
from services.content.packs.models import Pack
from services.content.packs.reading import count_holding
from services.content.quizzes.models import Quiz
from tests.content.conftest import Call, activity, statements
from tests.content.making_files import pdf
from tests.content.quizzing import a_quiz

API = "/api/content/v1"
ORIGIN = {"Origin": "http://testserver"}
Headers = dict[str, str]


def hear_activity(**changes: Any) -> str:
    told = activity(**changes)
    with database.transaction() as session:
        remember(session, ActivityNews.model_validate({"activity": told}), None)  # type: ignore[arg-type]
    return str(told["id"])


def hear_booking(**changes: Any) -> str:
    told = {
        "subject_id": new_id(),
        "version": 1,
        "kind": "school_session",
        "status": "accepted",
        "organisation": {"kind": "school", "district": "110105", "name": "sealed"},
        "agreed_time": utc_now() + timedelta(days=10),
        "timezone": "Asia/Shanghai",
        "headcount": 120,
        "destinations": ["GB"],
        "departs_on": (utc_now() + timedelta(days=20)).date(),
        "topics": [],
    } | changes
    with database.transaction() as session:
        bookings.remember(session, bookings.BookingNews.model_validate(told), None)  # type: ignore[arg-type]
    return str(told["subject_id"])


@pytest.fixture
def editor(key: Callable[..., Headers]) -> Headers:
    return key("district-editor", "110102")


@pytest.fixture
def pack(
    web: TestClient, editor: Headers, published_material: Call, published_advisory: Call
) -> Iterator[dict[str, Any]]:
    """A draft for a lecture about Thailand, with what was proposed for it."""
    published_material(countries=["TH"])
    published_material(countries=["JP"], title={"zh-CN": "日本", "en": "Japan only"})
    published_advisory()
    wanted = {"title": {"zh-CN": "赴泰资料包", "en": "Going to Thailand"}}
    wanted |= {"activity_id": hear_activity()}
    made = web.post(f"{API}/packs", json=wanted, headers=editor)
    assert made.status_code == 201, made.text
    yield made.json()


def give_out(web: TestClient, editor: Headers, pack: dict[str, Any]) -> str:
    """Publishes, and answers the last part of the link."""
    done = web.post(f"{API}/packs/{pack['id']}/publish", headers=editor)
    assert done.status_code == 200, done.text
    return str(done.json()["url"].rsplit("/", 1)[-1])


def by_link(web: TestClient, token: str) -> dict[str, Any]:
    found = web.get(f"{API}/packs/by-link/{token}")
    assert found.status_code == 200, found.text
    return dict(found.json())


def test_what_fits_is_proposed_in_the_order_of_reading(pack):
    assert [item["kind"] for item in pack["items"]] == ["advisory", "country", "material"]
    assert pack["items"][1]["ref"] == "TH"
    assert (pack["countries"], pack["district"], pack["status"]) == (["TH"], "110102", "draft")


def test_one_occasion_has_one_pack(web, editor, pack):
    again = web.post(
        f"{API}/packs",
        json={"title": {"en": "Another"}, "activity_id": pack["activity_id"]},
        headers=editor,
    )
    assert (again.status_code, again.json()["type"]) == (409, "pack-exists")
    assert again.json()["pack_id"] == pack["id"]


def test_what_is_no_pack_is_refused_with_a_sentence(web, editor, pack):
    title = {"title": {"en": "A pack"}}
    for wrong, field in (
        ({"activity_id": str(new_id())}, "activity_id"),
        ({"items": [{"kind": "material", "ref": str(new_id())}]}, "items"),
        ({"items": [{"kind": "country", "ref": "XX"}]}, "items.0.ref"),
        ({"items": [{"kind": "material", "ref": "1"}]}, "items.0.ref"),
        ({"activity_id": str(new_id()), "booking_id": str(new_id())}, "booking_id"),
        ({"title": {}}, "title"),
    ):
        answer = web.post(f"{API}/packs", json=title | wrong, headers=editor)
        assert answer.status_code == 422, (wrong, answer.text)
        assert field in [error["field"] for error in answer.json()["errors"]]
    empty = web.post(f"{API}/packs", json=title | {"items": []}, headers=editor).json()
    refused = web.post(f"{API}/packs/{empty['id']}/publish", headers=editor)
    assert (refused.status_code, refused.json()["type"]) == (409, "pack-empty")


def test_a_pack_is_its_district_s(web, key, staff, pack):
    other = key("district-editor", "110105")
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"title": {"en": "Mine"}}),
        ("POST", "/publish", None),
        ("POST", "/withdraw", {"reason": "so"}),
        ("GET", "/editions", None),
    ):
        answer = web.request(method, f"{API}/packs/{pack['id']}{path}", json=body, headers=other)
        assert (answer.status_code, answer.json()["type"]) == (403, "other-district"), path
    assert web.get(f"{API}/packs", headers=other).json()["items"] == []
    theirs = {"title": {"en": "Theirs"}, "activity_id": hear_activity(district="110102")}
    assert web.post(f"{API}/packs", json=theirs, headers=other).status_code == 403
    page = f"/staff/packs/{pack['id']}"
    web.cookies.update(staff("viewer"))
    assert web.get(page).status_code == 200
    assert web.post(f"{page}/items", data={"act": "x"}, headers=ORIGIN).status_code == 403
    web.cookies.update(staff("check-in"))
    assert web.get(page).status_code == 403


def test_a_link_cannot_be_guessed_and_opens_only_what_was_given_out(web, editor, pack):
    token = pack["url"].rsplit("/", 1)[-1]
    assert web.get(f"/packs/{token}").status_code == 404
    give_out(web, editor, pack)
    page = web.get(f"/packs/{token}")
    assert page.status_code == 200
    assert page.headers["x-robots-tag"] == "noindex, nofollow"
    for wrong in (token[:-1], token[::-1], pack["id"], "x", "%00"):
        assert web.get(f"/packs/{wrong}").status_code == 404
        assert web.get(f"/packs/{wrong}/zip").status_code == 404
    withdraw = {"reason": "The journey is off"}
    web.post(f"{API}/packs/{pack['id']}/withdraw", json=withdraw, headers=editor)
    gone = web.get(f"/packs/{token}", params={"lang": "en"})
    assert gone.status_code == 410
    assert "The journey is off" in gone.text


def test_what_changes_is_marked_for_its_holders(web, key, editor, pack, outbox, *, staff):
    token = give_out(web, editor, pack)
    assert [item["state"] for item in by_link(web, token)["items"]] == ["same"] * 3
    city = key("city-editor")
    advisory, _country, material = pack["items"]
    patch = {"summary": {"en": "Seven steps"}, "changes": {"en": "A step more"}}
    web.patch(f"{API}/materials/{material['ref']}", json=patch, headers=city)
    web.post(f"{API}/advisories/{advisory['ref']}/withdraw", json={"reason": "Over"}, headers=city)
    found = by_link(web, token)
    # The country's sheet names the level, and there is none any more.
    assert [item["state"] for item in found["items"]] == ["gone", "updated", "updated"]
    assert found["updated"] == 3
    assert found["items"][0]["sheet"]["text"] == {}
    page = web.get(f"/packs/{token}", params={"lang": "en"}).text
    assert page.count("Updated since you received this") == 2
    assert "What is new: A step more" in page
    # What they were given on that day is still what staff see.
    kept = web.get(f"{API}/packs/{pack['id']}/editions/1", headers=editor).json()
    assert kept["items"][2]["sheet"]["summary"]["en"] == "Six steps"
    assert kept["items"][0]["sheet"]["text"]["zh-CN"].startswith("海况多变")
    # An edition cannot be given out with something in it that is not public.
    refused = web.post(f"{API}/packs/{pack['id']}/publish", headers=editor)
    assert refused.json()["type"] == "pack-out-of-date"
    rest = [item for item in pack["items"] if item["kind"] != "advisory"]
    web.patch(f"{API}/packs/{pack['id']}", json={"items": rest}, headers=editor)
    give_out(web, editor, pack)
    assert [item["state"] for item in by_link(web, token)["items"]] == ["same", "same"]
    told = [event for event in outbox("content") if event.type == "pack.published.v1"][-1]
    kinds = sorted(change["kind"] for change in told.data["changes"])
    assert kinds == ["removed", "updated", "updated"]
    web.cookies.update(staff("viewer"))
    difference = web.get(f"/staff/packs/{pack['id']}/editions/2", params={"lang": "en"})
    assert difference.status_code == 200
    assert "Taken out" in difference.text


def a_day_later() -> None:
    with database.transaction() as session:
        session.execute(sa.update(Pack).values(told_at=utc_now() - timedelta(hours=25)))


def test_holders_hear_of_a_change_once_a_day(web, key, editor, pack, outbox):
    give_out(web, editor, pack)
    place = f"{API}/materials/{pack['items'][2]['ref']}"

    def change(summary: str) -> None:
        patch = {"summary": {"en": summary}, "changes": {"en": f"Now {summary}"}}
        assert web.patch(place, json=patch, headers=key("city-editor")).status_code == 200

    def told() -> list[Envelope]:
        return [event for event in outbox("content") if event.type == "pack.changed.v1"]

    change("seven")
    assert following.follow() == 0  # they have only just got it
    change("eight")
    a_day_later()
    assert following.follow() == 1
    assert [one["said"] for one in told()[0].data["changes"]] == [{"en": "Now eight"}]
    a_day_later()
    assert following.follow() == 0
    change("nine")
    change("eight")  # and back: it reads as they know it
    assert following.follow() == 0
    assert len(told()) == 1


def test_the_zip_is_whole_and_its_sums_are_right(web, key, editor, published_material):
    document = pdf()
    material = published_material()
    place = f"{API}/materials/{material['id']}/files"
    files = {"file": ("护照.pdf", document, "application/pdf")}
    added = web.post(place, files=files, headers=key("city-editor"))
    assert added.status_code == 201, added.text
    items = [
        {"kind": "material", "ref": material["id"], "note": {"en": "Read *this* <script>"}},
        {"kind": "country", "ref": "TH"},
    ]
    wanted = {"title": {"zh-CN": "资料包", "en": "A pack"}, "items": items}
    pack = web.post(f"{API}/packs", json=wanted, headers=editor).json()
    token = give_out(web, editor, pack)
    answer = web.get(f"/packs/{token}/zip")
    assert answer.headers["content-type"] == "application/zip"
    assert "pack-a-pack-1.zip" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as found:
        assert found.testzip() is None
        names = found.namelist()
        sums = dict(
            reversed(line.split("  ", 1)) for line in found.read("SHA256SUMS").decode().splitlines()
        )
        assert set(sums) == set(names) - {"SHA256SUMS"}
        for name, digest in sums.items():
            assert hashlib.sha256(found.read(name)).hexdigest() == digest
        assert found.read("files/01-if-you-lose-your-passport/护照.pdf") == document
        assert found.read("texts/02-thailand-have-this-at-hand.en.md").startswith(b"# Thailand")
        page = found.read("index.en.html").decode()
        assert "<em>this</em>" in page
        assert "<script>" not in page
        assert 'lang="en"' in page
        assert "先报警" in found.read("index.html").decode()


def test_a_zip_takes_no_more_memory_for_a_large_file(monkeypatch, web, editor):
    wanted = {"title": {"en": "Large"}, "items": [{"kind": "country", "ref": "TH"}]}
    pack = web.post(f"{API}/packs", json=wanted, headers=editor).json()
    token = give_out(web, editor, pack)
    held = by_link(web, token)
    large = archive.PackForHolder.model_validate(held | {"id": uuid.uuid4()})
    pieces = 400
    monkeypatch.setattr(
        archive,
        "_members",
        lambda _pack: iter([("files/film.mp4", iter([b"x" * 65536] * pieces), False)]),
    )
    sizes = [len(piece) for piece in archive.stream(large)]
    assert sum(sizes) > pieces * 65536
    assert max(sizes) < 2 * 65536


def test_staff_make_one_on_the_pages(web, staff, published_material):
    published_material(countries=["GB"])
    booking = hear_booking()
    web.cookies.update(staff("district-editor", "110105") | {"lingbao_language": "en"})
    wanted = web.get("/staff/packs").text
    assert "A session at a school · Chaoyang · United Kingdom" in wanted
    form = web.get(f"/staff/packs/new?booking={booking}").text
    assert f'value="booking/{booking}" selected' in form
    typed = {"occasion": f"booking/{booking}", "title.en": "", "_once": "1"}
    refused = web.post("/staff/packs/new", data=typed, headers=ORIGIN)
    assert refused.status_code == 422
    typed["title.en"] = "Off to Britain"
    made = web.post("/staff/packs/new", data=typed, headers=ORIGIN)
    assert made.status_code == 303
    place = made.headers["location"]
    page = web.get(place).text
    assert page.index("United Kingdom: have this at hand") < page.index("If you lose your passport")
    for act, status in (
        ("down country/GB", 303),
        ("remove country/GB", 303),
        ("add country/FR", 303),
        ("add country/XX", 404),
        ("up country/DE", 404),
    ):
        done = web.post(f"{place}/items", data={"act": act}, headers=ORIGIN)
        assert done.status_code == status, act
    note = {"note.en": "Read this on the train", "note.zh-CN": ""}
    web.post(f"{place}/items/country/FR", data=note, headers=ORIGIN)
    assert "Read this on the train" in web.get(place).text
    assert "United Kingdom: have this at hand" in web.get(f"{place}/add").text
    assert web.get(f"{place}/preview").status_code == 200
    assert "by e-mail" in web.get(f"{place}/publish").text
    seen = re.search(r'name="version" value="(\d+)"', web.get(f"{place}/publish").text)
    assert seen
    version = {"version": seen[1]}
    assert web.post(f"{place}/publish", data=version, headers=ORIGIN).status_code == 303
    # Pressed twice it is one edition, and what somebody changed meanwhile is not given out unseen.
    assert web.post(f"{place}/publish", data=version, headers=ORIGIN).status_code == 303
    assert web.get(f"{place}/editions/2").status_code == 404
    web.post(f"{place}/items", data={"act": "remove country/FR"}, headers=ORIGIN)
    assert web.post(f"{place}/publish", data=version, headers=ORIGIN).status_code == 409
    assert "Copy the link" in web.get(place).text
    assert (count_holding("country/FR"), count_holding("country/GB")) == (1, 0)
    assert "A pack is wanted" not in web.get("/staff/packs").text


def test_opening_is_counted_by_the_page_not_by_the_link(web, editor, staff, pack):
    token = give_out(web, editor, pack)
    for path in ("", "/print", "/zip", "/qr.svg"):
        assert web.get(f"/packs/{token}{path}").status_code == 200
    view = f"/staff/packs/{pack['id']}"
    web.cookies.update(staff("viewer"))
    assert "0 times" in web.get(view, params={"lang": "en"}).text
    for _number in range(2):
        assert web.post(f"/packs/{token}/opened", headers=ORIGIN).status_code == 204
    assert "2 times" in web.get(view, params={"lang": "en"}).text


def test_a_quiz_that_is_closed_is_said_to_be_over(web, editor):
    quiz = a_quiz("single", closes_at=utc_now() + timedelta(hours=1))
    items = [{"kind": "quiz", "ref": str(quiz.id)}, {"kind": "country", "ref": "TH"}]
    body = {"title": {"en": "With a quiz"}, "district": "110102", "items": items}
    made = web.post(f"{API}/packs", json=body, headers=editor).json()
    token = give_out(web, editor, made)
    assert [item["state"] for item in by_link(web, token)["items"]] == ["same", "same"]
    with database.transaction() as session:
        session.get_one(Quiz, quiz.id).closes_at = utc_now()
    gone = by_link(web, token)["items"][0]
    assert (gone["state"], gone["sheet"]["text"]) == ("gone", {})
    assert "no longer be taken" in gone["sheet"]["gone"]["en"]


def test_a_pack_is_read_in_as_many_statements_however_long_it_is(web, editor, published_material):
    def asks(countries: list[str], materials: int) -> int:
        items = [{"kind": "country", "ref": code} for code in countries]
        items += [{"kind": "material", "ref": published_material()["id"]} for _ in range(materials)]
        body = {"title": {"en": "Many"}, "district": "110102", "items": items}
        made = web.post(f"{API}/packs", json=body, headers=editor).json()
        token = give_out(web, editor, made)
        return statements(lambda: reading.open_link(token))

    assert asks(["TH"], 1) == asks(["TH", "JP", "FR", "KE"], 3)
