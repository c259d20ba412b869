"""Packs of the content service: shown to those they are for, and passed on to those who booked."""
