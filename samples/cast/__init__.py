"""The committed documents: who wrote them, how they were scanned, and how the line must end for each."""
