"""Pictures of activities: what is taken, what is refused, and how they are served."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image
from starlette.testclient import TestClient

from services.chassis.problems import Invalid
from services.registration.activities.models import Activity, ActivityPicture
from services.registration.database import database
from services.registration.pictures.images import LARGEST_FILE, LARGEST_SIDE, cleaned
from tests.registration.making import API, made

Key = Callable[..., dict[str, str]]
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
ALT = {"alt.zh-CN": "讲座现场", "alt.en": "The lecture"}
GPS = 0x8825
ORIENTATION = 0x0112


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


@pytest.fixture
def editor(client: Callable[..., TestClient], staff: Callable[..., dict[str, str]]) -> TestClient:
    return client("registration", cookies=staff("city-editor"), headers=SAME_SITE)


def file_of(kind: str = "JPEG", size: tuple[int, int] = (60, 40), **how: Any) -> bytes:
    mode = how.pop("mode", "RGB")
    written = io.BytesIO()
    Image.new(mode, size, how.pop("colour", 0)).save(written, kind, **how)
    return written.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def from_a_telephone() -> bytes:
    """A picture of a street corner, held upright, that says where it was taken."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif.get_ifd(GPS)[2] = (39.0, 52.0, 44.0)
    exif[0x010F] = "Telephone maker"
    return file_of(size=(300, 200), colour=(200, 30, 30), exif=exif)


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG that says how large it is, with whatever else is in it."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", head), *chunks, (b"IEND", b""))
    )


# --- What is made of a file ---


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_large_picture_is_made_small(kind: str) -> None:
    picture = cleaned(file_of(kind, (4000, 1000), colour=(10, 120, 90)))
    assert (picture.width, picture.height) == (LARGEST_SIDE, 400)
    shown = opened(picture.data)
    assert (shown.format, shown.size) == ("WEBP", (LARGEST_SIDE, 400))
    assert picture.hash == hashlib.sha256(picture.data).hexdigest()


def test_it_stands_upright_and_says_nothing_of_where_it_was_taken() -> None:
    before = from_a_telephone()
    assert opened(before).getexif().get_ifd(GPS)
    picture = cleaned(before)
    assert (picture.width, picture.height) == (200, 300)
    shown = opened(picture.data)
    assert not shown.getexif()
    assert shown.info.keys().isdisjoint({"exif", "xmp", "icc_profile"})
    assert b"Telephone" not in picture.data


def test_a_small_one_is_not_blown_up_and_transparency_stays() -> None:
    picture = cleaned(file_of("PNG", mode="RGBA", colour=(0, 0, 0, 0)))
    assert (picture.width, picture.height) == (60, 40)
    assert opened(picture.data).mode == "RGBA"


@pytest.mark.parametrize("mode", ["CMYK", "L"])
def test_other_colours_are_taken_too(mode: str) -> None:
    assert opened(cleaned(file_of(mode=mode)).data).mode == "RGB"


def _text_bomb() -> bytes:
    """A note that unpacks to two hundred megabytes."""
    pack = zlib.compressobj(9)
    packed = b"".join(pack.compress(bytes(1 << 20)) for _ in range(200)) + pack.flush()
    return png(10, 10, (b"zTXt", b"note\0\0" + packed), (b"IDAT", zlib.compress(bytes(310))))


REFUSED: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "text": lambda: b"<svg onload=alert(1)>",
    "gif": lambda: file_of("GIF", mode="P"),
    "bmp": lambda: file_of("BMP"),
    "tiff": lambda: file_of("TIFF"),
    "html-in-jpeg-clothes": lambda: b"\xff\xd8\xff\xe0<script>alert(1)</script>",
    "cut-off": lambda: file_of(size=(900, 900), colour=(9, 9, 9))[:400],
    "pixel-bomb": lambda: png(60_000, 60_000, (b"IDAT", zlib.compress(bytes(1000)))),
    "endless-side": lambda: png(2**31 - 1, 2**31 - 1),
    "no-pixels": lambda: png(10, 10),
    "text-bomb": _text_bomb,
    "too-large": lambda: file_of() + bytes(LARGEST_FILE),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bombs_and_what_is_no_picture_are_refused(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        cleaned(REFUSED[name]())
    assert [error.field for error in refused.value.errors] == ["picture"]


# --- Keeping and serving ---


def upload(
    caller: TestClient, activity: dict[str, Any], data: bytes, name: str = "a.jpg", **fields: str
) -> Any:
    return caller.post(
        f"/staff/activities/{activity['id']}/picture",
        data=ALT | fields,
        files={"picture": (name, data, "image/jpeg")},
    )


def stored_pictures() -> int:
    with database.transaction() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(ActivityPicture)) or 0


