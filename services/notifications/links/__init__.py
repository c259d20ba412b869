"""Links to one's own registrations, sent again to whoever asked for them."""
