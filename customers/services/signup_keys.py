"""What opens a signup: a code that is typed, a link that is followed. At rest as hashes alone.

Both are made when their mail is written, and stand nowhere but in it. A code has six digits, three
tries and a quarter of an hour; a link is used once, within a week.
"""

import secrets
from datetime import timedelta

from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac

from customers.models import Signup, clock
from customers.models.signup import UNFINISHED

CODE_FOR = timedelta(minutes=15)
TRIES = 3
LINK_FOR = timedelta(days=7)


def new_code(signup: Signup) -> str:
    """A fresh code; the one before is worth nothing any more."""
    code = f"{secrets.randbelow(10**6):06}"
    Signup.objects.filter(pk=signup.pk).update(
        code_hash=_hash(signup, "code", code), code_until=clock.now() + CODE_FOR, code_tries=0
    )
    return code


def new_link(signup: Signup) -> str:
    """A fresh token for a link; an unfinished signup stays open as long as that."""
    token, until = secrets.token_urlsafe(24), clock.now() + LINK_FOR
    these = Signup.objects.filter(pk=signup.pk)
    these.update(link_hash=_hash(signup, "link", token), link_until=until)
    these.filter(state__in=UNFINISHED).update(expires_at=until)
    return token


def code_fits(signup: Signup, code: str) -> bool:
    """Each call is one try. A code that fits is used up."""
    now = clock.now()
    tried = Signup.objects.filter(pk=signup.pk, code_until__gt=now, code_tries__lt=TRIES)
    if not tried.exclude(code_hash="").update(code_tries=F("code_tries") + 1):
        return False
    signup.refresh_from_db()
    if not constant_time_compare(signup.code_hash, _hash(signup, "code", code)):
        return False
    used = Signup.objects.filter(pk=signup.pk, code_hash=signup.code_hash)
    return bool(used.update(code_hash=""))


def tries_left(signup: Signup) -> int:
    """Zero as well once the code is too old, used, or not made yet."""
    valid = signup.code_hash and signup.code_until and signup.code_until > clock.now()
    return max(0, TRIES - signup.code_tries) if valid else 0


def link_fits(signup: Signup, token: str) -> bool:
    """Whether the link would open it; looking does not use it up."""
    valid = signup.link_hash and signup.link_until and signup.link_until > clock.now()
    fits = constant_time_compare(signup.link_hash, _hash(signup, "link", token))
    return bool(valid and fits)


def use_link(signup: Signup, token: str) -> bool:
    """Whether it opens, once: whoever comes second comes too late."""
    if not link_fits(signup, token):
        return False
    used = Signup.objects.filter(pk=signup.pk, link_hash=signup.link_hash)
    return bool(used.update(link_hash=""))


def _hash(signup: Signup, what: str, secret: str) -> str:
    """With the secret key, since a million codes are tried in a moment by whoever has the row."""
    said = f"{signup.pk}:{secret}"
    return salted_hmac(f"customers.signup.{what}", said, algorithm="sha256").hexdigest()
