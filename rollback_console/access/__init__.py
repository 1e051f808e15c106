"""Access: tokens that let programs act for people, and how much anybody may ask for in a minute.

Between the rooms that people and programs enter and everything below; knows neither pages nor
routes.
"""
