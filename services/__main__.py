"""``python -m services``: the same as ``lingbao``."""

from services.cli import app

app()
