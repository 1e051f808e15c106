"""Who sits together."""

from django.db import models


class Crew(models.Model):
    """Some agents."""

    title = models.CharField(max_length=60)

    def __str__(self):
        return self.title
