"""What we know of activities and registrations, and the reminders that follow from it."""
