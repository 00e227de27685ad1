"""What speaks for a person's look at a signup. What is known is read first; judging is pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, Signup, Username, clock
from customers.services import alike
from customers.services.disposable import is_disposable

# Of one network within a day, its own one counted: a family or an office has fewer.
MANY, LATELY = 5, timedelta(days=1)


@dataclass(frozen=True)
class Known:
    """What our tables hold about somebody like this."""

    names: tuple[Username.State, ...] = ()  # of the names that look like this one
    same: frozenset[str] = frozenset()  # in what customers are the same: email, phone, person
    refused_phone: bool = False
    from_network: int = 1
    carried: tuple[str, ...] = ()  # what was noticed before, and cannot be found again


@dataclass(frozen=True)
class Signal:
    """`is_risky` alone makes SIGNUP_REVIEW=risky hold it; the others are told where it is held."""

    short: Any
    words: Any
    holds: Callable[[Mapping[str, Any], Known], bool]
    is_risky: bool = True


SIGNALS = {
    "disposable_mail": Signal(
        _("Disposable mail"),
        _("The e-mail address is of a service that forgets its mail after minutes."),
        lambda said, known: is_disposable(said.get("email", "")),
    ),
    "odd_mail_domain": Signal(
        _("Odd mail domain"),
        _("The e-mail address has a domain without a dot, or a number instead of a name."),
        lambda said, known: _is_odd(said.get("email", "")),
    ),
    "refused_phone": Signal(
        _("Phone of a refused one"),
        _("The phone number is that of a signup that was refused."),
        lambda said, known: known.refused_phone,
    ),
    "burnt_username": Signal(
        _("Like a burnt name"),
        _("The username looks like one that was deleted or belongs to somebody elsewhere."),
        lambda said, known: Username.State.BURNT in known.names,
    ),
    "lookalike_username": Signal(
        _("Look-alike name"),
        _("The username looks like that of another customer, or differs from it by one letter."),
        lambda said, known: any(it != Username.State.BURNT for it in known.names),
    ),
    "busy_network": Signal(
        _("Busy network"),
        _("Many signups came from the same network within a day."),
        lambda said, known: known.from_network >= MANY,
    ),
    "same_person": Signal(
        _("Same person"),
        _("A customer, or another signup, has the same name and address."),
        lambda said, known: "person" in known.same,
    ),
    "captcha_away": Signal(
        _("Puzzle not checked"),
        _("The service that tells people from robots did not answer when it was begun."),
        lambda said, known: "captcha_away" in known.carried,
    ),
    "same_phone": Signal(
        _("Same phone"),
        _("A customer, or another signup, has the same phone number."),
        lambda said, known: "phone" in known.same and not known.refused_phone,
        is_risky=False,
    ),
    "same_email": Signal(
        _("Same e-mail"),
        _("A customer, or another signup, has the same e-mail address: a second account?"),
        lambda said, known: "email" in known.same,
        is_risky=False,
    ),
}


def judge(said: Mapping[str, Any], known: Known) -> list[str]:
    """The machine's words for what is true of this signup."""
    return [word for word, signal in SIGNALS.items() if signal.holds(said, known)]


def known_of(signup: Signup, said: Mapping[str, Any]) -> Known:
    own = signup.customer_id
    others = alike.customers(said, own)
    return Known(
        names=tuple(Username.State(it.state) for it in alike.names(said.get("username", ""), own)),
        same=frozenset(why for it in others if _is_or_will_be(it) for why in it.why),
        refused_phone=any("phone" in it.why and _was_refused(it) for it in others),
        from_network=1 + _from_network(signup),
        carried=tuple(signup.signals),
    )


def found(signup: Signup, said: Mapping[str, Any]) -> list[str]:
    """`said` is what is to be sent, under the contract's names."""
    return judge(said, known_of(signup, said))


def needs_review(signup: Signup) -> bool:
    """Whether the settings have a person look at it, by the signals that it carries."""
    match settings.SIGNUP_REVIEW:
        case "all":
            return True
        case "risky":
            return any(is_risky(word) for word in signup.signals)
        case _:
            return False


def is_risky(word: str) -> bool:
    return word not in SIGNALS or SIGNALS[word].is_risky


def explained(words: Iterable[str]) -> list[Signal]:
    """In the order of the table: what weighs most stands first."""
    said = set(words)
    return [signal for word, signal in SIGNALS.items() if word in said]


def _is_odd(email: str) -> bool:
    domain = email.rpartition("@")[2]
    return "." not in domain or domain.startswith("[") or domain.replace(".", "").isdigit()


def _was_refused(it: alike.Alike) -> bool:
    return it.signup is not None and it.signup.state == Signup.State.REFUSED


def _is_or_will_be(it: alike.Alike) -> bool:
    return it.customer.status != Customer.Status.REFUSED


def _from_network(signup: Signup) -> int:
    if not signup.network:
        return 0
    since = clock.now() - LATELY
    others = Signup.objects.filter(network=signup.network, started_at__gte=since)
    return others.exclude(pk=signup.pk).exclude(confirmed_at=None)[:MANY].count()
