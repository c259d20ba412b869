"""Pages: Jinja2 templates of a service on the chassis's frame, in the language of the moment."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup

from services.chassis import i18n
from services.chassis.auth import Principal
from services.chassis.forms import Form
from services.chassis.idempotency import ONCE_FIELD, fresh_once
from services.chassis.reference import city, district_name, topic_name
from services.chassis.settings import settings

CHASSIS = Path(__file__).parent
STATIC = CHASSIS / "static"
LANGUAGE_COOKIE = "lingbao_language"

# The left column of staff pages, by task: path, name, icon, permission.
_MENU = (
    ("/staff", i18n.lazy("Today"), "calendar-check", None),
    ("/staff/activities", i18n.lazy("Activities"), "calendar-event", "activities.view"),
    ("/staff/checkin", i18n.lazy("Door"), "qr-code-scan", "registrations.check-in"),
    ("/staff/bookings", i18n.lazy("Bookings"), "building", "bookings.view"),
    ("/staff/lecturers", i18n.lazy("Rooms and lecturers"), "easel", "activities.view"),
    ("/staff/materials", i18n.lazy("Library"), "book", "materials.view"),
    ("/staff/advisories", i18n.lazy("Advisories"), "globe", "advisories.view"),
    ("/staff/quizzes", i18n.lazy("Quizzes"), "patch-question", "quizzes.view"),
    ("/staff/questions", i18n.lazy("Questions and answers"), "chat-dots", "questions.view"),
    ("/staff/orders", i18n.lazy("Orders"), "box-seam", "orders.view"),
    ("/staff/contacts", i18n.lazy("Contacts"), "person-lines-fill", "contacts.view"),
    ("/staff/templates", i18n.lazy("Templates"), "file-earmark-text", "templates.edit"),
    ("/staff/broadcasts", i18n.lazy("Broadcasts"), "megaphone", "broadcasts.view"),
    ("/staff/deliveries", i18n.lazy("Deliveries"), "send", "deliveries.view"),
    ("/staff/senders", i18n.lazy("Senders"), "hdd-network", "senders.view"),
    ("/staff/people", i18n.lazy("People"), "people", "people.manage"),
    ("/staff/apikeys", i18n.lazy("API keys"), "key", "apikeys.manage"),
    ("/staff/audit", i18n.lazy("Audit trail"), "clock-history", "audit.view"),
)

# Sections that stand under the entry of another.
_UNDER = {
    "/staff/venues": "/staff/lecturers",
    "/staff/packs": "/staff/materials",
    "/staff/destinations": "/staff/advisories",
    "/staff/banks": "/staff/quizzes",
    "/staff/stock": "/staff/orders",
    "/staff/webhooks": "/staff/senders",
}


def menu_path(path: str) -> str:
    """The path of a staff page, or of the section that it is shown under in the menu."""
    for section, entry in _UNDER.items():
        if path == section or path.startswith(f"{section}/"):
            return entry + path.removeprefix(section)
    return path


def staff_menu(principal: Principal | None) -> list[tuple[str, str, str]]:
    """What a member of staff may open: ``(path, name, icon)``."""
    if principal is None:
        return []
    return [
        (path, str(name), icon)
        for path, name, icon, permission in _MENU
        if permission is None or principal.may(permission)
    ]


@functools.cache
def _manifest() -> dict[str, str]:
    file = STATIC / "manifest.json"
    found: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    return found


def static(name: str) -> str:
    """The address of a built asset; its name carries a hash of what is in it."""
    return f"/static/{_manifest().get(name, name)}"


def own_path(request: Request) -> str:
    """The path of a request as a link that stays on this site, whatever was asked for."""
    path: str = request.scope["path"]
    # A browser would take //elsewhere for another host.
    return "/" + quote(path.lstrip("/"))


def switch_language_url(request: Request) -> str:
    """This very page in the other language."""
    other = "en" if i18n.language() == "zh-CN" else "zh-CN"
    query = [(key, value) for key, value in request.query_params.multi_items() if key != "lang"]
    return f"{own_path(request)}?{urlencode([*query, ('lang', other)])}"


def with_query(request: Request, **changes: Any) -> str:  # noqa: ANN401 - printed
    """This page's address with some of its query changed; ``None`` takes a part out."""
    query = [
        (key, value) for key, value in request.query_params.multi_items() if key not in changes
    ]
    query += [(key, str(value)) for key, value in changes.items() if value not in (None, "")]
    return f"{own_path(request)}?{urlencode(query)}" if query else own_path(request)


