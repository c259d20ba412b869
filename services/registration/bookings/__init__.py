"""Bookings: a school or a company asks for a session, and staff answer until a time is agreed."""
