"""Registrations: seats, the waiting list, tickets, and what a registrant does by their link."""
