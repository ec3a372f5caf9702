# ruff: noqa: N803, N806 - shape suffixes
"""Logistic regression with a ridge, by Newton's method, for a handful of features.

D = observations, K = features.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from job.records.arrays import Float64s

_MAX_STEPS = 50
_TOLERANCE = 1e-10


@dataclass(frozen=True)
class Logistic:
    """P(y = 1 | x) = 1 / (1 + exp(-(intercept + weights . (x - mean) / scale)))."""

    intercept: float
    weights: Float64s
    """(K,)"""
    mean: Float64s
    scale: Float64s

    def predict(self, features_DK: Float64s) -> Float64s:
        """Return the probabilities: (D,)."""
        weighted_DK = (features_DK - self.mean) / self.scale * self.weights
        logits_D = self.intercept + weighted_DK.sum(axis=1)  # of any row alone, unlike BLAS
        return _sigmoid(logits_D)


def fit(features_DK: Float64s, is_true_D: NDArray[np.bool_], ridge: float) -> Logistic:
    """Return the maximum of the log-likelihood - ridge / 2 * |weights|^2.

    The intercept has no penalty.

    Args:
        features_DK: They are standardised here. A feature that never varies gets a weight of 0.
        is_true_D: The outcomes. Both must occur, or the intercept has no finite maximum.
        ridge: Above 0, so the weights are finite even if the outcomes can be separated.
    """
    mean_K, scale_K = features_DK.mean(axis=0), features_DK.std(axis=0)
    scale_K = np.where(scale_K > 0, scale_K, 1.0)
    x = np.column_stack([np.ones(len(features_DK)), (features_DK - mean_K) / scale_K])
    penalty = ridge * np.diag([0.0, *np.ones(len(mean_K))])
    weights = np.zeros(x.shape[1])
    for _ in range(_MAX_STEPS):
        p_D = _sigmoid(x @ weights)
        gradient = x.T @ (is_true_D - p_D) - penalty @ weights
        hessian = (x.T * (p_D * (1 - p_D))) @ x + penalty
        step = np.linalg.solve(hessian, gradient)
        weights += step * min(1.0, 5.0 / max(np.abs(step).max(), 1e-300))
        if np.abs(step).max() < _TOLERANCE:
            break
    return Logistic(float(weights[0]), weights[1:], mean_K, scale_K)


def _sigmoid(logits_D: Float64s) -> Float64s:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits_D, -500, 500))))
