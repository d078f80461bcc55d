"""Rules of branch life: who may, what a roll must hold, what is due when. Pure; time is passed in."""
