"""Text messages: one interface, and the providers behind it."""

from services.notifications.senders.sms.inbox import InboxSms
from services.notifications.senders.sms.sender import NoSms, SmsSender

__all__ = ["InboxSms", "NoSms", "SmsSender"]
