"""forward: rules, calendar, suggestions."""
