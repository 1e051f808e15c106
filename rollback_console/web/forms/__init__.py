"""What people type, parsed into the values that actions take. No form saves a table.

Layer: web. `base.DrawnForm` is for forms that edit a row: they carry what they were drawn from.
"""
