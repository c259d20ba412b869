"""The staff home: today's work, put together from what each service shows."""
