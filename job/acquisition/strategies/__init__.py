"""The strategies: one published method in each file, with its paper on top.

May import everything else in `job.acquisition`.
"""
