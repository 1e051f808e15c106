"""What was said, and by whom; recordings are not kept any more."""

from django.db import models


class Call(models.Model):
    """One call."""

    caller = models.CharField(max_length=60)

    def __str__(self):
        return self.caller
