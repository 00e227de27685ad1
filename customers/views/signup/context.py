from typing import Any

from django.conf import settings
from django.http import HttpRequest


def brand(request: HttpRequest) -> dict[str, Any]:
    """Whose pages these are."""
    return {"brand": settings.BRAND_NAME, "has_logo": bool(settings.BRAND_LOGO)}
