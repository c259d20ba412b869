"""Bookings as this service has heard of them: what a group needs a pack for, and by when."""
