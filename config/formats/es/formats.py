"""Spanish: a point before decimals, which the academies of the language recommend for all countries.

Source: Real Academia Española, Ortografía de la lengua española, 2010, chapter VIII. So 0.62 reads alike in Spain,
where a comma is usual, and in Mexico, where a point is; and numbers in attributes stay what a browser understands.
"""

DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = "\N{NARROW NO-BREAK SPACE}"
NUMBER_GROUPING = 3
