"""Files of the library: what is taken, what is refused and how, how their bytes are given."""

from __future__ import annotations

import hashlib
import io
import time
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

from services.chassis.database import utc_now
from services.chassis.problems import Problem
from services.chassis.settings import settings
from services.content.database import database
from services.content.files import captions, covers, service, sweep
from services.content.files.intake import Incoming, examine, plain_name
from services.content.files.models import Blob, StoredFile
from services.content.files.store import store
from tests.content import making_files as made

API = "/api/content/v1/materials"
SAME_SITE = {"Origin": "http://testserver"}


@pytest.fixture
def material(published_material) -> dict[str, Any]:
    return published_material()


@pytest.fixture
def upload(web, key, material) -> Callable[..., Any]:
    """``upload("a.pdf", data, language="en")``: the answer to handing a file in."""
    editor = key("city-editor")

    def send(name: str, data: bytes, **fields: str) -> Any:
        return web.post(
            f"{API}/{material['id']}/files",
            files={"file": (name, io.BytesIO(data))},
            data=fields,
            headers=editor,
        )

    return send


TAKEN = [
    ("a.pdf", made.pdf(), "application/pdf", "document"),
    ("A.DOCX", made.archive(made.OFFICE), "wordprocessingml", "document"),
    ("a.zip", made.archive({"a/b.txt": b"text"}), "application/zip", "archive"),
    ("a.jpeg", made.picture("JPEG"), "image/jpeg", "picture"),
    ("a.webp", made.picture("WEBP"), "image/webp", "picture"),
    ("a.mp4", made.VIDEO, "video/mp4", "video"),
    (
        "a.webm",
        b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm" + bytes(50),
        "video/webm",
        "video",
    ),
    ("a.mp3", b"ID3\x04" + bytes(50), "audio/mpeg", "audio"),
    (
        "a.epub",
        made.archive({"mimetype": b"application/epub+zip", "META-INF/container.xml": b"<c/>"}),
        "application/epub+zip",
        "document",
    ),
]

REFUSED = [
    ("a.pdf", made.picture(), "名不符"),
    ("a.png", made.pdf(), "名不符"),
    ("a.docx", made.archive({"a.txt": b"text"}), "名不符"),
    ("a.pdf", b"MZ\x90\x00" + bytes(100), "暂不接收"),
    ("a.html", b"<!doctype html><script>alert(1)</script>", "暂不接收"),
    ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "SVG"),
    ("a.docx", made.bomb(), "解压后"),
    ("a.zip", made.lying_bomb(), "损坏"),
    ("a.zip", made.locked(), "密码"),
    ("a.zip", made.archive({"../../etc/passwd": b"x"}), "以外"),
    ("a.zip", made.archive({f"{n}": b"" for n in range(5001)}), "5000"),
    ("a.docx", made.archive({**made.OFFICE, "word/vbaProject.bin": b"x"}), "宏"),
    ("a.zip", made.archive({"a.txt": b"text"})[:-30], "损坏"),
    ("a.zip", made.damaged_lzma(), "损坏"),
    ("a.png", made.too_many_pixels(), "5000万"),
    ("a.jpg", b"\xff\xd8\xff" + bytes(40), "损坏"),
    ("a.vtt", made.CAPTIONS, "所属视频"),
    ("a.vtt", b"WEBVTT\n\n00:05 --> 00:04\nx", "第3行"),
    ("a.vtt", b"WEBVTT\n\nhello\nthere", "第3行"),
    ("a.vtt", b"WEBVTT\n\n" + b"1" * 5000 + b":00:01.000 --> 00:04.000\nx", "第3行"),
    ("a.vtt", "WEBVTT\n\n你好".encode("gbk"), "UTF-8"),
    ("a.pdf", b"", "空的"),
]


def test_a_file_is_known_by_its_content(upload):
    for name, data, media_type, role in TAKEN:
        answer = upload(name, data)
        assert answer.status_code == 201, (name, answer.text)
        assert media_type in answer.json()["media_type"]
        assert answer.json()["role"] == role
        assert answer.json()["sha256"] == hashlib.sha256(data).hexdigest()


def test_what_is_unsafe_or_lies_is_refused_with_a_sentence(upload):
    for name, data, says in REFUSED:
        refused = upload(name, data)
        assert refused.status_code == 422, (name, says)
        [error] = refused.json()["errors"]
        assert error["field"] == "file"
        assert says in error["message"]
    with database.transaction() as session:
        assert session.scalars(sa.select(StoredFile)).all() == []


def test_captions_of_nothing_but_signs_are_read_at_once():
    began = time.thread_time()
    captions.transcript("WEBVTT\n\n00:01.000 --> 00:04.000\n" + "<" * 500_000)
    assert time.thread_time() - began < 2


