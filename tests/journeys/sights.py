"""The addresses of every page, with something on it to look at."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from tests.journeys.afterwards import a_past_lecture, answer, survey
from tests.journeys.asking import ask
from tests.journeys.making import lecture, register, somebody
from tests.journeys.questions import question_pages as make_questions
from tests.journeys.quizzing import take
from tests.journeys.subscribing import subscribe
from tests.journeys.things import (
    add_contact,
    add_sms_template,
    add_webhook,
    place_order,
    request_booking,
    write_broadcast,
    write_template,
)
from tests.stack import Stack


@dataclass(frozen=True)
class Sights:
    """Paths.

    Attributes:
        public: whatever anybody may open.
        staff: whatever a city administrator may open.
        activity: a public activity that takes registrations; ``form`` is its form.
    """

    public: tuple[str, ...]
    staff: tuple[str, ...]
    activity: str
    form: str


# What staff may open about one registration.
ATTENDEE_PAGES = ("", "/change", "/contact", "/send-again", "/cancel")

# One question of each kind, asked of everybody.
EVERY_KIND = [
    {
        "id": kind,
        "kind": kind,
        "label": {"zh-CN": f"问题 {kind}", "en": f"Question {kind}"},
        "hint": {"zh-CN": "请如实填写。", "en": "As it is."},
    }
    | ({"options": ["甲", "乙", "丙"]} if kind.startswith("choice") else {})
    for kind in (
        "text", "long-text", "choice", "choices", "number", "date", "country", "consent",
    )
]  # fmt: skip


@pytest.fixture(scope="package")
def sights(house_running: Stack, editor: str) -> Sights:
    """Everything there is to look at, with one of each kind of thing made for it."""
    stack = house_running
    activity = lecture(stack, editor, waiting_list=True, countries=["TH", "JP"])
    full = lecture(stack, editor, capacity=1, waiting_list=True)
    asking = lecture(stack, editor, questions=EVERY_KIND, asks_children=True, max_party_size=1)
    email = somebody()
    status, series = stack.call(
        "POST",
        "/api/registration/v1/series",
        {"activity_id": activity["id"], "repeat": {"every": "week", "times": 2}, "publish": True},
        editor,
    )
    assert status == 201, series
    mine = register(stack, activity, email, party_size=2)
    ticket = urlsplit(mine["manage_url"]).path
    register(stack, full, somebody())
    waiting = urlsplit(register(stack, full, somebody())["manage_url"]).path
    booking, conversation = request_booking(stack)
    broadcast = write_broadcast(stack, editor)
    template = write_template(stack, editor)
    asked = ask(stack, editor)
    contact = add_contact(stack, editor)
    webhook = add_webhook(stack)
    sms_template = add_sms_template(stack)
    subscribed = subscribe(stack)
    order, order_page, order_form = place_order(stack)
    question_pages = make_questions(stack, editor)
    advisory = _first(stack, "/api/content/v1/advisories")
    held = stack.call("GET", "/api/content/v1/advisories?status=waiting", key=editor)[1]["items"][0]
    alert = stack.call("GET", "/api/content/v1/alerts?state=open", key=editor)[1]["items"][0]
    material = _first(stack, "/api/content/v1/materials")
    mission = _first(stack, "/api/content/v1/missions")
    quizzes = stack.call("GET", "/api/content/v1/quizzes/all", key=editor)[1]["items"]
    quiz = f"/staff/quizzes/{next(one['id'] for one in quizzes if one['purpose'] == 'before')}"
    banks = stack.call("GET", "/api/content/v1/banks", key=editor)[1]["items"]
    bank = f"/staff/banks/{banks[0]['id']}"
    packs = stack.call("GET", "/api/content/v1/packs?status=published", key=editor)[1]["items"]
    given = max(packs, key=lambda one: one["edition"])
    pack, pack_link = f"/staff/packs/{given['id']}", urlsplit(given["url"]).path
    film = _first(stack, "/api/content/v1/materials?kind=video")
    _, film = stack.call("GET", f"/api/content/v1/materials/{film['id']}")
    taken = take(stack)
    stack.mail(email)
    rooms, lecturers = (
        stack.call("GET", f"/api/registration/v1/{kind}", key=editor)[1]["items"]
        for kind in ("venues", "lecturers")
    )
    gone = a_past_lecture(stack, editor, 3)
    for path in gone.tickets:
        answer(stack, survey(stack, path), overall="5", comment="讲得很清楚")
    here = f"/activities/{activity['slug']}"
    staff_here = f"/staff/activities/{activity['id']}"
    attendee = f"{staff_here}/registrations/{mine['id']}"
    people = stack.call("GET", "/api/identity/v1/staff", key=stack.key("city-admin"))[1]["items"]
    person = f"/staff/people/{people[0]['id']}"
    return Sights(
        activity=here,
        form=f"{here}/register",
        public=(
            "/",
            "/privacy",
            "/activities",
            "/activities?q=nothing-like-it",
            "/activities?country=Atlantis&step_free=on",
            "/activities/calendar",
            here,
            f"{here}/register",
            f"/series/{series['slug']}",
            f"/activities/{full['slug']}",
            f"/activities/{full['slug']}/register",
            f"/activities/{asking['slug']}/register",
            ticket,
            f"{ticket}?new=1",
            f"{ticket}/change",
            f"{ticket}/cancel",
            waiting,
            "/bookings",
            conversation,
            f"{conversation}/withdraw",
            "/orders",
            order_form,
            f"{order_form}&to=organisation",
            f"{order_page}?new=1",
            f"{order_page}/address",
            f"{order_page}/erase",
            "/orders/lost",
            "/library",
            f"/library/{material['slug']}",
            f"/library/{film['slug']}",
            "/library?q=nothing-like-it",
            pack_link,
            f"{pack_link}/print",
            "/advisories",
            f"/advisories/{advisory['country']}",
            "/advisories/FJ",
            "/advisories/world",
            f"/advisories/history/{advisory['id']}",
            "/advisories/countries",
            "/advisories/countries?q=泰果",
            "/search",
            "/search?q=在泰国护照丢了",
            "/search?q=飞济",
            "/questions",
            "/questions?q=nothing-like-it",
            "/questions/ask",
            *question_pages[0],
            f"{ticket}/data",
            f"{ticket}/erase",
            "/certificates",
            "/certificates/ABCDEFGH2345",
            "/quizzes",
            "/quizzes/certificates/AAAACCCCDDDD",
            taken.door,
            taken.going,
            f"{taken.going}/1",
            f"{taken.going}/erase",
            taken.result,
            f"{gone.tickets[0]}/certificate",
            survey(stack, gone.tickets[0]),
            gone.tickets[0],
            f"/activities/{gone.activity['slug']}",
            "/staff/sign-in",
            asked.way,
            "/subscribe?country=TH",
            "/subscribe?sent=1",
            subscribed.asked,
            "/preferences",
            "/preferences?sent=1",
            "/preferences?erased=1",
            f"{subscribed.choices}?new=1",
            f"{subscribed.choices}/leave",
            f"{subscribed.choices}/erase",
        ),
        staff=(
            "/staff",
            "/staff/account",
            "/staff/activities",
            "/staff/activities/new",
            "/staff/activities/embed",
            staff_here,
            f"{staff_here}/edit",
            f"{staff_here}/cancel",
            f"{staff_here}/repeat",
            f"{staff_here}/picture",
            f"/staff/activities/series/{series['id']}",
            f"/staff/activities/series/{series['id']}/edit",
            f"/staff/activities/series/{series['id']}/publish",
            f"{staff_here}/registrations",
            f"{staff_here}/registrations?q=nobody-like-it",
            f"{staff_here}/registrations/print",
            *(f"{attendee}{page}" for page in ATTENDEE_PAGES),
            f"{staff_here}/messages",
            f"{staff_here}/messages/new",
            f"{staff_here}/feedback",
            f"{staff_here}/feedback/survey",
            f"/staff/activities/{gone.activity['id']}/feedback",
            f"/staff/activities/{gone.activity['id']}/certificates",
            f"{staff_here}/questions",
            f"/staff/activities/{asking['id']}/questions",
            f"/staff/activities/{asking['id']}/questions/new?kind=choice",
            f"/staff/activities/{asking['id']}/questions/new?kind=date",
            f"/staff/activities/{asking['id']}/questions/choices/edit",
            f"/staff/activities/{asking['id']}/questions/choices/delete",
            f"{staff_here}/questions/copy",
            "/staff/checkin",
            f"/staff/checkin/{activity['id']}",
            f"/staff/checkin/{activity['id']}?q=王",
            f"/staff/checkin/{activity['id']}/screen",
            f"{staff_here}/resources",
            "/staff/lecturers",
            "/staff/lecturers?archived=1",
            "/staff/lecturers/new",
            f"/staff/lecturers/{lecturers[0]['id']}",
            f"/staff/lecturers/{lecturers[0]['id']}/edit",
            f"/staff/lecturers/{lecturers[0]['id']}/archive",
            "/staff/venues",
            "/staff/venues/new",
            f"/staff/venues/{rooms[0]['id']}",
            f"/staff/venues/{rooms[0]['id']}/edit",
            "/staff/bookings",
            f"/staff/bookings/{booking}",
            f"/staff/bookings/{booking}/accept",
            f"/staff/bookings/{booking}/propose",
            f"/staff/bookings/{booking}/decline",
            f"/staff/quizzes/{taken.id}/live",
            f"/staff/quizzes/{taken.id}/results",
            f"/staff/quizzes/{taken.id}/certificates",
            "/staff/materials",
            "/staff/materials/new",
            f"/staff/materials/{material['id']}",
            f"/staff/materials/{material['id']}/edit",
            f"/staff/materials/{material['id']}/withdraw",
            "/staff/materials?lack=review",
            f"/staff/materials/{material['id']}/files",
            f"/staff/materials/{film['id']}/files/{film['files'][0]['id']}",
            f"/staff/materials/{material['id']}/versions",
            f"/staff/materials/{material['id']}/versions/1",
            "/staff/packs",
            "/staff/packs/new",
            pack,
            f"{pack}/add",
            f"{pack}/edit",
            f"{pack}/preview",
            f"{pack}/editions/{given['edition']}",
            "/staff/quizzes",
            quiz,
            f"{quiz}/edit",
            f"{quiz}/preview",
            f"{quiz}/poster",
            "/staff/banks",
            bank,
            f"{bank}/items/new?kind=matching",
            f"{bank}/import",
            "/staff/advisories",
            "/staff/advisories/new",
            f"/staff/advisories/{advisory['id']}",
            f"/staff/advisories/{advisory['id']}/edit",
            f"/staff/advisories/{advisory['id']}/withdraw",
            f"/staff/advisories/{held['id']}",
            f"/staff/advisories/{held['id']}/publish",
            "/staff/advisories/alerts",
            f"/staff/advisories/alerts/{alert['id']}",
            "/staff/advisories/alerts/new",
            "/staff/advisories/feeds",
            "/staff/advisories/feeds/new",
            "/staff/questions",
            "/staff/questions/new",
            "/staff/questions/figures",
            "/staff/questions/experts",
            "/staff/questions/answers",
            *question_pages[1],
            "/staff/destinations",
            "/staff/destinations/new",
            f"/staff/destinations/{mission['id']}/edit",
            f"/staff/destinations/{mission['id']}/remove",
            "/staff/orders",
            "/staff/orders?q=nothing-like-it",
            f"/staff/orders/{order}",
            f"/staff/orders/{order}/cancel",
            f"/staff/orders/mark?act=packed&order={order}",
            "/staff/orders/picking",
            "/staff/orders/for-activity",
            "/staff/orders/desks",
            "/staff/orders/desks/new",
            "/staff/stock",
            "/staff/stock/titles/new",
            "/staff/stock/report",
            "/staff/templates",
            "/staff/templates?q=nothing-like-it",
            "/staff/templates/new",
            f"/staff/templates/{template}",
            f"/staff/templates/{template}?known=0",
            f"/staff/templates/{template}/edit",
            f"/staff/templates/{template}/versions/1",
            "/staff/broadcasts",
            "/staff/broadcasts/new",
            "/staff/broadcasts/policy",
            f"/staff/broadcasts/{broadcast}",
            f"/staff/broadcasts/{broadcast}/edit",
            f"/staff/broadcasts/{broadcast}/submit",
            f"/staff/broadcasts/{broadcast}/deliveries",
            f"/staff/broadcasts/{asked.broadcast}",
            f"/staff/broadcasts/{asked.broadcast}/answers",
            f"/staff/broadcasts/{asked.broadcast}/follow-up",
            f"/staff/broadcasts/{asked.broadcast}/deliveries/{asked.delivery}",
            "/staff/deliveries",
            "/staff/deliveries/search",
            "/staff/deliveries/unknown",
            f"/staff/deliveries/{asked.delivery}",
            "/staff/senders",
            "/staff/senders/127.0.0.1/rest",
            "/staff/senders/sms",
            "/staff/senders/sms/try?provider=aliyun&text=您好",
            "/staff/senders/sms/texts",
            "/staff/senders/sms/templates/new",
            "/staff/senders/sms/signatures/new",
            f"/staff/senders/sms/templates/{sms_template}",
            f"/staff/senders/sms/templates/{sms_template}/edit",
            "/staff/senders/inbound",
            "/staff/senders/returns",
            "/staff/senders/returns?kind=complaint",
            "/staff/webhooks",
            "/staff/webhooks/new",
            f"/staff/webhooks/{webhook}",
            f"/staff/webhooks/{webhook}/edit",
            f"/staff/webhooks/{webhook}/rotate",
            f"/staff/webhooks/{webhook}/delete",
            "/staff/contacts",
            "/staff/contacts?relays=yes&reach=stopped",
            "/staff/contacts/new",
            f"/staff/contacts/{contact}",
            f"/staff/contacts/{contact}/edit",
            f"/staff/contacts/{contact}/remove",
            "/staff/contacts/import",
            "/staff/contacts/suppressions",
            "/staff/people",
            "/staff/people/add",
            person,
            f"{person}/password",
            f"{person}/disable",
            "/staff/apikeys",
            "/staff/apikeys/new",
            "/staff/audit",
        ),
    )


def _first(stack: Stack, path: str) -> dict[str, str]:
    status, found = stack.call("GET", path)
    assert status == 200, found
    return dict(found["items"][0])
