"""How the sandbox finds accounts: filters as the contract has them, now or a while ago."""

from collections.abc import Mapping
from typing import Any

from customers.distributor.rules import fold

# As things were at `:at`: what was replaced since is shown by what was replaced first.
UNCHANGED = "id NOT IN (SELECT id FROM former WHERE until > :at)"
REPLACED = """rowid = (
    SELECT rowid FROM former AS it WHERE it.id = former.id AND until > :at
    ORDER BY until, rowid LIMIT 1
)"""


def page(select: str, filters: Mapping[str, str], *, past: bool) -> tuple[str, dict[str, Any]]:
    """A query for the `:size` accounts that are open and come after `:last`; its values."""
    found, values = where(filters)
    query = f"{select} FROM accounts WHERE {found} AND id > :last"
    if past:
        found, values = where(filters, "former")
        query += f" AND {UNCHANGED} UNION ALL {select} FROM former WHERE {found} AND id > :last"
        query += f" AND {REPLACED}"
    return f"{query} ORDER BY id LIMIT :size", values


def where(filters: Mapping[str, str], table: str = "accounts") -> tuple[str, dict[str, Any]]:
    """Filters are searches: by a part of the username or e-mail, by the whole of the rest."""
    clauses = ["NOT closed"]
    values: dict[str, Any] = {}
    for name, wanted in filters.items():
        match name:
            case "username":
                # The inner query reads the index alone, not the accounts.
                named = f"SELECT rowid FROM {table} WHERE instr(username_key, :username)"  # noqa: S608
                clauses.append(f"rowid IN ({named})")
            case "email":
                clauses.append("instr(fold(email), :email)")
            case "active":
                clauses.append("active = :active")
            case "website":
                clauses.append("fold(website) IN (:website, 'http://' || :website)")
            case _:
                clauses.append(f"fold({name}) = :{name}")
        values[name] = wanted in {"1", "true"} if name == "active" else fold(wanted)
    return " AND ".join(clauses), values
