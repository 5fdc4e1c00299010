"""The stage that reads: every page's text, and the registry's fields with honest confidence."""
