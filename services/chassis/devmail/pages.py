"""The inbox pages, and the same as JSON for tests.

They stand on a plain layout of their own and not on the house's frame: the inbox is where one
looks when something else is broken, so it needs no built stylesheet and no other service.
"""

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from services.chassis import i18n
from services.chassis.devmail import message as messages
from services.chassis.devmail.sms import Receiver, problem
from services.chassis.devmail.store import Meta, Store

_HERE = Path(__file__).parent
_LISTED = 200
# The house's cookie, so that a choice made on the site holds here too. It is named again because
# the house's pages bring the database with them, which takes two seconds to load.
_LANGUAGE_COOKIE = "lingbao_language"
# A mail is a stranger's page: no scripts, no forms, nothing fetched, an origin of its own.
# Its links open in a new tab, which is free of the sandbox.
_MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "img-src data:; font-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
)


class Inbox:
    """The pages over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        i18n.add_catalogue(_HERE)
        self._env = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._env.install_gettext_callables(  # type: ignore[attr-defined]
            i18n.gettext, i18n.ngettext, newstyle=True
        )
        self._env.filters["when"] = _when
        self._env.filters["quoted"] = lambda text: quote(text, safe="")

    # --- pages -----------------------------------------------------------------------------

    def index(self, request: Request) -> Response:
        """``GET /dev/inbox?to=&q=``: the newest messages first."""
        to = request.query_params.get("to", "").strip()
        words = request.query_params.get("q", "").strip()
        found = self._store.newest(to=to, words=words, limit=_LISTED)
        return self._page(request, "inbox.html", found=found, to=to, q=words, listed=_LISTED)

    def show(self, request: Request) -> Response:
        """``GET /dev/inbox/{id}?view=``: one message."""
        meta = self._meta(request)
        if meta is None:
            return self._missing(request)
        if meta.kind == "sms":
            text = self._store.content(meta).decode()
            return self._page(request, "sms.html", meta=meta, text=text)
        mail = messages.read(self._store.content(meta))
        view = request.query_params.get("view", "")
        if view not in ("text", "html", "headers"):
            view = "html" if mail.html else "text"
        return self._page(request, "mail.html", meta=meta, mail=mail, view=view)

    def html(self, request: Request) -> Response:
        """``GET /dev/inbox/{id}/html``: the HTML part, as a mail program would show it."""
        meta = self._meta(request)
        if meta is None or meta.kind != "mail":
            return self._missing(request)
        mail = messages.read(self._store.content(meta))
        return HTMLResponse(
            f'<base target="_blank">{mail.html}',
            headers={"Content-Security-Policy": _MAIL_POLICY, "Referrer-Policy": "no-referrer"},
        )

    def raw(self, request: Request) -> Response:
        """``GET /dev/inbox/{id}/raw``: the message as it came, as text."""
        meta = self._meta(request)
        if meta is None:
            return self._missing(request)
        return PlainTextResponse(
            self._store.content(meta), headers={"X-Content-Type-Options": "nosniff"}
        )

    def attachment(self, request: Request) -> Response:
        """``GET /dev/inbox/{id}/attachments/{number}``: one part, to be saved."""
        meta = self._meta(request)
        number = request.path_params["number"]
        if meta is None or meta.kind != "mail":
            return self._missing(request)
        attachments = messages.read(self._store.content(meta)).attachments
        if not 0 <= number < len(attachments):
            return self._missing(request)
        part = attachments[number]
        return Response(
            part.content,
            media_type=part.content_type,
            headers={
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(part.name, safe='')}",
                "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": "sandbox; default-src 'none'",
            },
        )

    def clear(self, request: Request) -> Response:
        """``POST /dev/inbox/clear``: remove everything."""
        # Any page in the same browser could post a form here; browsers say where it came from.
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return problem(403, "The inbox is emptied from its own page only.")
        self._store.clear()
        return Response(status_code=303, headers={"Location": "/dev/inbox"})

    # --- JSON ------------------------------------------------------------------------------

    def as_json(self, request: Request) -> Response:
        """``GET /dev/inbox.json?to=&q=&since=``: newest first; ``since`` is RFC 3339."""
        since: datetime | None = None
        given = request.query_params.get("since", "")
        if given:
            try:
                # A plus that was not encoded in the address arrives as a space.
                since = datetime.fromisoformat(given.replace(" ", "+"))
            except ValueError:
                since = None
            if since is None or since.tzinfo is None:
                return problem(400, "since is a time such as 2026-11-23T08:00:00Z.")
        found = self._store.newest(
            to=request.query_params.get("to", ""),
            words=request.query_params.get("q", ""),
            since=since,
        )
        items = [item for item in map(self._item, found) if item is not None]
        return JSONResponse({"items": items}, headers={"Cache-Control": "no-store"})

    def _item(self, meta: Meta) -> dict[str, Any] | None:
        try:
            content = self._store.content(meta)
        except FileNotFoundError:  # Cleared while the list was being written.
            return None
        item = {
            "id": meta.id,
            "kind": meta.kind,
            "to": meta.to,
            "from": meta.sender,
            "subject": meta.subject,
            "received_at": meta.received_at,
        }
        if meta.kind == "sms":
            return {
                **item,
                "text": content.decode(),
                "html": None,
                "calendar": None,
                "headers": [],
                "parts": meta.parts,
                "reference": meta.reference,
            }
        mail = messages.read(content)
        return {
            **item,
            "text": mail.text,
            "html": mail.html or None,
            "calendar": mail.calendar,
            "calendar_method": mail.calendar_method,
            "headers": [list(header) for header in mail.headers],
            "attachments": [
                {"name": part.name, "content_type": part.content_type, "size": len(part.content)}
                for part in mail.attachments
            ],
        }

    # --- what they share -------------------------------------------------------------------

    def _meta(self, request: Request) -> Meta | None:
        return self._store.get(request.path_params["id"])

    def _missing(self, request: Request) -> Response:
        return self._page(request, "missing.html", status=404)

    def _page(
        self,
        request: Request,
        template: str,
        status: int = 200,
        **context: Any,  # noqa: ANN401 - whatever the template shows
    ) -> Response:
        asked = request.query_params.get("lang")
        tag = _language(asked, request)
        other = "en" if tag == "zh-CN" else "zh-CN"
        query = [pair for pair in request.query_params.multi_items() if pair[0] != "lang"]
        nonce = secrets.token_urlsafe(16)
        with i18n.speaking(tag), i18n.words_of(_HERE.name):
            text = self._env.get_template(template).render(
                language=tag,
                switch_url=f"{request.url.path}?{urlencode([*query, ('lang', other)])}",
                nonce=nonce,
                **context,
            )
        response = HTMLResponse(text, status)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; "
            f"frame-src 'self'; form-action 'self'; base-uri 'none'; script-src 'nonce-{nonce}'"
        )
        if asked in i18n.LANGUAGES:
            response.set_cookie(_LANGUAGE_COOKIE, asked, max_age=31_536_000, samesite="lax")
        return response


def _language(asked: str | None, request: Request) -> str:
    """The language asked for in the address, else remembered, else the browser's first."""
    for tag in (asked, request.cookies.get(_LANGUAGE_COOKIE)):
        if tag in i18n.LANGUAGES:
            return tag
    first = request.headers.get("accept-language", "").partition(",")[0].strip().lower()
    return "en" if first.startswith("en") else i18n.DEFAULT_LANGUAGE


