"""The pages of calls and declarations: those of clerks, and the public one."""
