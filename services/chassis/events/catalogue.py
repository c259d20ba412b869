"""The catalogue of events, generated from their models: AsyncAPI 3.0."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from services.chassis.events.envelope import Envelope, Event
from services.chassis.events.inbox import Handlers

_ENVELOPE = "CloudEvents 1.0 in JSON; `sequence` is the version of the subject."


def asyncapi(service: str, publishes: Sequence[type[Event]], handlers: Handlers) -> dict[str, Any]:
    """An AsyncAPI 3.0 document of what a service says (``send``) and hears (``receive``)."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for event in publishes:
        channels[event.type] = _channel(
            event.type, inspect.getdoc(event) or "", event.model_json_schema(mode="serialization")
        )
        operations[f"send-{event.type}"] = _operation("send", event.type)
    for kind, subscription in handlers.items():
        channels.setdefault(
            kind,
            _channel(
                kind,
                inspect.getdoc(subscription.handler) or "",
                subscription.reads.model_json_schema(mode="validation"),
            ),
        )
        operations[f"receive-{kind}"] = _operation("receive", kind)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": f"Lingbao {service}: events", "version": "1", "description": _ENVELOPE},
        "defaultContentType": "application/cloudevents+json",
        "channels": channels,
        "operations": operations,
    }


def _channel(kind: str, summary: str, schema: dict[str, Any]) -> dict[str, Any]:
    envelope = Envelope.model_json_schema()
    envelope["properties"]["data"] = _inlined(schema)
    envelope["properties"]["type"] = {"const": kind}
    return {
        "address": kind,
        "messages": {
            "event": {
                "name": kind,
                "summary": summary.splitlines()[0] if summary else kind,
                "description": summary,
                "contentType": "application/cloudevents+json",
                "payload": envelope,
            }
        },
    }


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema whose references are written out, so that it can stand inside another."""
    definitions = schema.pop("$defs", {})

    def expand(value: Any) -> Any:  # noqa: ANN401 - JSON values
        if isinstance(value, dict):
            if "$ref" in value:
                return expand(definitions[value["$ref"].rsplit("/", 1)[-1]])
            return {key: expand(item) for key, item in value.items()}
        if isinstance(value, list):
            return [expand(item) for item in value]
        return value

    found: dict[str, Any] = expand(schema)
    return found


def _operation(action: str, kind: str) -> dict[str, Any]:
    # A channel's name holds no character that JSON Pointer escapes.
    return {"action": action, "channel": {"$ref": f"#/channels/{kind}"}}
