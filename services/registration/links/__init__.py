"""Asking for the links to one's registrations again, by the address that was given."""
