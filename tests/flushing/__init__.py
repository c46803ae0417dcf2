"""How the tables are emptied between tests."""
