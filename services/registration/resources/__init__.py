"""Rooms and lecturers: who and what is free when, and what occupies them."""
