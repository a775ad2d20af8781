"""A rollout's record: one page, or Markdown for a ticket, from what a CanaryEndpoint says of itself. Pure.

`gathering.record_of` makes a `Record` of the object; `page.html` and `markdown.markdown` write it down. Names and messages
come from users and providers, so both escape whatever is text.
"""
