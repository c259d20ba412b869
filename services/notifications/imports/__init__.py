"""Lists of contacts from a file: read, shown row by row, taken in when somebody says so."""
