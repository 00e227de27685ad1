"""Asking for changes."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from customers.distributor.rules import Operation, is_email
from customers.forms.create import CreateForm
from customers.forms.updates import FORMS, SwitchForm
from customers.models import Change, Customer
from customers.models.change import OPERATIONS
from customers.services import changes
from customers.services.errors import AskingError
from customers.services.names import NameTaken
from customers.views.correcting import refused_before, words_of
from customers.views.pages import page_of
from customers.views.promises import promise
from customers.views.words import PROMISES, WARNINGS


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("customers.add_customer", raise_exception=True)
def new(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """A new customer, or one whom the distributor refused (`pk`), corrected."""
    refused = get_object_or_404(Customer, pk=pk) if pk else None
    form = CreateForm(request.POST if request.method == "POST" else None, refused=refused)
    if refused and not form.is_bound and (before := refused.changes.last_creation()):
        form.recall(before.params, words_of(before))
    if request.method == "POST" and form.is_valid() and (change := create(request, form)):
        promise(request, change, _("%s will be set up in a moment.") % change.customer.name)
        warn_of_username(request, change.customer)
        return redirect(page_of(request, change.customer))
    back = page_of(request, refused) if refused else reverse("customers:list")
    return render(request, "customers/new.html", {"form": form, "back": back})


def create(request: HttpRequest, form: CreateForm) -> Change | None:
    """Ask for a new customer on behalf of who is signed in; the form says why not."""
    try:
        return changes.create(
            password=form.cleaned_data["password"],
            params=form.params(),
            change_id=form.cleaned_data["change_id"],
            asked_by=request.user,  # type: ignore[arg-type]
            refused=form.refused,
        )
    except (AskingError, NameTaken) as error:
        form.explain(error)
    return None


def warn_of_username(request: HttpRequest, customer: Customer) -> None:
    if not is_email(customer.username):
        messages.warning(
            request,
            _(
                "The username is no e-mail address. The distributor accepts that, but refuses to "
                "switch sending or website access for such a name: change the username first."
            ),
        )


@require_http_methods(["GET", "HEAD", "POST"])
def update(request: HttpRequest, pk: int, operation: Operation) -> HttpResponse:
    """One page an operation; works without JavaScript."""
    customer = get_object_or_404(Customer, pk=pk)
    form = FORMS[operation](customer, request.POST if request.method == "POST" else None)
    if not form.is_bound and (before := refused_before(request, customer, operation)):
        form.recall(before.params, words_of(before))
    if request.method == "POST" and form.is_valid() and (change := _ask(request, operation, form)):
        promise(request, change, PROMISES[operation] % customer.name)
        return _to(request, page_of(request, customer))
    context = {
        "customer": customer,
        "form": form,
        "operation": operation,
        "label": OPERATIONS[operation],
        "warning": WARNINGS.get(operation),
        "open_changes": customer.open_changes,
        "back": page_of(request, customer),
    }
    # A dialog of the customer's page asks for the form alone.
    template = "_update_dialog" if request.htmx else "update"  # type: ignore[attr-defined]
    response = render(request, f"customers/{template}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _to(request: HttpRequest, page: str) -> HttpResponse:
    """A script would follow a redirect by itself, and the promise would be told to nobody."""
    is_dialog = request.htmx  # type: ignore[attr-defined]
    return HttpResponseClientRedirect(page) if is_dialog else redirect(page)


def _ask(request: HttpRequest, operation: Operation, form: SwitchForm) -> Change | None:
    try:
        return changes.ask(
            form.customer,
            operation,
            form.asked(),
            password=form.cleaned_data.get("password", ""),
            change_id=form.cleaned_data["change_id"],
            seen=form.cleaned_data.get("seen"),
            asked_by=request.user,  # type: ignore[arg-type]
            reason=form.cleaned_data["reason"],
        )
    except (AskingError, NameTaken) as error:
        form.explain(error)
    return None
