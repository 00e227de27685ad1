"""What people keep about a customer: notes, and who looks after them."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from customers.forms.asking import NOT_POSSIBLE
from customers.forms.notes import AssignForm, NoteForm
from customers.models import Customer, Note
from customers.services import notes
from customers.services.errors import AskingError, NotPossible
from customers.views.customers import page
from customers.views.pages import page_of

SEEING = "customers.view_customer"


@require_POST
@permission_required((SEEING, "customers.add_note"), raise_exception=True)
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a note; one that cannot be kept comes back on the customer's page, as it was typed."""
    customer = get_object_or_404(Customer, pk=pk)
    form = NoteForm(request.POST)
    if form.is_valid() and (kept := _keep(request, customer, form)):
        return redirect(f"{page_of(request, customer)}#note-{kept.pk}")
    return page(request, pk, form)


def _keep(request: HttpRequest, customer: Customer, form: NoteForm) -> Note | None:
    said = form.cleaned_data
    try:
        return notes.write(
            customer,
            said["text"],
            by=request.user,  # type: ignore[arg-type]
            sent_as=said["change_id"],
        )
    except AskingError as error:
        form.explain(error)
    return None


@require_POST
@permission_required((SEEING, "customers.change_customer"), raise_exception=True)
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Make somebody, or nobody, the account manager: a fact of ours, which goes nowhere."""
    customer = get_object_or_404(Customer, pk=pk)
    form = AssignForm(customer, request.POST)
    if form.is_valid():
        _assign(request, customer, form)
    else:
        messages.error(request, " ".join(map(str, form.errors["manager"])))
    return redirect(page_of(request, customer))


def _assign(request: HttpRequest, customer: Customer, form: AssignForm) -> None:
    manager = form.cleaned_data["manager"]
    try:
        kept = notes.assign(customer, manager, by=request.user)  # type: ignore[arg-type]
    except NotPossible as error:
        messages.error(request, NOT_POSSIBLE[error.why])
        return
    if kept is None:
        messages.info(request, _("It was so already: nothing was changed."))
    elif manager:
        words = _("%(who)s looks after %(customer)s from now on.")
        messages.success(request, words % {"who": manager, "customer": customer.name})
    else:
        messages.success(request, _("Nobody looks after %s from now on.") % customer.name)
