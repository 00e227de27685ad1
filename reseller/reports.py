"""What an error report may show."""

from collections.abc import ItemsView
from types import TracebackType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

SECRET_FIELDS = frozenset({"password", "confirm_password", "csrfmiddlewaretoken"})


class HideSecrets(SafeExceptionReporterFilter):
    """Typed passwords and local variables stay out of every report, with DEBUG too."""

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        if request is None:
            return {}
        return {
            name: self.cleansed_substitute if "password" in name or name in SECRET_FIELDS else value
            for name, value in request.POST.items()
        }

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: TracebackType
    ) -> ItemsView[str, Any]:
        return {}.items()
