"""What every plug-in of a socket must hold; third parties run these against theirs."""
