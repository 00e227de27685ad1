from django.contrib import admin
from django.urls import include, path

from customers.views import dashboard, errors, health, standing
from customers.views.signup.mails import mails

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("standing/", standing.standing_now, name="standing"),
    path("customers/", include("customers.urls")),
    path("signup/", include("customers.views.signup.urls")),
    path("mails/", mails, name="mails"),
    path("health", health.health, name="health"),
    path("accounts/", include("django.contrib.auth.urls")),
    path("admin/", admin.site.urls),
]

handler500 = errors.server_error
