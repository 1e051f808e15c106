"""What each call costs."""

from django.db import models


class Entry(models.Model):
    """One sum, in cents."""

    cents = models.BigIntegerField()

    def __str__(self):
        return str(self.cents)
