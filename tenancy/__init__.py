"""Floor 0: whose rows the database shows. PostgreSQL's row-level security stands behind every query of other floors.

Code says for whom it acts; what it says goes to the database with each statement, and a row of another clinic is not
there then, whatever a query forgot to ask for. Code that says nothing sees nothing. It also says who acts, and in which
request, and the database writes that beside each change of a record.
"""

from tenancy.scope import (
    acting_as,
    acting_for,
    become,
    become_every,
    every_clinic,
    nobody,
    surrounding,
    surrounding_async,
)

__all__ = [
    "acting_as",
    "acting_for",
    "become",
    "become_every",
    "every_clinic",
    "nobody",
    "surrounding",
    "surrounding_async",
]
