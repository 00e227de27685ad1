"""Django admin: everything to be seen, the catalogue to be kept, writes through the services."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.distributor.rules import Operation
from customers.forms.asking import NOT_POSSIBLE
from customers.forms.create import CreateForm
from customers.models import (
    Alert,
    Attempt,
    Change,
    Customer,
    Decision,
    Drift,
    Gate,
    IpAddress,
    IpGroup,
    Mail,
    Note,
    Package,
    Refresh,
    Review,
    Sample,
    SavedView,
    Signup,
    Tally,
    Usage,
    Username,
    Verification,
    WhitelabelDomain,
)
from customers.services import changes
from customers.services.alerts import over
from customers.services.errors import NotPossible
from customers.views.changes import create, warn_of_username

admin.site.site_header = gettext_lazy("Reseller administration")
admin.site.site_title = gettext_lazy("Reseller")
admin.site.index_title = gettext_lazy("Tables")

HIDDEN = {"sealed_password", "searched", "sorted_name", "code_hash", "link_hash"}


class ReadOnly(admin.ModelAdmin):
    """To be seen, not to be written: the services alone write."""

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [f.name for f in self.opts.fields if f.name not in HIDDEN]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return self.get_fields(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Customer)
class CustomerAdmin(ReadOnly):
    list_display = ["username", "name", "email", "status", "active", "website_access", "console"]
    list_filter = ["status", "active", "website_access", "origin", "account_manager"]
    search_fields = ["username", "email", "first_name", "last_name", "company", "phone"]
    list_select_related = ["account_manager"]
    actions = ["enable", "disable", "website_enable", "website_disable"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return ["console", *super().get_fields(request, obj)]

    @admin.display(description=gettext_lazy("in the console"))
    def console(self, customer: Customer) -> str:
        return format_html('<a href="{}">{}</a>', customer.get_absolute_url(), _("Open"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("customers.add_customer")

    def has_switch_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("customers.change_customer")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The create form of the console: the same fields, the same service."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = CreateForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid() and (change := create(request, form)):
            messages.info(request, _("%s will be set up in a moment.") % change.customer.name)
            warn_of_username(request, change.customer)
            return redirect("admin:customers_customer_change", change.customer_id)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Add customer"),
            "form": form,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/customers/customer/add.html", context)

    def _switch(
        self, request: HttpRequest, customers: QuerySet[Customer], operation: Operation
    ) -> None:
        asked = 0
        for customer in customers:
            try:
                changes.ask(customer, operation, asked_by=request.user)  # type: ignore[arg-type]
                asked += 1
            except NotPossible as error:
                why = NOT_POSSIBLE[error.why]
                self.message_user(request, f"“{customer}”: {why}", messages.ERROR)
        self.message_user(request, _("%d asked for; a worker delivers them.") % asked)

    @admin.action(description=gettext_lazy("Switch sending on"), permissions=["switch"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Customer]) -> None:
        self._switch(request, queryset, Operation.ENABLE)

    @admin.action(description=gettext_lazy("Switch sending off"), permissions=["switch"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Customer]) -> None:
        self._switch(request, queryset, Operation.DISABLE)

    @admin.action(description=gettext_lazy("Switch website access on"), permissions=["switch"])
    def website_enable(self, request: HttpRequest, queryset: QuerySet[Customer]) -> None:
        self._switch(request, queryset, Operation.WEBSITE_ENABLE)

    @admin.action(description=gettext_lazy("Switch website access off"), permissions=["switch"])
    def website_disable(self, request: HttpRequest, queryset: QuerySet[Customer]) -> None:
        self._switch(request, queryset, Operation.WEBSITE_DISABLE)


@admin.register(Change)
class ChangeAdmin(ReadOnly):
    list_display = ["id", "customer", "operation", "state", "asked_by", "asked_at", "settled_at"]
    list_filter = ["state", "operation"]
    list_select_related = ["customer", "asked_by"]
    search_fields = ["id", "customer__username"]


@admin.register(Attempt)
class AttemptAdmin(ReadOnly):
    list_display = ["change", "n", "kind", "outcome", "http_status", "begun_at", "ended_at"]
    list_filter = ["kind", "outcome"]
    list_select_related = ["change__customer"]


@admin.register(Decision)
class DecisionAdmin(ReadOnly):
    list_display = ["change", "choice", "by", "reason", "at"]
    list_filter = ["choice"]
    list_select_related = ["change__customer"]


@admin.register(Note)
class NoteAdmin(ReadOnly):
    list_display = ["customer", "kind", "text", "by", "at"]
    list_filter = ["kind"]
    list_select_related = ["customer"]
    search_fields = ["customer__username", "text", "by"]


@admin.register(Drift)
class DriftAdmin(ReadOnly):
    list_display = ["customer", "field", "agreed", "theirs", "state", "is_doubtful", "seen_at"]
    list_filter = ["state", "field", "kind", "is_doubtful"]
    list_select_related = ["customer"]
    search_fields = ["customer__username"]


@admin.register(Username)
class UsernameAdmin(ReadOnly):
    list_display = ["name", "state", "customer", "until", "since"]
    list_filter = ["state"]
    list_select_related = ["customer"]
    search_fields = ["key"]


@admin.register(Refresh)
class RefreshAdmin(ReadOnly):
    list_display = [
        "started_at", "verdict", "listed", "adopted", "updated", "absent", "problem", "verified",
        "differing", "missing", "in_flight", "decided_by",
    ]  # fmt: skip
    list_filter = ["verdict", "cause"]
    list_select_related = ["decided_by"]


@admin.register(Verification)
class VerificationAdmin(ReadOnly):
    list_display = ["customer", "outcome", "fields", "company_confirmed", "begun_at", "asked_by"]
    list_filter = ["outcome", "company_confirmed"]
    list_select_related = ["customer", "asked_by"]


@admin.register(SavedView)
class SavedViewAdmin(ReadOnly):
    list_display = ["name", "owner", "is_shared", "query"]
    list_filter = ["is_shared"]
    list_select_related = ["owner"]


@admin.register(Signup)
class SignupAdmin(ReadOnly):
    list_display = ["reference", "state", "step", "customer", "address", "started_at"]
    list_filter = ["state", "step"]
    list_select_related = ["customer"]


@admin.register(Sample)
class SampleAdmin(ReadOnly):
    list_display = ["at", "live", "sending_off", "missing", "waiting", "oldest_waiting_seconds"]


@admin.register(Tally)
class TallyAdmin(ReadOnly):
    list_display = ["hour", "done", "refused", "withdrawn"]


@admin.register(Mail)
class MailAdmin(ReadOnly):
    list_display = ["signup", "kind", "asked_at", "sent_at", "tries"]
    list_filter = ["kind"]


@admin.register(Review)
class ReviewAdmin(ReadOnly):
    list_display = ["signup", "choice", "field", "by", "reason", "at"]
    list_filter = ["choice"]


@admin.register(Usage)
class UsageAdmin(ReadOnly):
    list_display = ["key", "count", "until"]
    search_fields = ["key"]


@admin.register(Gate)
class GateAdmin(ReadOnly):
    list_display = ["__str__", "failures", "since", "shut_until"]


@admin.register(Alert)
class AlertAdmin(ReadOnly):
    list_display = ["kind", "text", "raised_at", "over_at"]
    list_filter = ["kind"]
    actions = ["end"]

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("customers.change_alert")

    @admin.action(description=gettext_lazy("This is over"), permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        for alert in queryset:
            over(Alert.Kind(alert.kind), subject=alert.subject)
        self.message_user(request, _("Ended. Whatever happens again raises a new one."))


@admin.register(Package)
class PackageAdmin(admin.ModelAdmin):
    list_display = ["name", "is_free", "allows_ips", "offered_at_signup"]
    list_editable = ["offered_at_signup"]

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        """In the list a box has a column for its label, and no label of its own."""
        box = forms.CheckboxInput({"aria-label": gettext_lazy("offered at signup")})
        widgets = {"offered_at_signup": box}
        return super().get_changelist_form(request, **kwargs | {"widgets": widgets})


admin.site.register([IpGroup, IpAddress, WhitelabelDomain])
