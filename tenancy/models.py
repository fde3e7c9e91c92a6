"""No tables of its own. Django tells an app that `migrate` has ended only where it has this module."""
