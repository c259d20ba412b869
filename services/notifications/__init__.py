"""Notifications: contacts, reminders, broadcasts, and every e-mail and text message that leaves."""
