"""Search over everything that is public: materials, advisories, answers, quizzes, activities."""
