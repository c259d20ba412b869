"""What a public page weighs, compressed, with everything it loads."""

from __future__ import annotations

import gzip
import re
import urllib.request

from rich.table import Table

from tests.stack import Stack

LIMIT = 100_000
PAGES = ("/", "/activities", "/bookings", "/library", "/advisories", "/advisories/TH")
ASSET = re.compile(r"""(?:href|src)="(/static/[^"#]+)""")


def fetched(url: str) -> tuple[int, bytes]:
    """Bytes on the wire (gzip) and the body."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        raw = answer.read()
        if answer.headers["Content-Encoding"] == "gzip":
            return len(raw), gzip.decompress(raw)
        return len(raw), raw


def measure(stack: Stack) -> Table:
    """Each page and its assets, against :data:`LIMIT` bytes."""
    table = Table("page", "html", "assets", "all", "of 100 kB", title="Weight in bytes, gzip")
    _, listing = fetched(stack.url + "/activities")
    first = re.search(r'href="(/activities/[a-z0-9-]+)"', listing.decode())
    pages = [*PAGES, first[1], f"{first[1]}/register"] if first else [*PAGES]
    for page in pages:
        html, body = fetched(stack.url + page)
        assets = sum(fetched(stack.url + path)[0] for path in set(ASSET.findall(body.decode())))
        total = html + assets
        table.add_row(page, str(html), str(assets), str(total), f"{total / LIMIT:.2f}")
    return table
