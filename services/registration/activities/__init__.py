"""Activities: lectures, exhibitions, school sessions and visits to enterprises."""
