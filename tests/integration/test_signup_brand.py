"""Whose pages these are: name, colour, logo; and the mails that nobody sends while trying out."""

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.core.mail import get_connection
from django.test import Client

from customers.views.signup.brand import (
    DARK_GROUND,
    ENOUGH,
    LIGHT_GROUND,
    WHITE,
    contrast,
    parsed,
    shades,
)
from tests.integration.applicant import EMAIL, Applicant
from tests.integration.pages import Page, fill_catalogue

pytestmark = pytest.mark.django_db
COLOURS = ["#000000", "#ffffff", "#ffff00", "#1a56c4", "#808080", "#e30613", "#00ff00", "#123456"]


@pytest.mark.parametrize("colour", COLOURS)
def test_whatever_the_colour_it_can_be_read(colour):
    shade = {name: parsed(it) for name, it in shades(colour).items()}
    for name in ("button", "strong"):
        for ground in (WHITE, parsed(LIGHT_GROUND)):
            assert contrast(shade[name], ground) >= ENOUGH
    for name in ("link_dark", "link_dark_strong"):
        assert contrast(shade[name], parsed(DARK_GROUND)) >= ENOUGH
    assert (shades("#1a56c4")["button"]) == "#1a56c4", "what can be read stays as it is"


def test_contrast_is_that_of_wcag():
    assert round(contrast(WHITE, parsed("#000000")), 1) == 21
    assert round(contrast(WHITE, parsed("#767676")), 2) == 4.54


def test_the_name_and_the_colour_are_on_every_public_page(settings, db):
    fill_catalogue()
    settings.BRAND_NAME, settings.BRAND_COLOUR = "Ada & Söhne", "#e30613"
    page = Page(Client().get("/signup/"))
    assert "Ada & Söhne" in page.words
    assert "/signup/brand.css" in {it.get("href") for tag, it in page.tags if tag == "link"}
    style = Client().get("/signup/brand.css")
    assert style["Content-Type"] == "text/css; charset=utf-8"
    assert f"--accent: {shades('#e30613')['button']};" in style.content.decode()


@pytest.mark.parametrize(("name", "kind"), [("l.svg", "image/svg+xml"), ("l.png", "image/png")])
def test_the_logo_is_the_file_that_is_set(settings, tmp_path, db, name, kind):
    file = tmp_path / name
    file.write_bytes(b"<svg/>")
    settings.BRAND_LOGO = str(file)
    response = Client().get("/signup/logo")
    assert (response["Content-Type"], response.getvalue()) == (kind, b"<svg/>")
    sources = {it["src"] for tag, it in Page(Client().get("/signup/")).tags if tag == "img"}
    assert sources == {"/signup/logo"}


@pytest.mark.parametrize("name", ["settings.py", "gone.svg", ""])
def test_nothing_but_a_picture_is_given_out(settings, tmp_path, name):
    (tmp_path / "settings.py").write_text("SECRET_KEY")
    settings.BRAND_LOGO = str(tmp_path / name) if name else ""
    assert Client().get("/signup/logo").status_code == 404


def test_mails_that_nobody_sends_can_be_read_while_trying_out(settings, tmp_path, monkeypatch):
    fill_catalogue()
    ada = Applicant()
    ada.begin()
    sent = ada.mail()
    backend = "django.core.mail.backends.filebased.EmailBackend"
    get_connection(backend, file_path=str(tmp_path)).send_messages([sent, sent])
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = backend, str(tmp_path)
    assert Client().get("/mails/").status_code == 404, "not without DEBUG"
    settings.DEBUG = True
    page = Page(Client().get("/mails/"))
    assert page.words.count("Confirm your e-mail address for Reseller") == 2
    assert EMAIL in page.words
    assert any("/signup/continue/" in link for link in page.links())
    settings.EMAIL_BACKEND = django_settings.EMAIL_BACKEND.replace("filebased", "smtp")
    assert Client().get("/mails/").status_code == 404, "not where mails are sent"
    assert mail.outbox
