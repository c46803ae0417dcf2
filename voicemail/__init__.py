"""What was left for the owner, and how calls reach us."""
