"""Pictures of activities: taken in, made small and clean, and served."""
