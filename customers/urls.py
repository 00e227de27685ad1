from django.contrib.auth.decorators import permission_required
from django.urls import path

from customers.distributor.rules import Operation
from customers.views import (
    asked,
    attestations,
    changes,
    customers,
    deciding,
    drift,
    funnel,
    listing,
    notes,
    reading,
    refreshes,
    reviews,
    saved,
    verifying,
)

app_name = "customers"

may_change = permission_required("customers.change_customer", raise_exception=True)
may_delete = permission_required("customers.delete_now", raise_exception=True)

UPDATES = {
    "profile": Operation.PROFILE,
    "email": Operation.EMAIL,
    "username": Operation.USERNAME,
    "password": Operation.PASSWORD,
    "enable": Operation.ENABLE,
    "disable": Operation.DISABLE,
    "website-enable": Operation.WEBSITE_ENABLE,
    "website-disable": Operation.WEBSITE_DISABLE,
}

urlpatterns = [
    path("", listing.customer_list, name="list"),
    path("new/", changes.new, name="new"),
    path("changes/", asked.change_list, name="changes"),
    path("views/", saved.saved, name="views"),
    path("views/<int:pk>/", saved.edit, name="view"),
    path("views/<int:pk>/delete/", saved.delete, name="delete-view"),
    path("changes/<uuid:pk>/", deciding.change_detail, name="change"),
    path("changes/<uuid:pk>/withdraw/", deciding.withdraw, name="withdraw"),
    path("changes/<uuid:pk>/resolve/", deciding.resolve, name="resolve"),
    path("changes/<uuid:pk>/look/", deciding.look, name="look"),
    path("drift/", drift.inbox, name="drift"),
    path("drift/ticked/", drift.decide_ticked, name="drift-ticked"),
    path("drift/alike/", drift.decide_alike, name="drift-alike"),
    path("drift/<int:pk>/rename/", drift.accept_rename, name="drift-rename"),
    path("refreshes/", refreshes.refreshes, name="refreshes"),
    path("refreshes/attestations.csv", attestations.attestations, name="attestations"),
    path("refreshes/<int:pk>/", reading.reading, name="refresh"),
    path("refreshes/<int:pk>/decide/", reading.decide, name="decide-refresh"),
    path("signups/", reviews.queue, name="signups"),
    path("signups/funnel/", funnel.funnel, name="funnel"),
    path("signups/<uuid:pk>/", reviews.detail, name="signup"),
    path("signups/<uuid:pk>/review/", reviews.review, name="review-signup"),
    path("<int:pk>/", customers.detail, name="detail"),
    path("<int:pk>/verify/", verifying.verify, name="verify"),
    path("<int:pk>/note/", notes.note, name="note"),
    path("<int:pk>/manager/", notes.assign, name="assign"),
    path("<int:pk>/correct/", changes.new, name="correct"),
    *(
        path(f"<int:pk>/{name}/", may_change(changes.update), {"operation": operation}, name=name)
        for name, operation in UPDATES.items()
    ),
    path(
        "<int:pk>/delete/",
        may_delete(changes.update),
        {"operation": Operation.DELETE},
        name="delete",
    ),
]
