"""Stopping broadcasts to one address, by a link or by the mail program (RFC 8058)."""
