"""A mail is asked for: its row is written, and a worker told once that is committed."""

from customers import tasks
from customers.models import Mail, Signup, clock
from customers.services.doorbell import hint


def post(signup: Signup, kind: Mail.Kind) -> Mail:
    mail = Mail.objects.create(signup=signup, kind=kind, asked_at=clock.now())
    hint(tasks.send_mail, mail.pk)
    return mail
