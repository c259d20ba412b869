"""Destinations: the page of every country, its numbers and missions, and who keeps them."""

from __future__ import annotations

import json
from datetime import date, timedelta

import phonenumbers
import pytest
import sqlalchemy as sa

from services.chassis.database import utc_now
from services.chassis.reference import countries
from services.content.database import FOLDER, database
from services.content.destinations import emergency
from services.content.destinations.models import Mission
from services.content.materials.reading import chosen

API = "/api/content/v1/missions"
SAME_SITE = {"Origin": "http://testserver"}


def mission(**changes):
    """The body of a complete mission."""
    return {
        "country": "TH",
        "kind": "embassy",
        "name": {"zh-CN": "驻泰国大使馆", "en": "Embassy in Thailand"},
        "serves": {},
        "address": {"en": "57 Ratchadaphisek Road, Bangkok"},
        "help_phone": "+66 2 245 7010",
        "website": "https://example.org/",
        "source_url": "https://example.org/contact",
        "checked_on": "2026-01-02",
    } | changes


def test_every_emergency_number_is_one_that_libphonenumber_knows():
    assert len(emergency.known()) >= 40
    for country in emergency.known():
        numbers = emergency.numbers(country)
        given = [numbers.police, numbers.ambulance, numbers.fire]
        assert any(given)
        for number in filter(None, given):
            assert phonenumbers.is_emergency_number(number, country), (country, number)
        assert numbers.source_url.startswith("https://")
        assert numbers.checked_on <= date(2100, 1, 1)


def test_the_page_says_what_matters_for_a_country_now(
    web, key, published_advisory, published_material
):
    advice = published_advisory(source_url="https://example.org/notice")
    published_material(title={"zh-CN": "泰国手册"}, countries=["TH"])
    published_material(title={"zh-CN": "赴日须知"}, countries=["JP"])
    published_material(title={"zh-CN": "换汇案例"}, countries=["TH"], kind="case-study")
    assert web.post(API, json=mission(), headers=key("city-editor")).status_code == 201
    page = web.get("/advisories/TH").text
    for text in ("雨季涉水请小心", "黄色", "https://example.org/notice", 'href="tel:191"',
                 'href="tel:1669"', 'href="tel:+6622457010"', "+66 2 245 7010",
                 "核对日期：2026-01-02", 'href="tel:+861012308"', "/subscribe?country=TH",
                 "泰国手册", "换汇案例", f"/advisories/history/{advice['id']}"):  # fmt: skip
        assert text in page, text
    assert "赴日须知" not in page
    english = web.get("/advisories/TH", params={"lang": "en"}).text
    assert "Embassy in Thailand" in english
    assert "Checked on 2026-01-02" in english
    answer = web.get("/api/content/v1/destinations/th").json()
    assert answer["emergency_numbers"]["police"] == "191"
    assert answer["missions"][0]["help_phone"] == "+6622457010"
    assert len(answer["materials"]) == 2


def test_cases_take_no_place_from_what_there_is_to_read(published_material):
    own, general = published_material(countries=["TH"]), published_material()
    cases = [published_material(countries=["TH"], kind="case-study") for _ in range(2)]
    with database.transaction() as session:
        read = chosen(session, countries=["TH"], kinds=["checklist"], limit=2)
        told = chosen(session, countries=["TH"], kinds=["case-study"], limit=2)
    # Its own before what is for every destination, and of each the newest first (UUIDv7).
    assert [str(one.id) for one in read] == [own["id"], general["id"]]
    assert [str(one.id) for one in told] == sorted((one["id"] for one in cases), reverse=True)


def test_where_we_are_not_sure_the_page_says_how_to_find_out(web):
    page = web.get("/advisories/YE").text
    assert "尚未核实" in page
    assert "cs.mfa.gov.cn" in page
    assert "12308" in page
    home = web.get("/advisories/HK").text
    assert "中国香港" in home
    assert "不设使领馆" in home
    assert "cs.mfa.gov.cn" not in home


@pytest.mark.parametrize("name", ["th", "thailand", "Thailand", "泰国", "曼谷", "Siam"])
def test_any_name_leads_to_the_one_address(web, name):
    answer = web.get(f"/advisories/{name}")
    assert (answer.status_code, answer.headers["location"]) == (301, "/advisories/TH")
    chosen = web.get("/advisories/countries", params={"q": name})
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/advisories/TH")
    assert web.get("/advisories/south-korea").headers["location"] == "/advisories/KR"


