"""Clustering in two after Ward (1963), exactly, in memory that grows with the number of points and not with its square.

Nearest-neighbour chains (Murtagh 1983, The Computer Journal 26, 354-359): two clusters that are each other's nearest
can be merged at once, whatever else there is, and the tree is the same as if the nearest pair of all were sought each
time. Ward's distance needs no more than a cluster's centre and size, so no distances are kept.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


def in_two(points: NDArray[np.floating]) -> Labels:
    """Cluster 0 or 1 of each of ``points`` (n, width), n at least 2; the first point is in cluster 0."""
    # Each row ends with half its own square: then one product with a vector gives all distances from a point.
    centres, sizes = _with_squares(points.astype(np.float64)), np.ones(len(points))
    parents = np.arange(len(points))
    names, left, chain = parents.copy(), len(points), list[int]()
    while left > 2:
        chain = chain or [int(np.flatnonzero(sizes)[0])]
        distances = _distances(centres, sizes, chain[-1])
        nearest = int(distances.argmin())
        if len(chain) < 2 or distances[chain[-2]] > distances[nearest]:
            chain.append(nearest)
            continue
        gone, kept = chain.pop(), chain.pop()
        _merge(centres, sizes, gone, kept)
        parents[names[gone]] = names[kept]
        left -= 1
        if 2 * left < len(sizes):
            chain, centres, sizes, names = _packed(chain, centres, sizes, names)
    roots = _roots(parents)
    labels: Labels = (roots != roots[0]).astype(np.int64)
    return labels


def _with_squares(centres: Array) -> Array:
    return np.column_stack([centres, np.square(centres).sum(axis=1) / 2])


def _distances(centres: Array, sizes: Array, one: int) -> Array:
    """What merging each cluster with ``one`` would add to the squared spread within clusters; infinite for none."""
    apart = centres[one, -1] - centres @ np.append(centres[one, :-1], -1.0)  # half the squared distance between centres
    distances: Array = apart * (sizes * sizes[one] / (sizes + sizes[one]))
    distances[sizes == 0] = np.inf
    distances[one] = np.inf
    return distances


def _merge(centres: Array, sizes: Array, gone: int, kept: int) -> None:
    both = sizes[gone] + sizes[kept]
    centre = (sizes[gone] * centres[gone, :-1] + sizes[kept] * centres[kept, :-1]) / both
    centres[kept] = _with_squares(centre[None])[0]
    sizes[gone], sizes[kept] = 0.0, both


def _packed(chain: list[int], centres: Array, sizes: Array, names: Labels) -> tuple[list[int], Array, Array, Labels]:
    """The same without the clusters that were merged away: looking at them costs as much as at the others."""
    there = sizes > 0
    places = np.cumsum(there) - 1
    return [int(places[one]) for one in chain], centres[there], sizes[there], names[there]


def _roots(parents: Labels) -> Labels:
    """The last cluster that each point came to lie in: (n,)."""
    while not np.array_equal(further := parents[parents], parents):
        parents = further
    return parents
