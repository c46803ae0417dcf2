"""Who uses Aloha: owners and support staff."""
