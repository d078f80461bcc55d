"""Rules of grievances: when something is due, which policy applies, who may do what. Pure; time is passed in."""
