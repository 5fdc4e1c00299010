"""The back's commands, plugged into `sohoa` by entry point."""
