"""Who answers the calls, and how they prove it."""

from django.db import models


class Agent(models.Model):
    """One person at one desk."""

    name = models.CharField(max_length=60, unique=True)
    badge = models.CharField(max_length=128, default="")

    def __str__(self):
        return self.name