def test_staff_choose_a_picture_and_everybody_sees_it(
    editor: TestClient, browser: TestClient, key: Key
) -> None:
    activity = made(browser, key)
    assert activity["picture_url"] is None
    assert upload(editor, activity, from_a_telephone()).status_code == 303
    shown = browser.get(f"{API}/activities/{activity['id']}").json()
    assert shown["picture_alt"] == {"zh-CN": "讲座现场", "en": "The lecture"}
    assert shown["version"] == activity["version"] + 1
    path = shown["picture_url"].removeprefix("http://testserver")
    answer = browser.get(path)
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert opened(answer.content).size == (200, 300)
    again = browser.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for other in (path.partition("?")[0], path + "0", path.partition("?")[0] + "?v=0"):
        assert browser.get(other).headers["cache-control"] == "no-cache"
    assert browser.get(f"{API}/activities").json()["items"][0]["picture_url"] is not None
    assert "讲座现场" in editor.get(f"/staff/activities/{activity['id']}").text


def test_another_description_keeps_the_picture(
    editor: TestClient, browser: TestClient, key: Key
) -> None:
    activity = made(browser, key)
    upload(editor, activity, file_of())
    address = f"/staff/activities/{activity['id']}/picture"
    assert editor.post(address, data={"alt.zh-CN": "另一句话"}).status_code == 303
    shown = browser.get(f"{API}/activities/{activity['id']}").json()
    assert shown["picture_alt"] == {"zh-CN": "另一句话"}
    assert shown["picture_url"] is not None


def test_what_is_wrong_is_said_beside_both_fields(
    editor: TestClient, browser: TestClient, key: Key
) -> None:
    activity = made(browser, key)
    page = upload(editor, activity, b"no picture", **{"alt.zh-CN": "", "alt.en": " "})
    assert page.status_code == 422
    assert 'href="#field-picture"' in page.text
    assert 'href="#field-alt"' in page.text
    none = editor.post(f"/staff/activities/{activity['id']}/picture", data=ALT)
    assert none.status_code == 422
    assert "讲座现场" in none.text
    text = editor.post(
        f"/staff/activities/{activity['id']}/picture", data=ALT | {"picture": "a.jpg"}
    )
    assert text.status_code == 422
    assert stored_pictures() == 0


def test_a_picture_goes_with_its_last_activity(
    editor: TestClient, browser: TestClient, key: Key
) -> None:
    first = made(browser, key)
    upload(editor, first, file_of())
    series = browser.post(
        f"{API}/series",
        json={"activity_id": first["id"], "repeat": {"every": "week", "times": 1}},
        headers=key("city-editor"),
    ).json()
    second = series["occurrences"][1]
    assert second["picture_url"] is not None
    assert stored_pictures() == 1
    remove = "/staff/activities/{}/picture/remove"
    assert editor.get(remove.format(first["id"])).status_code == 200
    assert editor.post(remove.format(first["id"])).status_code == 303
    assert stored_pictures() == 1
    assert browser.get(f"/activities/{first['slug']}/picture.webp").status_code == 404
    assert upload(editor, second, file_of(colour=(1, 200, 3))).status_code == 303
    assert stored_pictures() == 1
    editor.post(remove.format(second["id"]))
    editor.post(remove.format(second["id"]))
    assert stored_pictures() == 0
    with database.transaction() as session:
        assert set(session.scalars(sa.select(Activity.picture_hash))) == {None}


def test_a_draft_shows_its_picture_to_its_own_staff_only(
    client: Callable[..., TestClient],
    staff: Callable[..., dict[str, str]],
    editor: TestClient,
    browser: TestClient,
    key: Key,
) -> None:
    draft = made(browser, key, publish=False)
    upload(editor, draft, file_of())
    assert browser.get(f"/activities/{draft['slug']}/picture.webp").status_code == 404
    address = f"/staff/activities/{draft['id']}/picture"
    assert editor.get(f"{address}.webp").status_code == 200
    other = client("registration", cookies=staff("district-editor", "110112"), headers=SAME_SITE)
    assert other.get(f"{address}.webp").status_code == 403
    assert other.get(address).status_code == 403
    assert upload(other, draft, file_of()).status_code == 403
    assert other.post(f"{address}/remove").status_code == 403
    viewer = client("registration", cookies=staff("viewer"), headers=SAME_SITE)
    assert upload(viewer, draft, file_of()).status_code == 403


def test_programs_put_and_delete(browser: TestClient, key: Key) -> None:
    activity = made(browser, key)
    address = f"{API}/activities/{activity['id']}/picture"
    sent: dict[str, Any] = {"data": ALT, "files": {"picture": ("a", file_of("WEBP"), "image/webp")}}
    assert browser.put(address, **sent).status_code == 401
    kept = browser.put(address, headers=key("city-editor"), **sent)
    assert kept.status_code == 200, kept.text
    assert kept.json()["picture_url"] is not None
    sent["files"] = {"picture": ("a.png", b"nothing", "image/png")}
    refused = browser.put(address, headers=key("city-editor"), **sent)
    assert [error["field"] for error in refused.json()["errors"]] == ["picture"]
    assert browser.delete(address, headers=key("city-editor")).json()["picture_url"] is None
