"""forward: the document on to the unit or person who must handle it, with a deadline and the reason why."""
