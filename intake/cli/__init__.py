"""`sohoa`: one file per command."""
