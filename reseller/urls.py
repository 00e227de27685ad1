from django.contrib import admin
from django.urls import include, path

from customers.views import dashboard, errors, health, signup, standing

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("standing/", standing.standing_now, name="standing"),
    path("customers/", include("customers.urls")),
    path("signup/", signup.signup, name="signup"),
    path("signup/<uuid:reference>/", signup.status, name="signup-status"),
    path("health", health.health, name="health"),
    path("accounts/", include("django.contrib.auth.urls")),
    path("admin/", admin.site.urls),
]

handler500 = errors.server_error