def test_a_file_larger_than_its_kind_may_be(upload, monkeypatch):
    monkeypatch.setattr(settings(), "files_picture_mb", 1)
    noise = io.BytesIO()
    Image.effect_noise((1200, 1200), 100).save(noise, "PNG")
    refused = upload("a.png", noise.getvalue())
    assert "不能超过1 MB" in refused.json()["errors"][0]["message"]


def test_a_video_of_five_gigabytes_is_refused_before_it_is_read(web, key, staff, material):
    # Nothing is sent but the word of how much it will be.
    length = {"Content-Length": str(5 * 1024**3), "Content-Type": "multipart/form-data; boundary=x"}
    refused = web.post(
        f"{API}/{material['id']}/files", content=b"", headers=key("city-editor") | length
    )
    assert (refused.status_code, refused.json()["type"]) == (413, "too-large")
    assert "500 MB" in refused.json()["title"]
    web.cookies.update(staff("city-editor"))
    page = web.post(
        f"/staff/materials/{material['id']}/files", content=b"", headers=SAME_SITE | length
    )
    assert page.status_code == 413
    assert "视频不能超过500 MB" in page.text
    # Who is not signed in is asked to, without the file being taken first.
    web.cookies.clear()
    long = {"Content-Length": str(400 * 1024**2), "Content-Type": "multipart/form-data; boundary=x"}
    asked = web.post(
        f"/staff/materials/{material['id']}/files", content=b"", headers=SAME_SITE | long
    )
    assert asked.status_code == 401
    # Other addresses take what they took before.
    small = {"Content-Length": str(11 * 1024 * 1024)}
    assert web.post(API, content=b"", headers=key("city-editor") | small).status_code == 413


def test_memory_does_not_grow_with_the_file(tmp_path):
    file = tmp_path / "long.mp4"
    with file.open("wb") as target:
        target.write(made.VIDEO)
        target.truncate(60 * 1024 * 1024)
    tracemalloc.start()
    with file.open("rb") as source:
        found = examine(Incoming("long.mp4", source))
        key = service.keep_bytes(found)
    assert sum(map(len, store().open(key))) == 60 * 1024 * 1024
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 15 * 1024 * 1024


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\Users\\wang\\手册.PDF", "手册.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\u202efdp.exe", "afdp.exe"),
        ('x"\r\n<b>.pdf', "x b.pdf"),
        ("长" * 300 + ".docx", "长" * 115 + ".docx"),
    ],
)
def test_names_are_made_plain(given, kept):
    assert plain_name(given) == kept


def test_bytes_are_given_in_ranges(web, upload):
    data = made.VIDEO
    file = upload("film.mp4", data).json()
    path = file["url"].removeprefix("http://testserver")
    whole = web.get(path)
    assert (whole.status_code, whole.content) == (200, data)
    tag = whole.headers["ETag"]
    assert tag == f'"{file["sha256"]}"'
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in whole.headers["Content-Security-Policy"]
    assert whole.headers["Content-Disposition"].startswith("inline")
    saved = web.get(path, params={"download": "1"})
    assert saved.headers["Content-Disposition"].startswith('attachment; filename="film.mp4"')

    size = len(data)
    for wanted, start, end in (
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, size),
        ("bytes=-50", size - 50, size),
        (f"bytes=10-{size * 9}", 10, size),
        (f"bytes=-{size * 9}", 0, size),
    ):
        part = web.get(path, headers={"Range": wanted})
        assert part.status_code == 206, wanted
        assert part.content == data[start:end]
        assert part.headers["Content-Range"] == f"bytes {start}-{end - 1}/{size}"
        assert part.headers["Content-Length"] == str(end - start)
    for wanted in (f"bytes={size}-", "bytes=-0", f"bytes={'9' * 18}-"):
        beyond = web.get(path, headers={"Range": wanted})
        assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
    for left in (
        "bytes=9-3",
        "bytes=a-b",
        "bytes=-",
        "lines=1-2",
        "bytes=0-1,5-6",
        f"bytes={10**99}-",
    ):
        assert web.get(path, headers={"Range": left}).status_code == 200, left
    for condition, status in (
        (tag, 206),
        (f"W/{tag}", 200),
        ('"another"', 200),
        (whole.headers["Last-Modified"], 206),
        ("Sat, 01 Jan 2000 00:00:00 GMT", 200),
    ):
        part = web.get(path, headers={"Range": "bytes=0-9", "If-Range": condition})
        assert part.status_code == status, condition
    assert web.get(path, headers={"If-None-Match": f'"x", W/{tag}'}).status_code == 304
    assert web.get(path, headers={"If-None-Match": '"x"'}).status_code == 200
    head = web.head(path, headers={"Range": "bytes=0-9"})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(size)


