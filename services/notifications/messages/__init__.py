"""What messages say: letters as text and HTML, calendar parts, text messages, in two languages."""
