"""Logistic regression, against scipy's minimiser and by hand."""

import numpy as np
import pytest
from scipy.optimize import minimize

from job.acquisition.numerics.logistic_regression import Logistic, fit


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_maximum_of_the_penalised_likelihood(seed: int) -> None:
    """As scipy finds it, which knows nothing of Newton's method here."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(40, 2)) * [3, 0.1] + [5, 1]
    y = rng.random(40) < 1 / (1 + np.exp(-(x[:, 0] - 5)))
    model = fit(x, y, 0.5)
    z = (x - x.mean(axis=0)) / x.std(axis=0)

    def loss(weights: np.ndarray) -> float:
        logits = weights[0] + z @ weights[1:]
        return float(np.logaddexp(0, -logits[y]).sum() + np.logaddexp(0, logits[~y]).sum()) + (
            0.25 * float(np.square(weights[1:]).sum())
        )

    best = minimize(loss, np.zeros(3), tol=1e-10)
    np.testing.assert_allclose([model.intercept, *model.weights], best.x, atol=1e-4)


def test_outcomes_that_can_be_separated_have_a_finite_answer() -> None:
    """The ridge holds the weights; the probabilities are on the right sides."""
    x = np.array([[0.0, 1], [1, 1], [2, 1], [3, 1]])
    model = fit(x, np.array([False, False, True, True]), 1.0)
    p = model.predict(x)
    assert np.isfinite(model.weights).all()
    assert model.weights[1] == 0  # the second feature never varies
    assert (np.diff(p) > 0).all()
    np.testing.assert_allclose(p + p[::-1], 1, atol=1e-9)  # by symmetry


def test_without_a_feature_that_varies_it_is_the_share() -> None:
    """3 of 4: the intercept alone is free of the ridge."""
    p = fit(np.ones((4, 2)), np.array([True, True, True, False]), 1.0).predict(np.ones((1, 2)))
    np.testing.assert_allclose(p, 0.75)


def test_a_prediction_does_not_depend_on_the_rows_beside_it() -> None:
    """To the last bit: parts of a record may be cut anywhere, and the scores stay the same."""
    rng = np.random.default_rng(0)
    model = Logistic(0.3, rng.normal(size=2), rng.normal(size=2), np.array([1.5, 0.7]))
    features = rng.normal(size=(39, 2))
    alone = np.concatenate([model.predict(features[row : row + 1]) for row in range(39)])
    assert model.predict(features).tolist() == alone.tolist()
