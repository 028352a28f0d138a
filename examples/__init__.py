"""Examples of crmcx at work."""
