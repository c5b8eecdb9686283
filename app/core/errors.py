"""UserError: an error that ends with a sentence for the user, what is wrong and then what to do.

Does not print anything: commands and the page do.
"""


class UserError(Exception):
    """Ends with a sentence for the user: what is wrong, then what to do."""
