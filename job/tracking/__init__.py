"""Curves and losses for tools that show many experiments: MLflow and TensorBoard.

Everything is told from what stands in the store, so no stage knows of it.
"""
