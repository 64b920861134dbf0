"""The law pack: citations, courts, deadlines, federal income tax and software licences."""
