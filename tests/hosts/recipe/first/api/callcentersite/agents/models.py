"""Who answers the calls."""

from django.db import models


class Agent(models.Model):
    """One person at one desk."""

    name = models.CharField(max_length=60, unique=True)

    def __str__(self):
        return self.name
