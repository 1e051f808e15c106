"""The writes of people about messages: `targets`, trying one out, and sending again."""
