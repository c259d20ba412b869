"""Trips abroad: what to read before one, and forgetting it afterwards."""
