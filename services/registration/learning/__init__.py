"""What people learned at an activity: the results of its quizzes, as the content service tells."""