def pick_language(query: str | None, cookie: str | None, header: str) -> str:
    """The language of a request: asked for, else remembered, else the browser's first, else zh-CN.

    Args:
        query: the value of ``lang`` in the address.
        cookie: what was chosen before.
        header: ``Accept-Language``.
    """
    for tag in (query, cookie):
        if tag in i18n.LANGUAGES:
            return tag
    weighed = []
    for index, part in enumerate(header.split(",")):
        tag, _, rest = part.strip().partition(";")
        try:
            quality = float(rest.strip().removeprefix("q=") or 1)
        except ValueError:
            quality = 0.0
        if quality > 0:
            weighed.append((-quality, index, tag.lower()))
    for _, _, tag in sorted(weighed):
        if tag.startswith("zh"):
            return "zh-CN"
        if tag.startswith("en"):
            return "en"
    return i18n.DEFAULT_LANGUAGE


_HOURS: Final = re.compile(r"\d\d:\d\d–\d\d:\d\d")


def _date_line(start: datetime, end: datetime | None, zone: str) -> str | Markup:
    """As :func:`.i18n.date_line`; browsers may break a line after a dash, but not between hours."""
    text = i18n.date_line(start, end, zone)
    hours = _HOURS.search(text)
    if hours is None:
        return text
    kept = Markup('<span class="text-nowrap">{}</span>').format(hours[0])
    return text[: hours.start()] + kept + text[hours.end() :]


def _said(message: str, /, **values: Any) -> Markup:  # noqa: ANN401 - printed
    """What a template says: as Jinja's own, without its three calls for each of a hundred things.

    ``%(name)s`` takes ``values``, escaped; a percent sign is written ``%%``.
    """
    text = Markup(i18n.gettext(message))  # noqa: S704 - from our own templates and catalogues
    return text % values if "%" in text else text


class Pages:
    """Renders the templates of one service.

    ``activities/list.html`` is the file ``activities/templates/list.html`` of the service; names
    without a folder (``frame.html``, ``forms.html``) are the chassis's.
    """

    def __init__(self, folder: Path) -> None:
        self._package = folder.name
        for place in (CHASSIS, folder):
            i18n.add_catalogue(place)
        prefixes = {
            path.parent.name: FileSystemLoader(path) for path in sorted(folder.glob("*/templates"))
        }
        self._env = Environment(
            loader=ChoiceLoader([PrefixLoader(prefixes), FileSystemLoader(CHASSIS / "templates")]),
            autoescape=True,
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._env.install_gettext_callables(  # type: ignore[attr-defined]
            i18n.gettext, i18n.ngettext, newstyle=True
        )
        self._env.globals.update(
            _=_said,
            gettext=_said,
            static=static,
            switch_language_url=switch_language_url,
            with_query=with_query,
            staff_menu=staff_menu,
            menu_path=menu_path,
            localized=i18n.localized,
            fresh_once=fresh_once,
            once_field=ONCE_FIELD,
            current_language=i18n.language,
            sms_signature=lambda: f"【{settings().sms_signature}】",
        )
        self._env.filters.update(
            date_line=_date_line,
            day=i18n.day,
            clock=i18n.clock,
            district_name=district_name,
            country_name=i18n.country_name,
            topic_name=topic_name,
            localized=i18n.localized,
        )

    def text(self, template: str, context: Mapping[str, Any]) -> str:
        """A template rendered outside a request (a message, a document)."""
        found = self._env.get_template(template)
        everything: dict[str, Any] = {
            "language": i18n.language(),
            "settings_city": city(),
            "base_url": settings().public_url,
            **context,
        }
        with i18n.words_of(self._package):
            text = found.render(everything)
            form = context.get("form")
            if isinstance(form, Form) and form.error_list:
                # The summary of errors stands above the fields, and they said what they are
                # called while they were rendered: once more, and the summary can say it too.
                text = found.render(everything)
        return text

    def render(
        self,
        request: Request,
        template: str,
        status: int = 200,
        **context: Any,  # noqa: ANN401 - whatever the template shows
    ) -> HTMLResponse:
        """A page as an answer. The signed-in principal is in its context."""
        text = self.text(
            template,
            {
                "request": request,
                "principal": getattr(request.state, "principal", None),
                "request_id": getattr(request.state, "request_id", ""),
            }
            | context,
        )
        response = HTMLResponse(text, status)
        if (asked := request.query_params.get("lang")) in i18n.LANGUAGES:
            response.set_cookie(
                LANGUAGE_COOKIE,
                asked,
                max_age=31_536_000,
                samesite="lax",
                httponly=True,
                secure=settings().is_https,
            )
        return response
