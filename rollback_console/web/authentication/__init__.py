"""Signing in, second factors and step-up: django-allauth in the console's own words.

Part of web. This package, access.second_factor and the templates know django-allauth.
"""
