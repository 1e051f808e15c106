"""How pages write numbers and moments: the same in every language, so that nothing blurs."""