def test_a_misspelt_name_is_asked_back_and_an_unknown_one_gets_the_list(web):
    asked = web.get("/advisories/thialand")
    assert asked.status_code == 404
    assert "您要找的是不是" in asked.text
    assert 'href="/advisories/TH"' in asked.text
    by_hand = web.get("/advisories", params={"country": "泰果"})
    assert by_hand.headers["location"].startswith("/advisories/countries?q=")
    assert "您要找的是不是" in web.get(by_hand.headers["location"]).text
    unknown = web.get("/advisories/countries", params={"q": "<b>亚特兰蒂斯"})
    assert "没有找到" in unknown.text
    assert "<b>亚" not in unknown.text
    assert unknown.text.count('href="/advisories/') > 248


def test_all_countries_can_be_chosen_in_both_languages(web, published_advisory):
    published_advisory(level="orange")
    chinese = web.get("/advisories/countries").text
    english = web.get("/advisories/countries", params={"lang": "en"}).text
    for code in countries():
        assert f'href="/advisories/{code}"' in chinese
        assert f'href="/advisories/{code}"' in english
    assert chinese.index('id="letter-A"') < chinese.index("泰国") < chinese.index('id="letter-Z"')
    assert "橙色" in chinese
    # A part of a name narrows.
    part = web.get("/advisories/countries", params={"q": "几内", "lang": "zh-CN"}).text
    assert "赤道几内亚" in part
    assert 'href="/advisories/JP"' not in part


def test_only_the_city_keeps_missions(web, key):
    for role, district in (("district-admin", "110102"), ("viewer", None), ("check-in", None)):
        headers = key(role, district)
        assert web.post(API, json=mission(), headers=headers).status_code == 403
    assert web.post(API, json=mission()).status_code == 401
    made = web.post(API, json=mission(), headers=key("city-admin")).json()
    there = f"{API}/{made['id']}"
    assert web.delete(there, headers=key("district-editor", "110102")).status_code == 403
    assert web.delete(there, headers=key("city-editor")).status_code == 204
    assert web.delete(there, headers=key("city-editor")).status_code == 404
    assert web.get(API).json()["items"] == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"country": "ZZ"}, "country"),
        ({"kind": "castle"}, "kind"),
        ({"name": {}}, "name"),
        ({"help_phone": "12"}, "help_phone"),
        ({"help_phone": None}, "help_phone"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"source_url": ""}, "source_url"),
        ({"checked_on": (utc_now() + timedelta(days=3)).date().isoformat()}, "checked_on"),
        ({"slug": "mine"}, "slug"),
    ],
)
def test_what_cannot_be_taken_is_said_beside_its_field(web, key, changes, named):
    refused = web.post(API, json=mission(**changes), headers=key("city-editor"))
    assert refused.status_code == 422
    assert named in [error["field"] for error in refused.json()["errors"]]


def test_staff_keep_missions_by_forms(client, staff):
    browser = client("content", cookies=staff("city-editor"), headers=SAME_SITE)
    form = {
        "country": "TH", "kind": "embassy", "name.zh-CN": "驻泰国大使馆", "address.en": "Bangkok",
        "help_phone": "+66 2 245 7010", "source_url": "https://example.org/",
        "checked_on": "2024-01-02",
    }  # fmt: skip
    refused = browser.post("/staff/destinations/new", data=form | {"help_phone": "1"})
    assert refused.status_code == 422
    assert "驻泰国大使馆" in refused.text
    once = form | {"_once": "a" * 32}
    for _ in range(2):
        assert browser.post("/staff/destinations/new", data=once).status_code == 303
    with database.transaction() as session:
        (row,) = session.scalars(sa.select(Mission)).all()
    listed = browser.get("/staff/destinations", params={"country": "泰国", "check": "1"}).text
    assert "请重新核对" in listed
    assert "一年未核对" in browser.get("/staff/today/content").text
    here = f"/staff/destinations/{row.id}"
    assert browser.post(f"{here}/edit", data=form | {"version": "1"}).status_code == 303
    late = browser.post(f"{here}/edit", data=form | {"version": "1", "name.en": "Mine"})
    assert late.status_code == 409
    assert "Mine" in late.text
    assert "驻泰国大使馆" in browser.get(f"{here}/remove").text
    assert browser.post(f"{here}/remove").status_code == 303
    assert browser.get(f"{here}/edit").status_code == 404
    viewer = client("content", cookies=staff("viewer"), headers=SAME_SITE)
    assert viewer.get("/staff/destinations").status_code == 200
    assert viewer.get("/staff/destinations/new").status_code == 403


def test_the_sample_missions_are_in_both_languages():
    for one in json.loads((FOLDER / "samples" / "missions.json").read_text(encoding="utf-8")):
        assert set(one["name"]) == set(one["address"]) == {"zh-CN", "en"}
