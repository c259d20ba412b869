"""The Atom feed and the CAP messages: well formed, complete, escaped, in order."""

from __future__ import annotations

import re
from datetime import datetime
from xml.etree import ElementTree as ET

from services.chassis.settings import settings

API = "/api/content/v1/advisories"
ATOM = "{http://www.w3.org/2005/Atom}"
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
NASTY = "<b>&\"'</b> ]]>"

# The order of the elements in the CAP 1.2 schema (section 3.4).
ALERT = ["identifier", "sender", "sent", "status", "msgType", "source", "scope", "restriction",
         "addresses", "code", "note", "references", "incidents", "info"]  # fmt: skip
INFO = ["language", "category", "event", "responseType", "urgency", "severity", "certainty",
        "audience", "eventCode", "effective", "onset", "expires", "senderName", "headline",
        "description", "instruction", "web", "contact", "parameter", "resource",
        "area"]  # fmt: skip
CAP_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")


def in_order(element, names):
    found = [names.index(child.tag.removeprefix(CAP)) for child in element]
    assert found == sorted(found)


def feed(web, **params):
    answer = web.get("/api/content/v1/advisories.atom", params=params)
    assert answer.headers["content-type"] == "application/atom+xml"
    return ET.fromstring(answer.content)  # noqa: S314 - our own


def cap(web, advisory):
    return cap_at(web, f"{API}/{advisory['id']}.cap")


def cap_at(web, address):
    answer = web.get(address)
    assert answer.headers["content-type"] == "application/cap+xml"
    root = ET.fromstring(answer.content)  # noqa: S314 - our own
    in_order(root, ALERT)
    for info in root.findall(f"{CAP}info"):
        in_order(info, INFO)
    for name in ("sent", "onset", "expires"):
        for moment in root.iter(f"{CAP}{name}"):
            assert CAP_TIME.fullmatch(moment.text)
    return root


def test_an_empty_feed_is_a_feed(web):
    root = feed(web)
    for name in ("id", "title", "updated", "author"):
        assert len(root.findall(f"{ATOM}{name}")) == 1
    assert root.findall(f"{ATOM}entry") == []


def test_the_feed_lists_what_is_in_force(web, published_advisory):
    made = published_advisory(headline={"zh-CN": NASTY}, advice={"zh-CN": f"- {NASTY}"})
    root = feed(web)
    (entry,) = root.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}id") == f"urn:uuid:{made['id']}"
    assert entry.findtext(f"{ATOM}title") == f"泰国：{NASTY}"
    content = entry.find(f"{ATOM}content")
    assert content.get("type") == "html"
    assert "&lt;b&gt;" in content.text
    assert "<b>" not in content.text
    for name in ("updated", "published"):
        assert datetime.fromisoformat(entry.findtext(f"{ATOM}{name}")).tzinfo
    assert root.findtext(f"{ATOM}updated") == entry.findtext(f"{ATOM}updated")
    assert {link.get("type") for link in entry.findall(f"{ATOM}link")} == {
        "text/html",
        "application/cap+xml",
    }
    assert {one.get("term") for one in entry.findall(f"{ATOM}category")} == {
        "TH",
        "yellow",
        "take-care",
    }


def test_the_feed_speaks_both_languages(web, published_advisory):
    published_advisory()
    english = feed(web, lang="en")
    assert english.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
    title = english.find(f"{ATOM}entry").findtext(f"{ATOM}title")
    assert title == "Thailand: Rainy season: mind the sea"
    assert english.findtext(f"{ATOM}id") != feed(web, lang="zh-CN").findtext(f"{ATOM}id")


def test_the_feed_says_what_was_withdrawn(web, key, published_advisory):
    made = published_advisory()
    web.post(f"{API}/{made['id']}/withdraw", json={"reason": "局势缓和"}, headers=key("city-admin"))
    (entry,) = feed(web).findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title").startswith("已撤回：")
    assert entry.findtext(f"{ATOM}summary") == "局势缓和"


def test_a_cap_message_is_complete(web, published_advisory):
    made = published_advisory(
        level="red",
        word="do-not-travel",
        region={"zh-CN": "南部", "en": "South"},
        headline={"zh-CN": NASTY, "en": "Leave now"},
        valid_until="2099-01-01T08:00:00+08:00",
    )
    root = cap(web, made)
    assert root.findtext(f"{CAP}identifier") == f"{made['id']}.2"
    assert root.findtext(f"{CAP}status") == "Test"
    assert root.findtext(f"{CAP}msgType") == "Alert"
    assert root.find(f"{CAP}references") is None
    chinese, english = root.findall(f"{CAP}info")
    assert chinese.findtext(f"{CAP}headline") == NASTY
    assert english.findtext(f"{CAP}language") == "en"
    assert english.findtext(f"{CAP}severity") == "Extreme"
    assert english.findtext(f"{CAP}responseType") == "Avoid"
    assert english.findtext(f"{CAP}expires") == "2099-01-01T00:00:00-00:00"
    assert english.findtext(f"{CAP}instruction") == "Stay out under a red flag"
    assert english.findtext(f"{CAP}area/{CAP}areaDesc") == "Thailand · South"
    assert english.findtext(f"{CAP}area/{CAP}geocode/{CAP}value") == "TH"


def test_later_cap_messages_refer_to_the_earlier_ones(web, key, published_advisory):
    editor = key("city-editor")
    made = published_advisory()
    first = cap(web, made)
    web.patch(f"{API}/{made['id']}", json={"level": "blue"}, headers=editor)
    update = cap(web, made)
    assert update.findtext(f"{CAP}msgType") == "Update"
    sender, identifier, sent = update.findtext(f"{CAP}references").split(",")
    assert sender == first.findtext(f"{CAP}sender")
    assert identifier == first.findtext(f"{CAP}identifier")
    assert sent == first.findtext(f"{CAP}sent")
    web.post(f"{API}/{made['id']}/withdraw", json={"reason": "误报"}, headers=editor)
    cancel = cap(web, made)
    assert cancel.findtext(f"{CAP}msgType") == "Cancel"
    assert len(cancel.findtext(f"{CAP}references").split(" ")) == 2
    # Each stays as it was sent: the first one says nothing of what came later.
    here = f"{API}/{made['id']}/versions"
    numbers = [one["version"] for one in web.get(here).json()["items"]][::-1]
    kept = [cap_at(web, f"{here}/{number}.cap") for number in numbers]
    assert [ET.tostring(one) for one in kept] == [
        ET.tostring(one) for one in (first, update, cancel)
    ]
    assert web.get(f"{here}/{numbers[0] + 50}.cap").status_code == 404
    assert web.get(f"{here}/1.cap").status_code == 404, "a draft was never announced"
    web.post(f"{API}/{made['id']}/publish", headers=editor)
    again = cap(web, made)
    assert again.findtext(f"{CAP}msgType") == "Alert"
    assert again.find(f"{CAP}references") is None


def test_a_production_house_says_actual(web, published_advisory, monkeypatch):
    made = published_advisory()
    monkeypatch.setattr(settings(), "environment", "production")
    assert cap(web, made).findtext(f"{CAP}status") == "Actual"


def test_characters_that_xml_cannot_carry_are_left_out(web, published_advisory):
    made = published_advisory(headline={"zh-CN": "小心\ufffe海浪"})
    (entry,) = feed(web).findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title").endswith("小心海浪")
    assert cap(web, made).find(f"{CAP}info").findtext(f"{CAP}headline") == "小心海浪"
