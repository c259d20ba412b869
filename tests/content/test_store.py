"""The folder and the S3-compatible store keep one contract.

The store speaks the real protocol and checks every request's signature (AWS Signature Version 4).
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import settings as moto_settings
from moto.core.authorization import ActionAuthenticatorMixin
from moto.server import ThreadedMotoServer
from pytest import MonkeyPatch

from services.chassis.problems import Problem
from services.chassis.settings import Settings
from services.content.files.store import Store, place_of

BUCKET = "lingbao-files"


@pytest.fixture(scope="module")
def bucket() -> Iterator[Settings]:
    """The settings of a bucket on a server of its own, whose signatures are checked."""
    patched = MonkeyPatch()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    anyone = {
        "endpoint_url": endpoint,
        "region_name": "us-east-1",
        "aws_access_key_id": "first",
        "aws_secret_access_key": "first",
    }
    iam = boto3.client("iam", **anyone)
    iam.create_user(UserName="lingbao")
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
    }
    iam.put_user_policy(UserName="lingbao", PolicyName="s3", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="lingbao")["AccessKey"]
    boto3.client("s3", **anyone).create_bucket(Bucket=BUCKET)
    # From here on nobody is let in without a right signature.
    patched.setattr(ActionAuthenticatorMixin, "request_count", 0)
    patched.setattr(moto_settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0)
    yield Settings(
        files_url=f"s3://{BUCKET}?endpoint={endpoint}&region=us-east-1",
        files_key_id=key["AccessKeyId"],
        files_key_secret=key["SecretAccessKey"],
    )
    patched.undo()
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return Store(place_of(Settings(files_url=f"file://{tmp_path}/a%20b")))
    return Store(place_of(request.getfixturevalue("bucket")))


def test_what_is_put_can_be_read_from_any_byte_on_and_deleted(kept: Store) -> None:
    # More than one part of an upload, and not a multiple of one.
    data = os.urandom(6 * 1024 * 1024 + 7)
    kept.put("files/one", io.BytesIO(data))
    assert b"".join(kept.open("files/one")) == data
    assert b"".join(kept.open("files/one", 5, 9)) == data[5:9]
    assert b"".join(kept.open("files/one", len(data) - 3)) == data[-3:]
    assert b"".join(kept.open("files/one", 4, 4)) == b""
    assert max(map(len, kept.open("files/one"))) < 6 * 1024 * 1024
    kept.delete("files/one")
    kept.delete("files/one")
    with pytest.raises(FileNotFoundError):
        kept.open("files/one")


def test_a_put_that_fails_leaves_nothing(kept: Store) -> None:
    class Breaks(io.RawIOBase):
        sent = 0

        def read(self, size: int = -1) -> bytes:
            self.sent += 1
            if self.sent > 1:
                raise OSError("the disk went away")
            return bytes(size if size > 0 else 1024)

    with pytest.raises(Problem):
        kept.put("files/half", Breaks())  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        kept.open("files/half")


def test_a_wrong_secret_is_refused_and_says_nothing_to_readers(bucket: Settings) -> None:
    wrong = Store(place_of(bucket.model_copy(update={"files_key_secret": "wrong"})))
    for act in (
        lambda: wrong.put("files/x", io.BytesIO(b"x")),
        lambda: wrong.open("files/x"),
        lambda: wrong.delete("files/x"),
    ):
        with pytest.raises(Problem) as refused:
            act()
        assert refused.value.status == 503
        assert BUCKET not in str(refused.value.detail)
