"""The picture of an activity for programs."""

from __future__ import annotations

import uuid

from fastapi import APIRouter

from services.chassis.forms import TypedForm
from services.registration.activities import catalogue
from services.registration.activities.schemas import ActivityOut
from services.registration.pictures import service
from services.registration.pictures.pages import Editor, Uploaded, read

router = APIRouter(tags=["activities"])

_MULTIPART = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["picture"],
                    "properties": {
                        "picture": {"type": "string", "format": "binary"},
                        "alt.zh-CN": {"type": "string"},
                        "alt.en": {"type": "string"},
                    },
                }
            }
        },
    }
}


@router.put("/activities/{activity_id}/picture", openapi_extra=_MULTIPART)
def keep_picture(
    activity_id: uuid.UUID, principal: Editor, typed: TypedForm, data: Uploaded
) -> ActivityOut:
    """Give an activity its picture: a JPEG, PNG or WebP of 8 MB at most, as multipart form data.

    `alt.zh-CN` and `alt.en` say what it shows; at least one of them is needed. It is made small,
    and whatever it says of where and with what it was taken is left out.
    """
    catalogue.staff_activity(principal, str(activity_id))  # before the trouble of decoding
    found, wanted = read(typed, data, needed=True)
    return service.keep(principal, activity_id, wanted, found)


@router.delete("/activities/{activity_id}/picture")
def remove_picture(activity_id: uuid.UUID, principal: Editor) -> ActivityOut:
    """Take an activity's picture away."""
    return service.remove(principal, activity_id)
