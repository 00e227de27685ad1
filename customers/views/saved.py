"""Saved views: lists of customers under a name, one's own and what others share."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from customers.forms.saved_view import EditViewForm, SaveViewForm
from customers.models import SavedView
from customers.services import saved_views
from customers.views.listing import Listing

may_view = permission_required("customers.view_customer", raise_exception=True)


@require_http_methods(["GET", "HEAD", "POST"])
@may_view
def saved(request: HttpRequest) -> HttpResponse:
    """All views that one may open; by POST the list that was shown is kept as one."""
    form = SaveViewForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _save(request, form)
    context = {"form": form, "views": SavedView.objects.of(request.user)}  # type: ignore[arg-type]
    return render(request, "customers/views.html", context)


def _save(request: HttpRequest, form: SaveViewForm) -> HttpResponse:
    said = form.cleaned_data
    query = Listing(QueryDict(said["query"]), request).view_query
    is_new = saved_views.save(
        request.user,  # type: ignore[arg-type]
        name=said["name"],
        query=query,
        is_shared=said["is_shared"],
    )
    words = _("Saved as “%s”.") if is_new else _("“%s” shows this from now on.")
    messages.success(request, words % said["name"])
    return redirect(SavedView(query=query))


@require_http_methods(["GET", "HEAD", "POST"])
@may_view
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Its name, and who sees it; what it shows is saved anew from the list."""
    view = get_object_or_404(SavedView, pk=pk, owner=request.user)
    form = EditViewForm(view, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        SavedView.objects.filter(pk=view.pk).update(**form.cleaned_data)
        messages.success(request, _("“%s” is saved.") % form.cleaned_data["name"])
        return redirect("customers:views")
    return render(request, "customers/view.html", {"form": form, "view": view})


@require_POST
@may_view
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    view = get_object_or_404(SavedView, pk=pk, owner=request.user)
    view.delete()
    messages.success(request, _("The view “%s” is gone. No customer was touched.") % view.name)
    return redirect(reverse("customers:views"))
