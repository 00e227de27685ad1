"""Two languages, whole: what the public pages say is translated, and so are their mails."""

import ast
import re
from pathlib import Path

import polib
import pytest
from django.conf import settings as django_settings
from django.template import engines
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.test import Client
from django.utils.translation import override

from customers.forms.fields import LABELS, MESSAGES, RULES
from customers.forms.signup.code import CodeForm
from customers.forms.signup.places import NAMES
from customers.forms.signup.steps import STEPS, EmailForm
from tests.integration.applicant import PASSWORD, Applicant, errors
from tests.integration.pages import Page, fill_catalogue

ROOT = Path(__file__).parents[2]
PO = ROOT / "locale/de/LC_MESSAGES/django.po"
PUBLIC = ["signup/**/*", "public.html", "problem.html", "40*.html", "50*.html", "_messages.html",
          "_errors.html", "_head.html", "_troubles.html", "_theme.html",
          "_state.html", "_empty.html", "_time.html"]  # fmt: skip
CODE = ["customers/forms/signup/*.py", "customers/views/signup/*.py"]
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


def translated():
    entries = [entry for entry in polib.pofile(str(PO)) if not entry.obsolete]
    return {(it.msgctxt, it.msgid): it for it in entries}


def said_in_templates():
    for pattern in PUBLIC:
        for file in (ROOT / "templates").glob(pattern):
            if not file.is_file() or file.name == "mails.html":  # That is for developers.
                continue
            nodes = engines["django"].from_string(file.read_text()).template.nodelist
            for node in nodes.get_nodes_by_type(TranslateNode):
                context = node.message_context.var if node.message_context else None
                yield context, str(node.filter_expression.var.literal)
            for node in nodes.get_nodes_by_type(BlockTranslateNode):
                text, _names = node.render_token_list(node.singular)
                yield None, " ".join(text.split()) if node.trimmed else text


def said_in_code():
    for pattern in CODE:
        for file in ROOT.glob(pattern):
            for call in ast.walk(ast.parse(file.read_text())):
                named = isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
                if named and call.func.id in {"_", "ngettext_lazy"}:
                    yield None, ast.literal_eval(call.args[0])


def test_everything_that_the_public_pages_say_is_translated():
    said = {*said_in_templates(), *said_in_code()}
    with override("en"):
        said |= {(None, str(it)) for it in (*LABELS.values(), *MESSAGES.values(), *RULES.values())}
    assert len(said) > 150
    known = translated()
    assert [it for it in said if it not in known] == []
    assert [it.msgid for it in known.values() if not it.translated()] == []


def test_what_is_compiled_is_what_is_written():
    compiled = {(it.msgctxt, it.msgid): (it.msgstr, it.msgstr_plural)
                for it in polib.mofile(str(PO.with_suffix(".mo")))}  # fmt: skip
    written = {key: (it.msgstr, it.msgstr_plural) for key, it in translated().items()}
    assert compiled == written


def test_a_translation_names_the_same_values():
    mark = re.compile(r"%(?:\(\w+\))?[sd]")
    for entry in translated().values():
        texts = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
        for text in texts:
            assert sorted(mark.findall(text)) == sorted(mark.findall(entry.msgid)), entry.msgid


def test_no_field_keeps_the_language_in_which_it_was_made():
    fields = {
        it for form in (*STEPS.values(), EmailForm, CodeForm) for it in form.base_fields.values()
    }
    words = [(it.label, it.help_text, *it.error_messages.values()) for it in fields]
    said = [it for of_one in words for it in of_one if it]
    with override("en"):
        english = [str(it) for it in said]
    with override("de"):
        german = [str(it) for it in said]
    same = {one for one, other in zip(english, german, strict=True) if one == other}
    assert same <= {"Website", "Code"}