def _when(moment: str) -> str:
    """A time of arrival in this machine's zone: the clock today, the date as well before."""
    local = datetime.fromisoformat(moment).astimezone()
    same_day = local.date() == datetime.now(UTC).astimezone().date()
    return f"{local:%H:%M:%S}" if same_day else f"{local:%Y-%m-%d %H:%M}"


def _healthy(request: Request) -> Response:
    return JSONResponse({"status": "ok"})


def create_app(store: Store, sms_token: str) -> Starlette:
    """The web application: the provider's call, the pages, and ``/readyz`` for the supervisor."""
    inbox = Inbox(store)
    return Starlette(
        routes=[
            Route("/readyz", _healthy),
            Route("/healthz", _healthy),
            Route("/dev/sms", Receiver(store, sms_token).receive, methods=["POST"]),
            Route("/dev/inbox", inbox.index),
            Route("/dev/inbox.json", inbox.as_json),
            Route("/dev/inbox/clear", inbox.clear, methods=["POST"]),
            Route("/dev/inbox/{id}", inbox.show),
            Route("/dev/inbox/{id}/html", inbox.html),
            Route("/dev/inbox/{id}/raw", inbox.raw),
            Route("/dev/inbox/{id}/attachments/{number:int}", inbox.attachment),
        ]
    )
