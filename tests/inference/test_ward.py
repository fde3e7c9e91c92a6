"""Ward's clustering without a table of distances finds what one with it finds."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import AgglomerativeClustering

from inference import ward


@pytest.mark.parametrize("count", [2, 3, 40, 700])
def test_two_clusters_are_those_of_the_textbook_algorithm(count: int) -> None:
    rng = np.random.default_rng(count)
    points = rng.standard_normal((count, 20)) + 1.5 * (rng.random(count) < 0.3)[:, None]
    textbook = AgglomerativeClustering(n_clusters=2, linkage="ward").fit_predict(points)
    assert ward.in_two(points).tolist() == (textbook != textbook[0]).astype(int).tolist()
