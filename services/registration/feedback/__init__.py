"""Feedback: a short survey by link after an activity, answered without a name."""
