"""`celery -A reseller worker --beat`. Settings stand in settings.py under CELERY_."""

import os
import signal

from celery import Celery
from celery.signals import beat_embedded_init, worker_process_init

from reseller import broker
from reseller.processes import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reseller.settings")

broker.install()

app = Celery("reseller")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["customers"])
app.autodiscover_tasks(["customers"], related_name="rounds")


@worker_process_init.connect
@beat_embedded_init.connect
def end_with_the_worker(**_options: object) -> None:
    """A worker that is killed leaves no family behind: it would deliver and ring on its own."""
    end_with_parent(signal.SIGKILL)
