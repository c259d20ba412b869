"""Certificates of attendance: issued after the end, and open to anybody's check."""
