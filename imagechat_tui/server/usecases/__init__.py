"""What can be asked and done, each in one transaction, answered after the commit."""
