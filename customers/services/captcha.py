"""Whether a person solved a puzzle, asked of the vendor that set it.

Both vendors take the same request, documented as "siteverify": a form with `secret`, `response`
and `remoteip`, answered by JSON whose `success` is true or false.
"""

import json
import logging
import time
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from django.conf import settings

from customers.distributor.errors import NoAnswer, NotSent
from customers.distributor.line import Line

logger = logging.getLogger(__name__)

# Bytes of an answer, characters of a token; both are a few hundred, or 2,048 by the documents.
LONGEST_ANSWER, LONGEST_TOKEN = 64 * 1024, 4096
# Errors that are ours or the vendor's. `bad-request` is none of them: a token can bring it about.
NOT_THEIRS = {
    "missing-input-secret", "invalid-input-secret", "sitekey-secret-mismatch", "internal-error",
}  # fmt: skip


class Verdict(StrEnum):
    """PASSED and FAILED are the vendor's word. AWAY: it gave none, or does not know our keys."""

    PASSED = "passed"
    FAILED = "failed"
    AWAY = "away"


@dataclass(frozen=True)
class Vendor:
    """`loads` is what the page must be allowed to load from its `origins`."""

    name: str
    script: str
    verify_url: str
    css_class: str
    token: str  # the name of the field that the script adds to the form
    loads: tuple[str, ...]
    origins: tuple[str, ...]

    @property
    def sources(self) -> dict[str, list[str]]:
        return {directive: list(self.origins) for directive in self.loads}


TURNSTILE = Vendor(
    name="Turnstile",
    script="https://challenges.cloudflare.com/turnstile/v0/api.js",
    verify_url="https://challenges.cloudflare.com/turnstile/v0/siteverify",
    css_class="cf-turnstile",
    token="cf-turnstile-response",  # noqa: S106
    loads=("script-src", "frame-src"),
    origins=("https://challenges.cloudflare.com",),
)
HCAPTCHA = Vendor(
    name="hCaptcha",
    script="https://js.hcaptcha.com/1/api.js",
    verify_url="https://api.hcaptcha.com/siteverify",
    css_class="h-captcha",
    token="h-captcha-response",  # noqa: S106
    loads=("script-src", "frame-src", "style-src", "connect-src"),
    origins=("https://hcaptcha.com", "https://*.hcaptcha.com"),
)
VENDORS = {"turnstile": TURNSTILE, "hcaptcha": HCAPTCHA}


def vendor() -> Vendor | None:
    """The one that the settings choose; None: nobody is asked to solve anything."""
    return VENDORS[settings.CAPTCHA] if settings.CAPTCHA else None


def verify(token: str, *, address: str = "") -> Verdict:
    """Ask the vendor once, within CAPTCHA_DEADLINE. A token is good for one time only.

    Call it outside of any transaction.
    """
    chosen = vendor()
    if chosen is None:
        return Verdict.PASSED
    if not token or len(token) > LONGEST_TOKEN:
        return Verdict.FAILED
    said = {"secret": settings.CAPTCHA_SECRET, "response": token}
    if chosen is HCAPTCHA:
        said["sitekey"] = settings.CAPTCHA_SITE_KEY
    if address:
        said["remoteip"] = address
    body = _asked(settings.CAPTCHA_VERIFY_URL or chosen.verify_url, urlencode(said).encode())
    return _read(chosen, body)


def _asked(url: str, said: bytes) -> bytes:
    """The answer's body; empty if none came. The request, with our secret, stays in here."""
    line = Line(time.monotonic() + settings.CAPTCHA_DEADLINE)
    try:
        line.post(url, said)
        # Whatever the status: hCaptcha answers a refusal of its own with 400.
        return line.reply(LONGEST_ANSWER).body
    except (NotSent, NoAnswer) as error:
        logger.warning("the captcha's vendor does not answer: %s", error.reason)
        return b""
    finally:
        line.close()


def _read(chosen: Vendor, body: bytes) -> Verdict:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("success"), bool):
        logger.warning("the captcha's vendor gave no answer that %s documents", chosen.name)
        return Verdict.AWAY
    if answer["success"]:
        return Verdict.PASSED
    codes = answer.get("error-codes")
    ours = NOT_THEIRS.intersection(map(str, codes)) if isinstance(codes, list) else set()
    if ours:
        logger.error("the captcha's vendor cannot judge: %s", ", ".join(sorted(ours)))
        return Verdict.AWAY
    return Verdict.FAILED
