"""From a score record to numbers for each image.

May import the contract (`job.acquisition.strategy`) and `numerics`, but no strategy.
"""
