"""Alerts of others: CAP 1.2 by its rules, drafts and proposals, never a publication."""

from __future__ import annotations

import re

import pytest

from services.chassis.i18n import speaking
from services.content.alerts import cap, xml_reading
from tests.content.alerting import CAP, alert, geocoded, info, moment, references

API = "/api/content/v1"
ALERTS = f"{API}/alerts"
SAME_SITE = {"Origin": "http://testserver"}

LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE alert [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>&b;</identifier></alert>"""
REACHES_OUT = b"""<!DOCTYPE alert [<!ENTITY x SYSTEM "file:///etc/passwd">]><alert>&x;</alert>"""


def faults(data: bytes) -> list[str]:
    with pytest.raises(cap.NotCap) as refused, speaking("en"):
        cap.read(xml_reading.parse(data))
    return [f"{one.where}: {one.sentence}" for one in refused.value.faults]


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (alert(status="Real"), "status"),
        (alert(sent="2026-11-23T08:00:00Z"), "sent"),
        (alert(sent="2026-02-30T08:00:00+08:00"), "sent"),
        (alert(identifier="with space"), "identifier"),
        (alert(sender="a,b"), "sender"),
        (alert(sender=""), "sender"),
        (alert(scope="Restricted"), ""),
        (alert(scope="Private"), ""),
        (alert(msgType="Update"), ""),
        (alert(msgType="Cancel"), ""),
        (alert(head="<references>only-one</references>", msgType="Update"), "references"),
        (alert(head="<code>x</code><source>late</source>"), "source"),
        (alert(head="<scope>Public</scope>"), "scope"),
        (alert(head="<colour>red</colour>"), "colour"),
        (alert(info(severity="Awful")), "info[1]/severity"),
        (alert(info(), info(category="")), "info[2]/category"),
        (alert(info(event="")), "info[1]/event"),
        (alert(info(area="<area><areaDesc>x</areaDesc><polygon>1,1 2,2 1,1</polygon></area>")),
         "info[1]/area[1]/polygon[1]"),
        (alert(info(area="<area><areaDesc>x</areaDesc><circle>91,1 5</circle></area>")),
         "info[1]/area[1]/circle[1]"),
        (alert(info(area="<area><areaDesc>x</areaDesc><ceiling>5</ceiling></area>")),
         "info[1]/area[1]"),
        (alert().replace(b"cap:1.2", b"cap:1.1"), ""),
        (b"<html/>", ""),
    ],
)  # fmt: skip
def test_what_is_not_as_the_standard_has_it_is_named(data, where):
    assert any(one.startswith(f"{where}: ") for one in faults(data)), faults(data)


def test_a_whole_alert_is_read_with_a_signature_of_others():
    signed = alert(
        info(
            area="<area><areaDesc>x</areaDesc><polygon>1,1 2,2 3,3 1,1</polygon>"
            "<circle>39.9,116.4 50</circle><altitude>1</altitude><ceiling>5</ceiling></area>"
        )
    ).replace(b"</alert>", b'<s:Signature xmlns:s="http://www.w3.org/2000/09/xmldsig#"/></alert>')
    assert cap.read(xml_reading.parse(signed)).info[0].area[0].ceiling == 5


@pytest.mark.parametrize("state", ["Alert", "Update", "Cancel"])
@pytest.mark.parametrize("text", ["<b>&\"'</b> ]]>", "两行\n文字"])
def test_what_we_say_is_as_the_standard_has_it(web, key, published_advisory, state, text):
    made = published_advisory(
        level="red",
        text={"zh-CN": text, "en": text},
        valid_until=moment(days=3).replace("-00:00", "Z"),
        region={"zh-CN": "南部", "en": "South"},
    )
    here = f"{API}/advisories/{made['id']}"
    editor = key("city-editor")
    if state != "Alert":
        web.patch(here, json={"level": "orange"}, headers=editor)
    if state == "Cancel":
        web.post(f"{here}/withdraw", json={"reason": text[:9].split("\n")[0]}, headers=editor)
    ours = cap.read(xml_reading.parse(web.get(f"{here}.cap").content))
    assert ours.msg_type == state
    assert len(ours.earlier) == ["Alert", "Update", "Cancel"].index(state)
    assert [one.language for one in ours.info] == ["zh-CN", "en"]
    assert ours.info[0].area[0].geocode[0].value == "TH"


@pytest.mark.parametrize(
    "data",
    [
        LAUGHS,
        REACHES_OUT,
        b"not xml",
        b"",
        b"<a>" * 40 + b"</a>" * 40,
        b"<a>" + b"<b/>" * 60_000 + b"</a>",
        b"<a>" + b"x" * 4_100_000 + b"</a>",
    ],
    ids=["expands", "reaches-out", "text", "empty", "deep", "many", "large"],
)
def test_xml_that_does_harm_is_refused_with_a_sentence(web, key, data):
    refused = web.post(ALERTS, content=data, headers=key("city-editor"))
    assert refused.status_code in (413, 422)
    assert refused.json()["detail"]
    assert web.get(ALERTS, headers=key("viewer")).json()["items"] == []


def hand_in(web, headers, data):
    answer = web.post(ALERTS, content=data, headers=headers)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def test_an_alert_becomes_a_draft_and_nothing_is_published(web, key, outbox):
    editor = key("city-editor")
    chinese = info(language="zh-CN", headline="南部洪水", description="河水上涨。", instruction="")
    data = alert(chinese, info(area=geocoded("TH-83", "MM")))
    made = hand_in(web, editor, data)
    assert (made["state"], made["level"], made["countries"]) == ("done", "orange", ["TH", "MM"])
    drafts = web.get(f"{API}/advisories", params={"status": "draft"}, headers=editor).json()[
        "items"
    ]
    assert {one["country"] for one in drafts} == {"TH", "MM"}
    draft = next(one for one in drafts if one["country"] == "TH")
    assert (draft["status"], draft["word"]) == ("draft", "travel-with-caution")
    assert draft["headline"] == {"zh-CN": "南部洪水", "en": "Floods in the south"}
    assert draft["text"]["en"] == "Rivers rise.\nRoads are closed."
    assert draft["source_url"] == "https://example.org/floods"
    assert web.get(f"{API}/advisories").json()["items"] == []
    assert not [one for one in outbox("content") if one.type.startswith("advisory.")]
    # Whoever handed it in wrote it, so at orange somebody else publishes it.
    here = f"{API}/advisories/{draft['id']}"
    assert web.post(f"{here}/publish", headers=editor).status_code == 409
    assert web.post(f"{here}/publish", headers=key("city-editor")).status_code == 200
    # The same alert comes again.
    again = web.post(ALERTS, content=data, headers=editor)
    assert (again.status_code, again.json()["id"]) == (200, made["id"])
    assert len(web.get(ALERTS, headers=editor).json()["items"]) == 1


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (alert(sent="2019-05-01T08:00:00+07:00"), "This alert is from 2019: please check."),
        (alert(info(expires=moment(days=-1))), "It has expired."),
        (alert(status="Exercise"), "Its sender marked it “Exercise”: it is no real warning."),
        (alert(info(area="")), "It does not say in which country; please choose one."),
        (
            alert(info(severity="Unknown")),
            "It does not say how severe it is; the level is a guess.",
        ),
        (alert(info(language="fr")), "It is written in “fr”; please translate it."),
    ],
)
def test_what_is_odd_is_said_and_not_lost(web, key, data, sentence):
    editor = key("city-editor") | {"Accept-Language": "en"}
    made = hand_in(web, editor, data)
    assert sentence in made["warnings"]
    assert web.get(f"{API}/advisories").json()["items"] == []
    for link in made["links"]:
        draft = web.get(f"{API}/advisories/{link['advisory_id']}", headers=editor).json()
        assert draft["status"] == "draft"


@pytest.mark.parametrize(
    ("text", "code"), [("Phuket, Thailand", "TH"), ("日本", "JP"), ("Nowhere", None)]
)
def test_a_country_is_found_by_its_name(web, key, text, code):
    editor = key("city-editor")
    area = f"<area><areaDesc>{text}</areaDesc></area>"
    made = hand_in(web, editor, alert(info(area=area)))
    assert made["countries"] == ([code] if code else [])
    assert made["state"] == ("done" if code else "open")
    if code is None:
        done = web.post(f"{ALERTS}/{made['id']}/draft", json={"country": "KE"}, headers=editor)
        assert (done.status_code, done.json()["state"]) == (201, "done")


def test_an_update_and_a_cancellation_are_proposals(web, key, outbox):
    editor, second = key("city-editor"), key("city-editor")
    sent = moment(hours=-2)
    first = hand_in(web, editor, alert(info(severity="Moderate"), sent=sent))
    here = f"{API}/advisories/{first['links'][0]['advisory_id']}"
    web.post(f"{here}/publish", headers=editor).raise_for_status()

    later = moment(hours=-1)
    graver = alert(
        info(severity="Extreme", headline="Worse floods"),
        head=f"<references>{references(sent)}</references>",
        identifier="floods-2",
        msgType="Update",
        sent=later,
    )
    update = hand_in(web, editor, graver)
    assert (update["state"], update["links"][0]["state"]) == ("open", "proposed")
    assert web.get(here).json()["level"] == "yellow"
    follow = {"advisory_id": first["links"][0]["advisory_id"]}
    followed = web.post(f"{ALERTS}/{update['id']}/follow", json=follow, headers=editor).json()
    assert (followed["level"], followed["waiting"]["level"]) == ("yellow", "red")
    assert web.get(f"{ALERTS}/{update['id']}", headers=editor).json()["state"] == "done"
    web.post(f"{here}/publish", headers=second).raise_for_status()
    assert web.get(here).json()["headline"]["en"] == "Worse floods"
    assert web.get(here).json()["word"] == "do-not-travel"

    over = alert(
        "",
        head=f"<note>The water has gone.</note><references>{references(later, 'floods-2')}"
        "</references>",
        identifier="floods-3",
        msgType="Cancel",
    )
    cancel = hand_in(web, editor, over)
    assert cancel["links"][0]["state"] == "proposed"
    assert web.get(here).json()["status"] == "published"
    web.post(f"{ALERTS}/{cancel['id']}/follow", json=follow, headers=editor).raise_for_status()
    gone = web.get(here).json()
    assert (gone["status"], gone["withdraw_reason"]) == ("withdrawn", "The water has gone.")
    kinds = [one.data["change"]["kind"] for one in outbox("content") if one.type[:4] == "advi"]
    assert kinds == ["published", "raised", "withdrawn"]
    # It asks nothing any more.
    assert (
        web.post(f"{ALERTS}/{cancel['id']}/follow", json=follow, headers=editor).status_code == 404
    )


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_inbox_in_the_browser(client, staff, language):
    browser = client(
        "content",
        cookies=staff("city-editor"),
        headers=SAME_SITE | {"Accept-Language": language},
    )
    place = "/staff/advisories/alerts"

    def upload(data, name="alert.xml"):
        return browser.post(f"{place}/new", files={"file": (name, data, "application/xml")})

    assert browser.get(f"{place}/new").status_code == 200
    assert browser.get(place).status_code == 200
    nothing = browser.post(f"{place}/new", data={"other": "x"})
    assert (nothing.status_code, 'href="#field-file"' in nothing.text) == (422, True)
    faulty = upload(alert(info(severity="Awful"), status="Real"))
    assert faulty.status_code == 422
    assert "info[1]/severity" in faulty.text
    assert "<code>status</code>" in faulty.text
    assert upload(LAUGHS).status_code == 422
    sent = moment(hours=-3)
    nasty = alert(info(headline="&lt;script&gt;", severity="Moderate"), sent=sent)
    done = upload(nasty)
    assert done.status_code == 303
    page = browser.get(done.headers["location"]).text
    assert "<script>" not in page
    assert "level-yellow" in page
    assert browser.get(upload(nasty).headers["location"]).status_code == 200
    advisory_id = re.search(r"/staff/advisories/([0-9a-f-]{36})", page)[1]
    assert place in browser.get(f"/staff/advisories/{advisory_id}").text
    update = alert(
        info(severity="Minor", headline="Less water"),
        head=f"<references>{references(sent)}</references>",
        identifier="floods-2",
        msgType="Update",
    )
    here = upload(update).headers["location"]
    shown = browser.get(here).text
    assert "<ins>" in shown
    assert "Less water" in browser.get(place).text
    form = browser.get(f"{here}/follow/{advisory_id}").text
    assert 'value="Less water"' in form
    fields = dict(re.findall(r'name="([^"]+)"[^>]* value="([^"]*)"', form)) | {
        "country": "TH",
        "level": "blue",
        "word": "take-care",
        "valid_from": "2026-01-01T08:00",
        "advice.en": "Stay inside.",
        "text.en": "",
    }
    refused = browser.post(f"{here}/follow/{advisory_id}", data=fields | {"headline.en": ""})
    assert refused.status_code == 422
    assert browser.post(f"{here}/follow/{advisory_id}", data=fields).status_code == 303
    cancel = alert(
        "",
        head=f"<references>{references(sent)}</references>",
        identifier="floods-4",
        msgType="Cancel",
    )
    there = upload(cancel).headers["location"]
    assert browser.get(there).status_code == 200
    assert browser.get(f"{there}/follow/{advisory_id}").status_code == 200
    assert browser.post(f"{there}/set-aside").status_code == 303
    assert browser.get(place, params={"state": "set-aside"}).status_code == 200


def test_only_the_city_takes_alerts_in(web, key, client, staff):
    for role, district in (("viewer", None), ("district-editor", "110102")):
        headers = key(role, district)
        assert web.post(ALERTS, content=alert(), headers=headers).status_code == 403
        assert web.get(ALERTS, headers=headers).status_code == 200
    assert web.get(ALERTS).status_code == 401
    assert web.post(ALERTS, content=alert(), headers={"X": CAP}).status_code == 401
    viewer = client("content", cookies=staff("viewer"), headers=SAME_SITE)
    assert viewer.get("/staff/advisories/alerts").status_code == 200
    assert viewer.get("/staff/advisories/alerts/new").status_code == 403
    assert viewer.get("/staff/advisories/feeds/new").status_code == 403
