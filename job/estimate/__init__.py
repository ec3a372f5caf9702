"""What is left to do in an experiment, and what it will take: `al-job plan`.

Nothing is run and nothing is written. Figures come from the plan, the data set and finished stages,
and, only if it is asked for, from a measurement of a minute in this process.
"""
