"""Series: one lecture given many times, each time an activity of its own."""
