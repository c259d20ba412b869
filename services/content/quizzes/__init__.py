"""Quizzes: what they draw from the banks, for whom, and when they are open."""