def test_a_file_is_as_public_as_its_material(web, key, staff, published_material):
    editor = key("city-editor")
    draft = web.post(API, json={"kind": "book", "title": "书", "body": "文"}, headers=editor).json()
    file = web.post(
        f"{API}/{draft['id']}/files", files={"file": ("a.pdf", made.pdf())}, headers=editor
    ).json()
    public = file["url"].removeprefix("http://testserver")
    inside = f"/staff/materials/{draft['id']}/files/{file['id']}/content"
    assert web.get(public).status_code == 404
    assert web.get(inside).status_code == 303
    web.cookies.update(staff("district-editor", "110102"))
    assert web.get(inside).status_code == 403
    refused = web.post(
        f"/staff/materials/{draft['id']}/files", files={"file": ("b.zip", b"x")}, headers=SAME_SITE
    )
    assert refused.status_code in (403, 422)
    web.cookies.update(staff("viewer"))
    assert web.get(inside).content == web.get(inside, headers={"Range": "bytes=0-"}).content
    assert web.get(f"/staff/materials/{draft['id']}/files").status_code == 200
    assert (
        web.post(f"/staff/materials/{draft['id']}/files/{file['id']}/remove", headers=SAME_SITE)
    ).status_code == 403
    web.cookies.clear()
    web.post(f"{API}/{draft['id']}/publish", headers=editor)
    assert web.get(public).status_code == 200
    web.post(f"{API}/{draft['id']}/withdraw", json={"reason": "旧"}, headers=editor)
    assert web.get(public).status_code == 410


def test_a_video_has_captions_a_poster_and_a_transcript(web, key, upload, material):
    video = upload("film.mp4", made.VIDEO, **{"title.zh-CN": "短片"}).json()
    assert "请选择字幕的语言" in upload("a.vtt", made.CAPTIONS, parent_id=video["id"]).text
    first = upload("a.vtt", made.CAPTIONS, parent_id=video["id"], language="en").json()
    again = upload("b.vtt", made.CAPTIONS + b"\n", parent_id=video["id"], language="en")
    assert again.status_code == 201
    upload("p.png", made.picture(), parent_id=video["id"])
    assert "视频只能附带字幕" in upload("x.pdf", made.pdf(), parent_id=video["id"]).text
    files = web.get(f"{API}/{material['id']}").json()["files"]
    assert [(one["role"], one["language"]) for one in files] == [
        ("video", None),
        ("captions", "en"),
        ("poster", None),
    ]
    assert first["id"] not in {one["id"] for one in files}
    page = web.get(f"/library/{material['slug']}").text
    assert '<track kind="captions"' in page
    assert 'srclang="en"' in page
    assert "poster=" in page
    assert "First the police." in page
    assert "MP4，100 KB" in page
    assert web.get(files[1]["url"]).headers["Content-Type"].startswith("text/vtt")

    # Whatever comes back takes the place of the captions that are there by now.
    def there() -> list[str]:
        files = web.get(f"{API}/{material['id']}").json()["files"]
        return [one["id"] for one in files if one["role"] == "captions"]

    here, editor = f"{API}/{material['id']}/files", key("city-editor")
    assert web.post(f"{here}/{first['id']}/restore", headers=editor).status_code == 200
    assert there() == [first["id"]]
    chinese = upload("c.vtt", made.CAPTIONS + b"\n\n", parent_id=video["id"], language="zh-CN")
    turned = {"language": "en"}
    refused = web.patch(f"{here}/{chinese.json()['id']}", json=turned, headers=editor)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "language")


