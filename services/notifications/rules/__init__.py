"""When and how often we may write to somebody: quiet hours, and a cap on routine broadcasts."""
