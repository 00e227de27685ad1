import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from customers.models import Gate
from customers.services import lateness


@require_safe
@never_cache
@login_not_required
def health(request: HttpRequest) -> JsonResponse:
    """200 as long as the database answers: without broker or distributor, work waits safely.

    Where nothing else runs any more, this is where an alert is raised for it.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        away = Gate.closed() is not None
        late = lateness.check()
    except Error:
        return JsonResponse({"database": "away"}, status=503)
    return JsonResponse(
        {
            "database": "ok",
            "broker": "ok" if _broker_answers() else "away",
            "distributor": "away" if away else "ok",
            "delivery": "late" if late else "ok",
            "oldest_due": late.due_at if late else None,
        }
    )


def _broker_answers() -> bool:
    client = redis.from_url(settings.CELERY_BROKER_URL, socket_timeout=1, socket_connect_timeout=1)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
