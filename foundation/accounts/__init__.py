"""Users, sign-in, second factor, password rules, own sign-ins. No branch, no role."""
