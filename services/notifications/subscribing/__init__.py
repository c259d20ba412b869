"""Subscribing to safety reminders: asked for on a page, confirmed from the address itself."""
