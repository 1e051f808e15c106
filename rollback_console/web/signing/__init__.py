"""Signing in, second factors and step-up: django-allauth in the console's own words.

Part of web. Only this package and the templates know django-allauth.
"""
