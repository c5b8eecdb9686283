"""UserError: an error whose text a user reads.

Does not print anything: the commands and the page do.
"""


class UserError(Exception):
    """An error for the user. Its text says what is wrong, then what to do."""
