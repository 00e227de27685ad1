"""Mail domains that anybody may read for ten minutes, and that nobody reads after that."""

from disposable_email_domains import blocklist

from customers.distributor.rules import fold


def is_disposable(email: str) -> bool:
    """Whether the domain, or one that it lies in, is listed."""
    labels = fold(email).rpartition("@")[2].rstrip(".").split(".")
    return any(".".join(labels[n:]) in blocklist for n in range(len(labels)))
