-- Lasts until the next sync where Git says something else about spec.paused.
obj.spec.paused = true
return obj
