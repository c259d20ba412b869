"""What people are told about the books and brochures that they ordered."""
