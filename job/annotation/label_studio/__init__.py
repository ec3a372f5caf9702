"""Label Studio: people draw boxes in its page, and we ask and look by its API.

Version 1.23 is tested. Inside, `tool` is above `project` and `images`, these above `client`.
"""
