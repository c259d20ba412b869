"""The settings of stored files: where they are kept, and how large each kind may be."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, Field, field_validator

MEGABYTE: Final = 1024 * 1024
# What the front lets through to the addresses that take files (deploy/Caddyfile).
MOST_MEGABYTES: Final = 4000
_S3_OPTIONS: Final = frozenset({"endpoint", "region", "style"})


class FilesSettings(BaseModel):
    """Files that staff upload and everybody downloads."""

    files_url: str | None = Field(
        default=None,
        description="Where files of the library are kept: a folder that all processes of content "
        "share, `file:///srv/lingbao/files`, or a bucket of an S3-compatible store, "
        "`s3://BUCKET?endpoint=https://…&region=…` (`style=host` where the store wants the "
        "bucket's name in front of its host, as Aliyun OSS does). Unset: the folder `files` under "
        "`LINGBAO_DATA_DIR`.",
    )
    files_key_id: str | None = Field(
        default=None, description="The access key ID for the bucket of `LINGBAO_FILES_URL`."
    )
    files_key_secret: str | None = Field(
        default=None, description="The secret that belongs to it.", repr=False
    )
    files_video_mb: int = Field(
        default=500, ge=1, le=MOST_MEGABYTES, description="The largest video, in megabytes."
    )
    files_audio_mb: int = Field(
        default=100, ge=1, le=MOST_MEGABYTES, description="The largest sound recording."
    )
    files_document_mb: int = Field(
        default=50,
        ge=1,
        le=MOST_MEGABYTES,
        description="The largest document (PDF, Word, PowerPoint, Excel, EPUB) or ZIP archive.",
    )
    files_picture_mb: int = Field(
        default=15, ge=1, le=MOST_MEGABYTES, description="The largest picture."
    )

    @field_validator("files_url")
    @classmethod
    def _a_place(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        options = parse_qs(parts.query)
        if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
            return value
        if parts.scheme != "s3" or not parts.hostname or parts.path.strip("/"):
            raise ValueError(
                "it must look like s3://bucket?endpoint=https://host&region=… or file:///folder"
            )
        if options.keys() - _S3_OPTIONS or options.get("style", ["path"])[-1] not in (
            "path",
            "host",
        ):
            raise ValueError(
                "after the question mark it takes endpoint, region and style (path or host)"
            )
        if endpoint := options.get("endpoint"):
            where = urlsplit(endpoint[-1])
            if where.scheme not in ("http", "https") or not where.netloc:
                raise ValueError("its endpoint must begin with https:// or http://")
        return value
