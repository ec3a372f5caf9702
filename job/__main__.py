"""`python -m job`: the same as `al-job`."""

from job.cli.main import main

main()
