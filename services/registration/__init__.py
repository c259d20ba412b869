"""Registration: activities, the people who come to them, and bookings by schools and companies."""