def test_files_are_ordered_replaced_taken_out_and_put_back(web, key, staff, upload, material):
    editor = key("city-editor")
    here = f"{API}/{material['id']}/files"
    first = upload("one.pdf", made.pdf(1)).json()
    data = made.pdf(2)
    second = upload("two.pdf", data).json()
    assert "已经在这里，名为“two.pdf”" in upload("again.pdf", data).json()["errors"][0]["message"]
    moved = web.patch(f"{here}/{second['id']}", json={"position": 1}, headers=editor)
    assert moved.status_code == 200
    names = [one["name"] for one in web.get(f"{API}/{material['id']}").json()["files"]]
    assert names == ["two.pdf", "one.pdf"]
    other = web.put(
        f"{here}/{first['id']}/content", files={"file": ("three.pdf", made.pdf(3))}, headers=editor
    ).json()
    assert (other["id"], other["name"]) == (first["id"], "three.pdf")
    assert web.get(first["url"]).headers["ETag"] == f'"{other["sha256"]}"'
    wrong = web.put(
        f"{here}/{first['id']}/content", files={"file": ("a.png", made.picture())}, headers=editor
    )
    assert "不是同一类" in wrong.text

    web.cookies.update(staff("city-editor"))
    page = web.post(
        f"/staff/materials/{material['id']}/files/{first['id']}/remove", headers=SAME_SITE
    )
    assert page.status_code == 303
    assert "30天内可以恢复" in web.get(page.headers["location"]).text
    assert web.get(first["url"]).status_code == 410
    assert [one["name"] for one in web.get(f"{here}/removed", headers=editor).json()["items"]] == [
        "three.pdf"
    ]
    web.post(f"{here}/{first['id']}/restore", headers=editor)
    assert web.get(first["url"]).status_code == 200
    # Readers are told what happened to the files; their order is no news.
    acts = web.get(f"{API}/{material['id']}/versions", headers=editor).json()["items"]
    assert [one["changes"].get("en") for one in acts[:6]] == [
        "Back again: three.pdf",
        "Taken out: three.pdf",
        "New edition of three.pdf",
        None,
        "New file: two.pdf",
        "New file: one.pdf",
    ]
    assert "恢复文件：three.pdf" in web.get(f"/library/{material['slug']}").text


def test_a_call_sent_twice_adds_one_file_and_a_wrong_checksum_none(web, key, material):
    headers = key("city-editor") | {"Idempotency-Key": "once"}
    data = made.pdf()

    def send(**fields: str) -> Any:
        return web.post(
            f"{API}/{material['id']}/files",
            files={"file": ("a.pdf", data)},
            data=fields,
            headers=headers,
        )

    assert "校验值" in send(sha256="0" * 64).text
    first, again = send(sha256=hashlib.sha256(data).hexdigest()), send()
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert len(web.get(f"{API}/{material['id']}").json()["files"]) == 1


def test_covers_are_made_and_a_broken_file_is_left_alone(web, upload, material):
    upload("a.pdf", made.pdf())
    broken = upload("b.pdf", b"%PDF-1.7 and nothing else").json()
    assert covers.make_due() == 1
    with database.transaction() as session:
        stored = session.get_one(StoredFile, broken["id"])
        assert (stored.cover_key, stored.cover_tries) == (None, 3)
    page = web.get("/library").text
    address = page.partition('<img src="')[2].partition('"')[0]
    cover = web.get(address)
    assert cover.headers["Content-Type"] == "image/webp"
    assert cover.content[8:12] == b"WEBP"


def test_a_file_that_one_worker_is_at_is_left_to_it(upload):
    file = upload("a.pdf", made.pdf()).json()

    def begun(minutes: int) -> None:
        with database.transaction() as session:
            at = utc_now() - timedelta(minutes=minutes)
            session.get_one(StoredFile, file["id"]).cover_begun_at = at

    begun(9)
    assert covers.make_due() == 0
    begun(11)
    assert covers.make_due() == 1, "whoever began has fallen over"


def test_bytes_that_were_changed_in_the_store_are_noticed(web, upload):
    file = upload("a.pdf", made.pdf()).json()
    with database.transaction() as session:
        key = session.get_one(StoredFile, file["id"]).key
    store().put(key, io.BytesIO(made.pdf(2)))
    with pytest.raises(OSError, match="not those that were stored"):
        web.get(file["url"])
    store().delete(key)
    assert web.get(file["url"]).status_code == 503
    # That the store is away is no fault of the file: its cover is made later.
    with pytest.raises(Problem):
        covers.make_due()
    with database.transaction() as session:
        assert session.get_one(StoredFile, file["id"]).cover_tries == 0


def test_what_nobody_can_reach_is_swept(web, key, upload, material):
    file = upload("a.pdf", made.pdf()).json()
    covers.make_due()
    orphan = service.keep_bytes(examine(Incoming("b.pdf", io.BytesIO(made.pdf(2)))))
    web.delete(f"{API}/{material['id']}/files/{file['id']}", headers=key("city-editor"))
    assert sweep.sweep() == 0
    with database.transaction() as session:
        session.execute(sa.update(Blob).values(created_at=utc_now() - timedelta(days=2)))
    assert sweep.sweep() == 1
    with pytest.raises(FileNotFoundError):
        store().open(orphan)
    with database.transaction() as session:
        session.execute(sa.update(StoredFile).values(removed_at=utc_now() - timedelta(days=31)))
    assert sweep.sweep() == 2  # the file and its cover
    with database.transaction() as session:
        assert session.scalars(sa.select(Blob)).all() == []
