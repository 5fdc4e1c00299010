"""The front of the house: it admits paper, owns the truth, and knows no worker and no driver."""