def test_countries_have_a_name_in_every_language():
    codes = {code for code, _name in django_settings.LANGUAGES}
    assert NAMES.keys() == codes
    assert len({frozenset(names) for names in NAMES.values()}) == 1
    assert all(name.strip() for names in NAMES.values() for name in names.values())


# --- As the browser wants it, or by hand -------------------------------------------------------


@pytest.fixture
def catalogue(db):
    fill_catalogue()


def test_the_browser_chooses_the_language(catalogue):
    page = Page(Client(headers=GERMAN).get("/signup/"))
    assert "Ein Konto eröffnen" in page.words
    assert "English Deutsch" in page.words, "each by its own name"
    assert next(said["lang"] for tag, said in page.tags if tag == "html") == "de"
    assert "Open an account" in Page(Client().get("/signup/")).words
    other = Client(headers={"Accept-Language": "fr,ja;q=0.5"})
    assert "Open an account" in Page(other.get("/signup/")).words


def test_the_language_is_chosen_by_hand_and_kept(catalogue):
    client = Client(headers=GERMAN)
    chosen = client.post("/signup/language/", {"language": "en", "next": "/signup/code/"})
    assert chosen["Location"] == "/signup/code/"
    assert "Open an account" in Page(client.get("/signup/")).words
    client.post("/signup/language/", {"language": "de"})
    assert "Ein Konto eröffnen" in Page(client.get("/signup/")).words


@pytest.mark.parametrize("evil", ["//evil.example", "https://evil.example/", "\\\\evil.example"])
def test_the_choice_of_a_language_leads_nowhere_else(catalogue, evil):
    response = Client().post("/signup/language/", {"language": "de", "next": evil})
    assert "evil" not in response["Location"]


def test_the_console_is_not_half_translated(db):
    page = Page(Client(headers=GERMAN).get("/accounts/login/"))
    assert "Sign in" in page.words
    assert next(said["lang"] for tag, said in page.tags if tag == "html") == "en"


def test_the_whole_way_in_german(catalogue):
    ada = Applicant(**GERMAN)
    assert (
        "Geben Sie eine E-Mail-Adresse ein"
        in errors(ada.client.post("/signup/", {"email": "x"}))["email"][0]
    )
    ada.begin()
    assert ada.mail().subject == "Bestätigen Sie Ihre E-Mail-Adresse für Reseller"
    assert "Ihr Code:" in ada.mail().body
    assert "Ihr Code:" in ada.mail().alternatives[0].content
    ada.confirm()
    assert "Wählen Sie Ihr Paket" in ada.see("/signup/package/").words
    ada.fill(until="country")
    options = [said["value"] for tag, said in ada.see("/signup/country/").tags if tag == "option"]
    assert options.index("AT") > options.index("MG"), "Österreich steht bei O"
    assert "Vereinigte Staaten" in ada.see("/signup/country/").words
    ada.fill()
    page = ada.see("/signup/check/")
    assert "Prüfen Sie Ihre Angaben" in page.words
    assert "Vereinigte Staaten" in page.words
    short = errors(ada.send("kurz"))["password"]
    assert short == ["Nehmen Sie mindestens 8 Zeichen; das sind 4."]
    where = ada.send(PASSWORD)["Location"]
    assert "Ihr Konto wird eingerichtet." in ada.see(where).words
    assert ada.signup().customer.country == "United States", "whatever the language"
    assert ada.signup().language == "de"


def test_the_address_is_asked_for_in_the_words_of_the_country(catalogue):
    ada = Applicant().confirm()
    seen = {}
    for country in ("US", "DE", "JP", "IN", "HK"):
        ada.fill(until="address", country={"country": country}, person={"phone": "+1 212 736 5000"})
        seen[country] = ada.see("/signup/address/").words
    assert "ZIP code" in seen["US"]
    assert "State *" in seen["US"]
    assert "State" not in seen["DE"]
    assert "Prefecture" in seen["JP"]
    assert "PIN code" in seen["IN"]
    assert "Postal code" not in seen["HK"]
