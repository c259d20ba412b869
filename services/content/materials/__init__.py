"""Materials: books, brochures, videos, case studies, slides and checklists."""
