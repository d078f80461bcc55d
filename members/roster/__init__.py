"""The roster pipeline. Its files are the stages in the order data flows, none reaching back."""
