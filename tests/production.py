"""manage.py with throw-away production settings: `python -m tests.production check --deploy`."""

import os
import sys
from secrets import token_urlsafe

from cryptography.fernet import Fernet
from django.core.management import execute_from_command_line


def throw_away() -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "reseller.settings",
        "DEBUG": "false",
        "SECRET_KEY": token_urlsafe(50),
        "SEALING_KEYS": Fernet.generate_key().decode(),
        "ALLOWED_HOSTS": "console.example.com",
        "CSRF_TRUSTED_ORIGINS": "https://console.example.com",
        "TRUSTED_PROXIES": "127.0.0.1",
        "DATABASE_URL": "sqlite://:memory:",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "DISTRIBUTOR_URL": "https://distributor.example.com/api",
        "DISTRIBUTOR_USER": "reseller",
        "DISTRIBUTOR_KEY": token_urlsafe(20),
        "ADMINS": "admin@example.com",
    }


if __name__ == "__main__":
    os.environ.update(throw_away())
    execute_from_command_line(sys.argv)
