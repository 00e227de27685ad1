"""The mails that lie under var/mail, for whoever tries things out without a mail server."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from customers.views.signup.browser import page

SEPARATOR = b"\n" + b"-" * 79 + b"\n"
MOST = 50


@page
def mails(request: HttpRequest) -> HttpResponse:
    """The latest first. Only while trying out: with DEBUG, and where mails are files."""
    if not settings.DEBUG or "filebased" not in settings.EMAIL_BACKEND:
        raise Http404
    return render(request, "signup/mails.html", {"mails": read(Path(settings.EMAIL_FILE_PATH))})


def read(folder: Path) -> list[dict[str, Any]]:
    files = sorted(folder.glob("*.log"), key=lambda file: file.stat().st_mtime, reverse=True)
    found = [part for file in files[:MOST] for part in file.read_bytes().split(SEPARATOR)]
    return [_shown(part) for part in found if part.strip()]


def _shown(raw: bytes) -> dict[str, Any]:
    mail = message_from_bytes(raw.lstrip(), policy=default)
    assert isinstance(mail, EmailMessage)
    text = mail.get_body(("plain",))
    return {
        "to": mail["To"],
        "subject": mail["Subject"],
        "date": mail["Date"],
        "text": text.get_content() if text else "",
    }
