"""plugins/lua/bench for kong-python-pdk, without its conf."""

Schema = ()
version = "1.0.0"
priority = 1


class Plugin:
    """One instance."""

    def __init__(self, config):
        self.config = config

    def access(self, kong):
        """Reads a header and sets one."""
        value, _ = kong.request.get_header("x-one")
        kong.response.set_header("x-two", value)
