"""What people learn at an activity: its quizzes and their results, as the content service tells."""
