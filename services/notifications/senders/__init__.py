"""The ways out: e-mail by SMTP, text messages by a provider. Each says what became of a message."""
