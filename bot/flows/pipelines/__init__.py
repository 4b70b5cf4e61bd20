"""`genesis pipeline`: where one works, what a person asked, running, rehearsing, replaying."""
