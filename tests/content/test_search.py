"""Search: what is found, in which order, what leaves by itself, where a misspelt name leads."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from services.chassis.countries import aliases, countries, country_code, country_guess
from services.chassis.database import new_id, utc_now
from services.chassis.events import Envelope, consume
from services.content.advisories import indexing as advisories
from services.content.database import database
from services.content.events import HANDLERS
from services.content.search import rebuild, service
from services.content.search.models import SearchEntry
from services.content.search.query import asked_for
from services.content.search.service import Entry
from services.content.search.snippets import Marker
from tests.content.conftest import activity

API = "/api/content/v1/search"


def put(**changes) -> Entry:
    """Have something found, as a room would say it."""
    now = utc_now()
    entry = Entry(
        **{
            "kind": "question",
            "id": new_id(),
            "title": {"zh-CN": "护照遗失如何补办", "en": "How to replace a passport"},
            "text": {
                "zh-CN": "先向警方报案，再到使馆申请旅行证。",
                "en": "Go to the police first.",
            },
            "url": "/questions/1",
            "countries": [],
            "topics": ["documents"],
            "audience": [],
            "at": now,
        }
        | changes
    )
    with database.transaction() as session:
        service.put(session, entry)
    return entry


def found(web, q, **params):
    answer = web.get(API, params={"q": q, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    "q",
    ["护照丢了怎么办", "护照 遗失", "LOST passports", "旅行证", "报警", "ｐａｓｓｐｏｒｔ"],
)
def test_it_is_found_however_it_is_said(web, q):
    entry = put()
    put(title={"zh-CN": "自驾须知"}, text={"zh-CN": "请靠左行驶。"}, topics=[])
    assert [item["id"] for item in found(web, q)["items"]] == [str(entry.id)]


@pytest.mark.parametrize("q", ["阿联酋签证", "UAE visa", "迪拜 签证", "united arab emirates visas"])
def test_a_country_is_found_by_every_name_of_it(web, q):
    entry = put(title={"en": "Visa on arrival"}, text={}, countries=["AE"])
    put(title={"en": "Visa on arrival"}, text={}, countries=["TH"])
    answer = found(web, q)
    assert [item["id"] for item in answer["items"]] == [str(entry.id)]
    assert answer["countries"] == ["AE"]


def test_the_title_comes_first_then_the_country_then_the_newest(web):
    now = utc_now()
    text = put(title={"en": "a"}, text={"zh-CN": "泰国的海"}, at=now)
    older = put(title={"en": "b"}, text={}, countries=["TH"], at=now - timedelta(days=9))
    newer = put(title={"en": "c"}, text={}, countries=["TH"], at=now - timedelta(days=1))
    title = put(title={"zh-CN": "去泰国"}, text={}, at=now - timedelta(days=99))
    wanted = [str(one.id) for one in (title, newer, older, text)]
    assert [item["id"] for item in found(web, "泰国")["items"]] == wanted
    # Page by page it is the same list.
    ids, cursor = [], None
    while True:
        page = found(web, "泰国", limit=1, **({"cursor": cursor} if cursor else {}))
        ids += [item["id"] for item in page["items"]]
        if not (cursor := page["next_cursor"]):
            break
    assert ids == wanted


def test_what_is_for_every_destination_is_found_beside_a_country(web):
    put(countries=["JP"])
    general = put()
    thai = put(title={"zh-CN": "在当地补办"}, text={"zh-CN": "护照遗失"}, countries=["TH"])
    named = put(title={"zh-CN": "在泰国护照丢了"}, countries=["TH"])
    wanted = [str(one.id) for one in (named, general, thai)]
    assert [item["id"] for item in found(web, "在泰国护照丢了")["items"]] == wanted
    # Alone, a country is no reason to list what is for all.
    assert {item["id"] for item in found(web, "泰国")["items"]} == {wanted[0], wanted[2]}


def test_filters_narrow_and_each_count_is_true_when_it_is_chosen(web):
    put(kind="material", countries=["TH", "JP"], audience=["students"])
    put(kind="quiz", countries=["TH"], title={"zh-CN": "护照小测验"})
    put(countries=["JP"], topics=["travel"])
    everything = found(web, "护照")
    for name, counts in everything["counts"].items():
        for value, count in counts.items():
            assert found(web, "护照", **{name: value})["total"] == count, (name, value)
    thai = found(web, "护照", country="TH")
    assert thai["counts"]["country"] == {"TH": 2, "JP": 2}
    assert thai["counts"]["kind"] == {"material": 1, "quiz": 1}
    assert found(web, "护照", country="TH", language="en")["total"] == 1
    assert found(web, "", kind="quiz")["total"] == 1


def test_what_changes_is_replaced_and_what_is_over_leaves(web):
    entry = put(until=utc_now() + timedelta(hours=1))
    put(id=entry.id, title={"zh-CN": "换了标题"}, text={}, topics=[], until=entry.until)
    assert found(web, "护照")["total"] == 0
    assert found(web, "换了标题")["total"] == 1
    with time_machine.travel(utc_now() + timedelta(hours=2)):
        assert found(web, "换了标题")["total"] == 0
        assert service.drop_over() == 1
    put()
    with database.transaction() as session:
        service.drop(session, "question", uuid.uuid4())
    assert found(web, "护照")["total"] == 1


def test_activities_are_heard_of_and_cancelled_ones_leave(web, published_material):
    published_material(title={"zh-CN": "行前清单"})

    def hear(version, **changes):
        state = activity(**changes, version=version, id="0198a3c0-0000-7000-8000-000000000001")
        consume(
            database,
            HANDLERS,
            Envelope(
                id=new_id(),
                source="/services/registration",
                type="activity.changed.v1",
                subject=f"activity/{state['id']}",
                time=utc_now(),
                sequence=version,
                data={"activity": state},
            ),
        )

    hear(1, summary={"zh-CN": "讲**防溺水**"})
    (item,) = found(web, "防溺水")["items"]
    assert item["kind"] == "activity"
    assert item["url"] == "http://testserver/activities/a-lecture"
    assert "<mark>" in item["snippet"]
    assert "**" not in item["snippet"]
    assert rebuild.rebuild() == 2
    assert rebuild.rebuild_old() == 0
    with database.transaction() as session:
        session.execute(sa.update(SearchEntry).values(way="as it was"))
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _: rebuild.rebuild_old(), range(2)))
    assert sorted(made) == [0, 2], "of two workers who find it old one makes it anew"
    # What is not made anew here is not looked at either, or it would be found old for ever.
    with database.transaction() as session:
        session.execute(
            sa.update(SearchEntry)
            .where(SearchEntry.kind == "activity")
            .values(kind="pack", way="another")
        )
    assert rebuild.rebuild_old() == 0
    with database.transaction() as session:
        session.execute(sa.delete(SearchEntry).where(SearchEntry.kind == "pack"))
    assert rebuild.rebuild() == 2
    assert found(web, "赴泰安全讲座")["total"] == found(web, "行前清单")["total"] == 1
    hear(2, status="cancelled")
    assert found(web, "赴泰安全讲座")["total"] == 0


def test_an_advisory_is_found_while_it_is_in_force(web, key, published_advisory):
    said = {"zh-CN": "山洪频发", "en": "Flash floods"}
    begins = utc_now() + timedelta(hours=1)
    now = published_advisory(headline=said)
    later = published_advisory(headline=said, country="JP", valid_from=begins.isoformat())
    assert [one["id"] for one in found(web, "山洪")["items"]] == [now["id"]]
    assert advisories.follow_begun(begins) == 1
    assert {one["id"] for one in found(web, "山洪")["items"]} == {now["id"], later["id"]}
    web.post(
        f"/api/content/v1/advisories/{now['id']}/withdraw",
        json={"reason": "雨停了"},
        headers=key("city-editor"),
    )
    assert [one["id"] for one in found(web, "flash flood")["items"]] == [later["id"]]


@pytest.mark.parametrize(
    ("q", "meant"),
    [("泰果", "TH"), ("马来西牙 签证", "MY"), ("Thialand", "TH"), ("Phillipines visa", "PH"),
     ("taiguo", "TH")],
)  # fmt: skip
def test_a_misspelt_country_is_asked_back(web, q, meant):
    put(countries=[meant])
    assert found(web, q)["guesses"][0]["country"] == meant
    page = web.get("/search", params={"q": q}).text
    assert "您要找的是不是" in page
    assert f"/advisories/{meant}" in page


def test_ordinary_words_are_no_misspelt_country(web):
    for word in (
        "安全",
        "护照",
        "签证",
        "学生",
        "工作",
        "台风",
        "visa",
        "student",
        "passport",
        "train",
    ):
        assert country_guess(word) == [], word
    assert found(web, "量子力学")["guesses"] == []


def test_every_alias_means_its_country_and_no_other():
    for code in countries():
        for name in aliases(code):
            assert country_code(name) == code, name


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_page_marks_words_and_lets_no_script_through(web, language):
    nasty = "<script>alert(1)</script> 护照 passport & co"
    put(title={"zh-CN": nasty, "en": nasty}, text={"zh-CN": nasty * 40, "en": nasty * 40})
    page = web.get("/search", params={"q": "护照 <script>", "lang": language})
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    page = web.get("/search", params={"q": "护照", "lang": language}).text
    assert "<mark>护照</mark>" in page
    assert "&lt;script&gt;alert" in page


def test_nothing_found_says_what_to_try(web):
    put(title={"zh-CN": "护照过期还能用吗"})
    page = web.get("/search", params={"q": "护照去火星旅行"}).text
    assert "没有找到" in page
    assert "12308" in page
    # Something like it is shown all the same.
    assert "护照过期还能用吗" in page


@pytest.mark.parametrize(
    ("q", "urgent"),
    [("护照丢了", True), ("lost my passport", True), ("朋友失联", True), ("被扣留", True),
     ("护照", False), ("签证", False)],
)  # fmt: skip
def test_words_of_distress_show_the_hotline_first(web, q, urgent):
    assert found(web, q)["urgent"] is urgent
    assert ("如果您现在需要帮助" in web.get("/search", params={"q": q}).text) is urgent


@pytest.mark.parametrize(
    "params",
    [{"q": "\0"}, {"q": "'; DROP TABLE"}, {"q": "x" * 5000}, {"q": ":* & | !"}, {"q": "🙂"},
     {"q": "的"}, {"q": "a", "country": "Atlantis", "kind": "poem", "topic": "x"},
     {"cursor": "nonsense", "q": "护照"}],
)  # fmt: skip
def test_whatever_is_typed_gets_a_page(web, params):
    put()
    answer = web.get("/search", params=params)
    assert answer.status_code in (200, 400)
    assert "<h1" in answer.text


def test_similar_needs_not_every_word(web):
    near = put(title={"zh-CN": "在泰国护照丢了怎么办"})
    far = put(title={"zh-CN": "护照有效期"})
    put(kind="material")
    with database.transaction() as session:
        hits = service.similar(session, "我在泰国旅行时把护照弄丢了", kinds=["question"])
        assert [hit.id for hit in hits] == [near.id, far.id]
        assert service.similar(session, "", kinds=["question"]) == []
        assert len(service.similar(session, "护照", kinds=["question", "material"], limit=1)) == 1


def test_a_snippet_shows_where_the_words_stand():
    marker = Marker(asked_for("使馆"))
    text = "第一句很长。" * 30 + "请到使馆补办。" + "最后一句。" * 30
    piece = marker.snippet(text)
    assert piece.startswith("…")
    assert piece.endswith("…")
    assert "<mark>使馆</mark>" in piece
    assert len(piece) < 120
    assert marker.snippet("") == ""
