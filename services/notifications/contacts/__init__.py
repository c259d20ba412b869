"""People and organisations we may write to, as registrations and bookings made them known."""
