"""Files of the library: taken in, checked, kept in a store, served by ranges, swept."""
