"""Advisories: what to know and do before and while travelling in a country."""
