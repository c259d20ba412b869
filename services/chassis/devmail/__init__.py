"""The development mail server: takes in mail (SMTP) and SMS (HTTP), and shows both on a page.

It stands where a mail server and an SMS provider stand in production, and speaks as they do. It
delivers nothing to anybody.
"""
