"""What the staff home shows of this service: what waits, what is being sent, what is unwell."""
