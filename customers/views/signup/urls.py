from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from customers.models.signup import Step
from customers.views.signup import begin, brand, check, status, steps

urlpatterns = [
    path("", begin.start, name="signup"),
    path("code/", begin.code, name="signup-code"),
    path("resend/", begin.resend, name="signup-resend"),
    path("mailed/", begin.mailed, name="signup-mailed"),
    path("continue/<uuid:reference>/<str:token>/", begin.link, name="signup-link"),
    path("package/", steps.step, {"number": Step.PACKAGE}, name="signup-package"),
    path("country/", steps.step, {"number": Step.COUNTRY}, name="signup-country"),
    path("person/", steps.step, {"number": Step.PERSON}, name="signup-person"),
    path("address/", steps.step, {"number": Step.ADDRESS}, name="signup-address"),
    path("username/", steps.step, {"number": Step.USERNAME}, name="signup-username"),
    path("username/free/", steps.availability, name="signup-availability"),
    path("check/", check.check, name="signup-check"),
    path("language/", require_POST(login_not_required(set_language)), name="signup-language"),
    path("brand.css", brand.style, name="brand-style"),
    path("logo", brand.logo, name="brand-logo"),
    path("<uuid:reference>/", status.status, name="signup-status"),
    path("<uuid:reference>/link/", begin.fresh_link, name="signup-fresh-link"),
]
