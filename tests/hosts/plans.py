"""Plans for the third release of the service on the hosts."""

from __future__ import annotations

REVERSING = """\
# Rollback Plan

**Feature**: Release 3
**Environment**: STAGING

## 2. Rollback Steps

### Step 1: Reverse migrations
```bash cwd={site}
python manage.py migrate {target}
```
"""
RESTORING = """\
---
measures:
  - what: agents since the dump
    run: mariadb -N -e "SELECT COUNT(*) FROM agents_agent WHERE id > {agents}" iact_staging
    table: agents_agent
  - what: calls since the dump
    run: mariadb -N -e "SELECT COUNT(*) FROM calls_call WHERE id > {calls}" iact_staging
    table: calls_call
database: {{kind: mariadb, name: iact_staging, folder: /home/deploy/dumps}}
---
# Rollback Plan

**Feature**: Release 3
**Environment**: STAGING

## 2. Rollback Steps

### Step 1: Stop
```bash
sudo systemctl stop gunicorn-iact-staging
```

### Step 2: Restore the database
```bash cwd={code}
mariadb iact_staging < before.sql
```

### Step 3: Start
```bash
sudo systemctl start gunicorn-iact-staging
```
"""
TWO_WAYS = """\
# Rollback Plan

**Environment**: STAGING

## Rollback Scenarios

### Scenario 1: Wrong sums

1. Reverse

   ```bash cwd={site}
   python manage.py migrate ledger 0001
   ```

### Scenario 2: Wrong names

1. Reverse

   ```bash cwd={site}
   python manage.py migrate teams 0001
   ```
"""
