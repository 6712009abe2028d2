"""What the penalty depends on: is it the same in every category, task, construction and kind of access?"""
