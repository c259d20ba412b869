"""The people who work here: their role, their district, their password."""
